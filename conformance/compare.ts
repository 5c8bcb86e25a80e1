import { isDeepStrictEqual } from "node:util";

import type { JsonValue } from "../src/core/json.ts";
import { limitText } from "../src/rules/limit-text.ts";
import type { RuleTest } from "../src/testing/rule-tests/model.ts";

/** What came of one function: what it answered, or the error's class and message. */
export type Answer = { readonly output: JsonValue } | { readonly error: string };

/** By the name of the Python function, `rule` also for a policy's; only functions that the rule defines. */
export type Answers = Readonly<Record<string, Answer>>;

/** A line of `panther_peer.py`. */
export interface PeerTest {
  readonly ruleId: string;
  readonly name: string;
  readonly functions: Answers;
}

/** What Panther's packages answered in several runs. */
export interface PeerAnswers {
  readonly there: Answers;
  /** With other hash seeds. */
  readonly again: readonly Answers[];
  /** With the data model of the rule's first log type for events that do not say theirs. */
  readonly typed: Answers;
}

/** What the functions answered here. */
export interface OwnAnswers {
  readonly test: Pick<RuleTest, "ruleId" | "name">;
  /** The rule raises no alerts. */
  readonly isSignal: boolean;
  readonly here: Answers;
}

export interface Difference {
  readonly ruleId: string;
  readonly name: string;
  readonly function: string;
  readonly here: Answer | undefined;
  readonly there: Answer | undefined;
}

export interface Comparison {
  readonly tests: number;
  /** Answers of single functions. */
  readonly compared: number;
  readonly same: number;
  /** By cause, sentences. */
  readonly explained: Readonly<Record<string, readonly Difference[]>>;
  readonly unexplained: readonly Difference[];
  /** How many tests could not be compared, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

export class Comparing {
  #tests = 0;
  #compared = 0;
  readonly #explained = new Map<string, Difference[]>();
  readonly #unexplained: Difference[] = [];
  readonly #skipped = new Map<string, number>();

  /** Leaves a test out. */
  skip(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  /** Compares the answers of one test. */
  add(own: OwnAnswers, peer: PeerAnswers): void {
    this.#tests++;
    for (const name of new Set([...Object.keys(own.here), ...Object.keys(peer.there)])) {
      this.#compared++;
      const cause = causeOf(name, own, peer);
      if (cause === "same") continue;
      const difference = { ...own.test, function: name, here: own.here[name], there: peer.there[name] };
      if (cause === undefined) this.#unexplained.push(difference);
      else this.#explained.set(cause, [...(this.#explained.get(cause) ?? []), difference]);
    }
  }

  result(): Comparison {
    const explained = [...this.#explained.values()].reduce((sum, differences) => sum + differences.length, 0);
    return {
      tests: this.#tests,
      compared: this.#compared,
      same: this.#compared - explained - this.#unexplained.length,
      explained: Object.fromEntries(this.#explained),
      unexplained: this.#unexplained,
      skipped: Object.fromEntries(this.#skipped),
    };
  }
}

/** Why the answers of a function differ; `undefined` when nobody knows. */
function causeOf(name: string, own: OwnAnswers, peer: PeerAnswers): string | undefined {
  const here = own.here[name];
  const there = peer.there[name];
  const { ruleId } = own.test;
  const equals = (other: Answer | undefined): boolean =>
    isDeepStrictEqual(asThere(name, ruleId, here), asHere(name, other));
  if (equals(there)) return "same";
  if (peer.again.some((other) => !isDeepStrictEqual(there, other[name]))) {
    return "depends on the order of a set, or on chance";
  }
  if (here === undefined || there === undefined) {
    return own.isSignal ? "a rule that raises no alerts is asked for its context only" : undefined;
  }
  if (equals(peer.typed[name])) return "the event does not say its log type: here it is the rule's first";
  return "error" in there ? causeOfError(name, here, there.error) : undefined;
}

/** Why an error there is not the same here. */
function causeOfError(name: string, here: Answer, there: string): string | undefined {
  if (!("error" in here)) {
    const isNone = name === "unique" && here.output === null && there.includes("returned [NoneType]");
    return isNone ? "unique() may answer None here" : undefined;
  }
  if (there.startsWith("FunctionReturnTypeError:")) return "the same error in other words";
  const sameClass = here.error.split(":")[0] === there.split(":")[0];
  return sameClass ? "Python 3.14 words the error differently" : undefined;
}

/**
 * What was answered here as Panther's packages show it: they show what becomes of an answer. No severity is what `DEFAULT`
 * comes to where, as in their tool, the rule's own is not at hand.
 */
function asThere(name: string, ruleId: string, answer: Answer | undefined): Answer | undefined {
  if (answer === undefined || "error" in answer || typeof answer.output !== "string") return answer;
  const text = limitText(answer.output);
  if (name === "severity") return { output: text.toUpperCase() === "DEFAULT" ? null : text.toUpperCase() };
  if (name === "dedup" && text === "") return { output: `defaultDedupString:${ruleId}` };
  return { output: text };
}

/** An alert context comes as text. */
function asHere(name: string, answer: Answer | undefined): Answer | undefined {
  if (name !== "alert_context" || answer === undefined || "error" in answer) return answer;
  return typeof answer.output === "string" ? { output: parseExactly(answer.output) } : answer;
}

/** Integers that a JavaScript number cannot hold become text, so that they are not taken for their neighbours. */
function parseExactly(text: string): JsonValue {
  const keepExact = (_key: string, value: unknown, { source }: { source: string }): unknown =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? source : value;
  const parse = JSON.parse as (text: string, reviver: typeof keepExact) => JsonValue;
  return parse(text, keepExact);
}
