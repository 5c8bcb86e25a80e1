import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isSeverity, type Severity } from "../core/severity.ts";
import { ContextText, errorContext, toContext } from "./context.ts";
import { describeValue } from "./describe-value.ts";
import { limitText } from "./limit-text.ts";
import type { RuleManifest } from "./manifest.ts";
import type { AuxiliaryFunction, LoadedRule } from "./runtime.ts";

/** An auxiliary function that did not do its part: it threw, answered something unusable, or went over a limit. */
export interface AuxiliaryFailure {
  readonly function: AuxiliaryFunction;
  /** What was thrown; a `StakeoutError` with `RULE_RESULT_INVALID` for an unusable answer. */
  readonly error: unknown;
}

const destinationsMax = 10;

/**
 * What stands for the values of `unique` that could not be had: one value, so that such matches still count towards a
 * threshold and an alert is not lost.
 */
const failedUnique = "(unique failed)";

/** What the auxiliary functions of one rule answered for one event, with limits and fallbacks applied. */
export class Answers {
  readonly #manifest: RuleManifest;
  readonly #failures: AuxiliaryFailure[] = [];
  #title: string | undefined;
  #dedup: string | undefined;
  severity: Severity;
  description: string;
  reference: string;
  runbook: string;
  destinations: readonly string[] | undefined;
  #context: JsonObject | ContextText = {};
  unique: string | undefined;

  constructor(rule: LoadedRule) {
    const { manifest } = rule;
    this.#manifest = manifest;
    this.severity = manifest.severity;
    this.description = manifest.description;
    this.reference = manifest.reference;
    this.runbook = manifest.runbook;
    this.destinations = manifest.destinations;
  }

  get failures(): readonly AuxiliaryFailure[] {
    return this.#failures;
  }

  get title(): string {
    const { displayName, id } = this.#manifest;
    // An alert without any title is of no use on a screen, so an empty one counts as none.
    return this.#title || limitText(displayName || id);
  }

  get dedup(): string {
    return this.#dedup ?? (this.#title || this.#defaultDedup());
  }

  get context(): JsonObject {
    return this.#context instanceof ContextText ? this.#context.parse() : this.#context;
  }

  /** Applies what a function answered. Takes a function's answer once, in the order of `auxiliaryFunctions`. */
  take(name: AuxiliaryFunction, answer: unknown): void {
    try {
      this.#apply(name, answer);
    } catch (error) {
      this.fail(name, error);
    }
  }

  /** Applies the fallback of a function that failed. */
  fail(name: AuxiliaryFunction, error: unknown): void {
    this.#failures.push({ function: name, error });
    if (name === "description" || name === "reference" || name === "runbook") this[name] = "";
    else if (name === "dedup") this.#dedup = this.#defaultDedup();
    else if (name === "alertContext") this.#context = errorContext(error);
    else if (name === "unique") this.unique = failedUnique;
  }

  #apply(name: AuxiliaryFunction, answer: unknown): void {
    switch (name) {
      case "title":
        this.#title = limitText(this.#text(name, answer));
        break;
      case "dedup":
        this.#dedup = limitText(this.#text(name, answer)) || this.#defaultDedup();
        break;
      case "description":
      case "reference":
      case "runbook":
        this[name] = limitText(this.#text(name, answer));
        break;
      case "severity":
        this.severity = this.#severityOf(answer);
        break;
      case "destinations":
        this.#takeDestinations(answer);
        break;
      case "alertContext":
        this.#context = answer instanceof ContextText ? answer : toContext(answer, this.#manifest.id);
        break;
      case "unique":
        this.unique =
          answer === undefined || answer === null ? undefined : limitText(this.#text(name, answer));
        break;
    }
  }

  #text(name: AuxiliaryFunction, answer: unknown): string {
    if (typeof answer === "string") return answer;
    throw this.#invalid(name, `must answer text, not ${describeValue(answer)}`);
  }

  #severityOf(answer: unknown): Severity {
    const name = this.#text("severity", answer).toLowerCase();
    if (name === "default") return this.#manifest.severity;
    if (isSeverity(name)) return name;
    throw this.#invalid(
      "severity",
      `must answer info, low, medium, high, critical or default, not ${describeValue(answer)}`,
    );
  }

  #takeDestinations(answer: unknown): void {
    if (answer === undefined || answer === null) return;
    if (!Array.isArray(answer) || !answer.every((name) => typeof name === "string" && name !== "")) {
      throw this.#invalid("destinations", `must answer a list of names, not ${describeValue(answer)}`);
    }
    const names = [...new Set<string>(answer)];
    this.destinations = names.slice(0, destinationsMax);
    if (names.length > destinationsMax) {
      throw this.#invalid(
        "destinations",
        `answered ${names.length} names; only the first ${destinationsMax} are used`,
      );
    }
  }

  #defaultDedup(): string {
    return limitText(`defaultDedupString:${this.#manifest.id}`);
  }

  #invalid(name: AuxiliaryFunction, what: string): StakeoutError {
    const { id } = this.#manifest;
    return new StakeoutError("RULE_RESULT_INVALID", `Rule ${id}: ${name}() ${what}.`, {
      fields: { rule: id, function: name },
    });
  }
}
