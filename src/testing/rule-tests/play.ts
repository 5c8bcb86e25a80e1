import { createAlertBook } from "../../alerts/book.ts";
import type { RuleErrorBook } from "../../alerts/rule-errors.ts";
import type { Alert } from "../../core/alert.ts";
import type { Clock } from "../../core/clock.ts";
import type { Event } from "../../core/event.ts";
import { defaultLimits } from "../../core/limits.ts";
import { EngineClock } from "../../engine/engine-clock.ts";
import type { Step } from "../../engine/step.ts";
import type { LogTypes } from "../../parsers/log-types.ts";
import { describeMatch } from "../../rules/outcome.ts";
import type { LoadedRule } from "../../rules/runtime.ts";
import { stackOf, thrownText } from "../../rules/thrown.ts";
import type { TestInstrument } from "../../rules/test-instrument.ts";
import { Evaluation } from "../../state/evaluation.ts";
import { createMemoryStore } from "../../state/memory/memory-store.ts";
import { DEFAULT_LIFETIME_MS, type Item, type StateStore } from "../../state/store.ts";
import { createTestStep } from "../test-step.ts";
import { InstalledMocks, type MockCall } from "./mocks.ts";
import type { FunctionOutput, RuleTest, TestFailure, TracedCondition, TracedOperation } from "./model.ts";
import { observeRule, type RuleObserver } from "./observed-rule.ts";
import { toShown } from "./plain-value.ts";
import { createTestRecords } from "./test-records.ts";
import { type OperationRecord, TracingOperations } from "./tracing-operations.ts";

/** A function of the rule failed for an event. */
export interface PlayedError {
  readonly eventIndex: number;
  readonly function: string;
  /** With the name of the error's class. */
  readonly message: string;
}

/** Everything that happened in one test. */
export interface Played {
  readonly matches: readonly boolean[];
  readonly outputs: readonly Omit<FunctionOutput, "passed">[];
  /** As they were raised, in order. */
  readonly alerts: readonly Alert[];
  readonly errors: readonly PlayedError[];
  /** Why records could not become events, by event. */
  readonly deadLetters: readonly { readonly eventIndex: number; readonly message: string }[];
  /** What is remembered after the last event. */
  readonly items: readonly Item[];
  readonly operations: readonly TracedOperation[];
  readonly conditions: readonly TracedCondition[];
  readonly mockFailures: readonly TestFailure[];
  /** Engine clock after the last event. */
  readonly clockMs: number;
}

export interface PlayOptions {
  readonly logTypes: LogTypes;
  readonly instrument: TestInstrument;
  /** Call auxiliary functions for events that do not match, too. */
  readonly strictAuxiliary: boolean;
  /** Record conditions. */
  readonly trace: boolean;
}

/** Later than any event, so that no time of a test is cut down to the wall clock's. */
const wallClock: Clock = { nowMs: () => Number.MAX_SAFE_INTEGER, monotonicMs: () => 0 };

/** Takes the events of a test through the engine, with one rule, on a memory store of its own. Never throws what a rule throws. */
export async function play(test: RuleTest, rule: LoadedRule, options: PlayOptions): Promise<Played> {
  return await new Play(test, rule, options).run();
}

class Play {
  readonly #test: RuleTest;
  readonly #options: PlayOptions;
  readonly #rule: LoadedRule;
  readonly #store: StateStore = createMemoryStore();
  readonly #clock: EngineClock;
  readonly #evaluation: Evaluation;
  readonly #mocks: InstalledMocks;
  readonly #matches: boolean[];
  readonly #outputs: Omit<FunctionOutput, "passed">[] = [];
  readonly #alerts: Alert[] = [];
  readonly #errors: PlayedError[] = [];
  readonly #deadLetters: { eventIndex: number; message: string }[] = [];
  readonly #operations: TracedOperation[] = [];
  readonly #conditions: TracedCondition[] = [];
  #eventIndex = 0;
  /** The event under way, once the rule was asked about it. */
  #event: Event | undefined;

  constructor(test: RuleTest, rule: LoadedRule, options: PlayOptions) {
    this.#test = test;
    this.#options = options;
    this.#clock = new EngineClock(wallClock, test.nowMs ?? 0);
    this.#matches = test.events.map(() => false);
    this.#mocks = new InstalledMocks(test, options.instrument);
    const operations = new TracingOperations(this.#store, (record) => this.#operated(record));
    this.#evaluation = new Evaluation(operations, defaultLimits);
    const observer: RuleObserver = {
      asked: (event) => {
        this.#event = event;
      },
      answered: (name, answer) => this.#output(name, { output: toShown(answer), error: null }),
      threw: (name, error) => this.#output(name, { output: null, ...shownError(error) }),
    };
    const { isPanther = false, events } = test;
    const logTypes = isPanther ? events.map(({ logType }) => logType) : undefined;
    this.#rule = observeRule(rule, observer, { isPanther, logTypes });
  }

  async run(): Promise<Played> {
    const { instrument, trace } = this.#options;
    await this.#remember();
    using _ = trace ? instrument.watch(this.#rule.manifest.id) : undefined;
    this.#mocks.install(instrument, (call) => this.#mocked(call));
    try {
      await this.#runEvents();
    } finally {
      instrument.clearMocks();
    }
    const clockMs = this.#clock.nowMs;
    return {
      matches: this.#matches,
      outputs: this.#outputs,
      alerts: this.#alerts,
      errors: this.#errors,
      deadLetters: this.#deadLetters,
      items: await this.#store.listItems({ limit: Number.MAX_SAFE_INTEGER, nowMs: clockMs }),
      operations: this.#operations,
      conditions: this.#conditions,
      mockFailures: this.#mocks.failures(),
      clockMs,
    };
  }

  async #remember(): Promise<void> {
    for (const { key, count, strings, dictionary, expiresInMs } of this.#test.state) {
      await this.#store.putItem({
        key,
        count,
        strings: strings === undefined ? undefined : [...new Set(strings)].sort(),
        dictionary,
        expiresAtMs: this.#clock.nowMs + (expiresInMs ?? DEFAULT_LIFETIME_MS),
      });
    }
  }

  async #runEvents(): Promise<void> {
    const { instrument, trace, logTypes, strictAuxiliary } = this.#options;
    const { chunk, parser } = createTestRecords(this.#test, logTypes);
    const step = this.#createStep();
    parser.begin(chunk);
    for (let index = 0; index < chunk.count; index++) {
      this.#eventIndex = index;
      this.#event = undefined;
      if (trace) instrument.startTrace();
      // One record at a time, so that what happens is known to belong to it.
      await step.run(chunk, { parser, from: index, pause: () => true });
      if (strictAuxiliary && this.#event !== undefined && this.#matches[index] === false) {
        await this.#askAuxiliary(this.#event);
      }
      if (!trace) continue;
      for (const condition of instrument.takeTrace())
        this.#conditions.push({ eventIndex: index, ...condition });
    }
  }

  /** The auxiliary functions as a match would call them, in an evaluation of their own. */
  async #askAuxiliary(event: Event): Promise<void> {
    const evaluation = this.#evaluation;
    const rule = this.#rule;
    evaluation.begin(rule.manifest.id, event.position, this.#clock.nowMs);
    try {
      const { failures } = await describeMatch({
        rule,
        event,
        clockMs: this.#clock.nowMs,
        toAlertEvent: () => event.fields,
        waitFor: (answer) => evaluation.waitFor(answer),
        settle: () => evaluation.settle(),
      });
      for (const failure of failures) this.#failed(failure.function, failure.error);
    } finally {
      evaluation.end();
    }
  }

  #createStep(): Step {
    return createTestStep({
      rules: [this.#rule],
      store: this.#store,
      evaluation: this.#evaluation,
      alertBook: createAlertBook({ store: this.#store, limits: defaultLimits }),
      ruleErrorBook: this.#createErrorBook(),
      clock: this.#clock,
      output: {
        alert: (alert) => {
          if (alert.status === "open") this.#alerts.push(alert);
        },
        deadLetter: ({ message }) => void this.#deadLetters.push({ eventIndex: this.#eventIndex, message }),
        match: () => {
          this.#matches[this.#eventIndex] = true;
        },
      },
    });
  }

  /** Every error by itself, where a run would group them. */
  #createErrorBook(): RuleErrorBook {
    return {
      load: () => Promise.resolve(),
      record: ({ function: name, error }) => {
        this.#failed(name, error);
        return { first: true };
      },
      takeWrites: () => [],
    };
  }

  /** What the engine takes for a failure; besides what was thrown, also an answer of a wrong type. */
  #failed(functionName: string, error: unknown): void {
    const name = this.#shownName(functionName);
    const message = thrownText(error);
    this.#errors.push({ eventIndex: this.#eventIndex, function: name, message });
    const index = this.#outputs.findLastIndex(
      (output) => output.eventIndex === this.#eventIndex && output.function === name,
    );
    const output = this.#outputs[index];
    if (output !== undefined) this.#outputs[index] = { ...output, error: message };
  }

  #output(functionName: string, answer: Answer): void {
    const name = this.#shownName(functionName);
    const { output } = answer;
    const shown = name === "policy" && typeof output === "boolean" ? !output : output;
    this.#outputs.push({ eventIndex: this.#eventIndex, function: name, ...answer, output: shown });
  }

  #shownName(functionName: string): string {
    return functionName === "rule" ? (this.#test.decides ?? "rule") : functionName;
  }

  #operated(record: OperationRecord): void {
    this.#operations.push({ eventIndex: this.#eventIndex, ...record });
  }

  #mocked({ name, arguments: given, result, error }: MockCall): void {
    const [first, ...rest] = given;
    const key = typeof first === "string" ? first : "";
    this.#operated({
      operation: `${name} (mocked)`,
      key,
      arguments: (typeof first === "string" ? rest : given).map((argument) => toShown(argument)),
      result,
      error,
      atMs: this.#clock.nowMs,
    });
  }
}

type Answer = Pick<FunctionOutput, "output" | "error" | "traceback">;

function shownError(error: unknown): Pick<FunctionOutput, "error" | "traceback"> {
  const stack = stackOf(error);
  // Only Python writes it in this form, with frames of rules and helpers alone.
  const traceback = /^Traceback .*\n([^]*)\n.*$/.exec(stack)?.[1];
  return { error: thrownText(error), ...(traceback === undefined ? {} : { traceback }) };
}
