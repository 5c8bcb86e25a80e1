import { createAlertBook, type AlertBook } from "../alerts/book.ts";
import type { RuleErrorBook } from "../alerts/rule-errors.ts";
import type { Match } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import type { Event } from "../core/event.ts";
import { isThenable, type JsonObject } from "../core/json.ts";
import { defaultLimits } from "../core/limits.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import type { Severity } from "../core/severity.ts";
import { EngineClock } from "../engine/engine-clock.ts";
import type { Step } from "../engine/step.ts";
import type { LogTypes } from "../parsers/log-types.ts";
import { createParser, type Parser } from "../parsers/parser.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { thrownText } from "../rules/thrown.ts";
import type { TestInstrument } from "../rules/test-instrument.ts";
import { Evaluation } from "../state/evaluation.ts";
import type { StateStore } from "../state/store.ts";
import type { Trace, TracedOperation } from "./rule-tests/model.ts";
import { collectPrinted } from "./rule-tests/printed.ts";
import { TracingOperations } from "./rule-tests/tracing-operations.ts";
import { createTestStep } from "./test-step.ts";

/** `not asked`: the event never gets to the rule, so its code says nothing about it. */
export type Verdict = "fires" | "does not fire" | "throws" | "not asked";

/** What one rule makes of one event, and why. Times are ISO 8601 in UTC. */
export interface Explanation {
  readonly verdict: Verdict;
  /** Why the event does not get to the rule in a run, where that is so. A disabled rule is explained as if it were enabled. */
  readonly reason: string | null;
  /** `null` for a record that becomes no event. */
  readonly logType: string | null;
  /** The event's own time; `null` where it has none. */
  readonly eventTime: string | null;
  /** Engine clock at which the rule looks at the event. */
  readonly engineTime: string;
  /** What an alert would be made of; `null` when the rule does not fire, or raises no alerts. */
  readonly match: ExplainedMatch | null;
  /** What functions of the rule threw or answered that they must not. */
  readonly errors: readonly ExplainedError[];
  /** Of this one event, so its event index is 0 throughout. */
  readonly trace: Trace;
  /** What the rule printed. */
  readonly printed: string;
}

export interface ExplainedMatch {
  readonly title: string;
  readonly dedup: string;
  readonly severity: Severity;
  readonly description: string;
  readonly reference: string;
  readonly runbook: string;
  /** `null` for the default routing. */
  readonly destinations: readonly string[] | null;
  readonly context: JsonObject;
  /** What `unique` answered; `null` where it gave nothing or the rule has none. */
  readonly unique: string | null;
  /** True when this match raises an alert: it is the one that reaches the threshold in its dedup window. */
  readonly raisesAlert: boolean;
}

export interface ExplainedError {
  readonly function: string;
  /** With the name of its class: `TypeError: …`. */
  readonly message: string;
}

export interface ExplainerParts {
  readonly rule: LoadedRule;
  /** Of the load that the rule comes from. */
  readonly instrument: TestInstrument;
  /** What is remembered before the first event. It is changed but never committed. */
  readonly store: StateStore;
  readonly logTypes: LogTypes;
  /** Log type of every event; left out, it is recognised. */
  readonly logType?: string | undefined;
  readonly clock: Clock;
}

/** Asks one rule about events one after another, on the real engine, and tells why it answers as it does. */
export class Explainer implements Disposable {
  readonly #parts: ExplainerParts;
  readonly #parser: Parser;
  readonly #clock: EngineClock;
  readonly #alertBook: AlertBook;
  readonly #step: Step;
  readonly #watch: Disposable;
  #seen = nothingSeen();
  #events = 0;

  /** Reads the dedup windows that are open in the store. Throws `USAGE` for a log type that there is none of. */
  static async create(parts: ExplainerParts): Promise<Explainer> {
    const explainer = new Explainer(parts);
    await explainer.#alertBook.load();
    return explainer;
  }

  private constructor(parts: ExplainerParts) {
    const { rule, store, logTypes, logType, clock } = parts;
    this.#parts = parts;
    this.#watch = parts.instrument.watch(rule.manifest.id);
    this.#clock = new EngineClock(clock, store.clockMs);
    this.#alertBook = createAlertBook({ store, limits: defaultLimits });
    const parser = createParser({
      logTypes,
      ...(logType === undefined ? {} : { logType }),
      limits: defaultLimits,
      sourceLabel: "explain",
    });
    this.#parser = this.#watchedParser(parser);
    const operations = new TracingOperations(store, (made) => {
      this.#seen.operations.push({ eventIndex: 0, ...made });
    });
    this.#step = createTestStep({
      // A rule that is not enabled is explained all the same; that it is not comes with the explanation.
      rules: [{ ...rule, manifest: { ...rule.manifest, enabled: true } }],
      store,
      evaluation: new Evaluation(operations),
      alertBook: this.#watchedAlertBook(),
      ruleErrorBook: this.#errorBook(),
      clock: this.#clock,
      output: {
        alert: () => undefined,
        deadLetter: (deadLetter) => void (this.#seen.deadLetter = deadLetter),
        match: () => void (this.#seen.matched = true),
      },
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** What the rule makes of a record, after all that were explained before. */
  async explain(record: string): Promise<Explanation> {
    const { instrument } = this.#parts;
    this.#seen = nothingSeen();
    const chunk = chunkOf(record, this.#events);
    this.#events += 1;
    this.#parser.begin(chunk);
    instrument.startTrace();
    const { printed } = await collectPrinted(() =>
      this.#step.run(chunk, { parser: this.#parser, from: 0, pause: () => false }),
    );
    const conditions = instrument.takeTrace().map((condition) => Object.assign({ eventIndex: 0 }, condition));
    return { ...this.#explanation(conditions), printed };
  }

  #explanation(conditions: Trace["conditions"]): Omit<Explanation, "printed"> {
    const { event, matched, match, errors, operations } = this.#seen;
    const unreached = this.#unreached();
    const threw = errors.some((error) => error.function === "rule");
    const answered = threw ? "throws" : matched ? "fires" : "does not fire";
    return {
      verdict: unreached === undefined ? answered : "not asked",
      reason:
        unreached ??
        (this.#parts.rule.manifest.enabled ? null : "the rule is disabled, so it is never asked"),
      logType: event?.logType ?? null,
      eventTime: event?.timeMs === undefined ? null : new Date(event.timeMs).toISOString(),
      engineTime: new Date(this.#clock.nowMs).toISOString(),
      match: match ?? null,
      errors,
      trace: { conditions, operations },
    };
  }

  /** Why the record does not get to the rule; `undefined` when it does. */
  #unreached(): string | undefined {
    const { event, deadLetter } = this.#seen;
    if (deadLetter !== undefined)
      return `the record becomes a dead letter (${deadLetter.reason}): ${deadLetter.message}`;
    if (event === undefined) return "the record is empty, or a heading of columns";
    const { logTypes } = this.#parts.rule.manifest;
    if (logTypes.includes(event.logType)) return undefined;
    return `the event's log type is ${event.logType}, the rule looks at ${logTypes.join(", ")}`;
  }

  #watchedParser(parser: Parser): Parser {
    return {
      begin: (chunk) => parser.begin(chunk),
      parse: (index) => {
        const parsed = parser.parse(index);
        if (parsed?.kind === "event") this.#seen.event = parsed;
        return parsed;
      },
      attachStandardFields: (event, clockMs) => parser.attachStandardFields(event, clockMs),
      attachRecord: (event, index) => parser.attachRecord(event, index),
      toAlertEvent: (event, clockMs) => parser.toAlertEvent(event, clockMs),
    };
  }

  #watchedAlertBook(): AlertBook {
    const book = this.#alertBook;
    return {
      load: () => book.load(),
      get nextCloseMs() {
        return book.nextCloseMs;
      },
      closeDue: (clockMs, windowsMax) => book.closeDue(clockMs, windowsMax),
      add: async (match) => {
        const added = book.add(match);
        const alert = isThenable(added) ? await added : added;
        this.#seen.match = explainedMatch(match, alert !== undefined);
        return alert;
      },
      get matchesOverLimit() {
        return book.matchesOverLimit;
      },
      get openWindows() {
        return book.openWindows;
      },
      get pendingBytes() {
        return book.pendingBytes;
      },
      takeWrites: () => book.takeWrites(),
    };
  }

  /** Every error by itself, where a run would group them. */
  #errorBook(): RuleErrorBook {
    return {
      load: () => Promise.resolve(),
      record: ({ function: name, error }) => {
        this.#seen.errors.push({ function: name, message: thrownText(error) });
        return { first: true };
      },
      takeWrites: () => [],
    };
  }
}

/** What came out of the step for one record. */
interface Seen {
  event: Event | undefined;
  deadLetter: DeadLetter | undefined;
  matched: boolean;
  match: ExplainedMatch | undefined;
  readonly errors: ExplainedError[];
  readonly operations: TracedOperation[];
}

function nothingSeen(): Seen {
  const nothing = { event: undefined, deadLetter: undefined, match: undefined };
  return { ...nothing, matched: false, errors: [], operations: [] };
}

function explainedMatch(match: Match, raisesAlert: boolean): ExplainedMatch {
  const { title, dedup, severity, description, reference, runbook, context } = match;
  return {
    title,
    dedup,
    severity,
    description,
    reference,
    runbook,
    destinations: match.destinations ?? null,
    context,
    unique: match.unique ?? null,
    raisesAlert,
  };
}

/** One record, as a source would hand it out. */
function chunkOf(record: string, number: number): RecordChunk {
  const bytes = Buffer.from(record);
  return {
    source: "explain",
    stream: "events",
    bytes,
    count: 1,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(bytes.length),
    baseOffset: number,
    faults: undefined,
    positionAfter: () => ({}),
  };
}
