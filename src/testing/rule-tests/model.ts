import type { Problem } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { Severity } from "../../core/severity.ts";

/**
 * A rule's test, after files were read, patches applied and defaults filled in: what the runner runs. How people write
 * tests (in the rule, in YAML, in TypeScript) is definition.ts; both of the rule and of the file beside it end up here.
 */
export interface RuleTest {
  readonly ruleId: string;
  readonly name: string;
  /** Where the test is written, for messages. Line 0 when unknown. */
  readonly file: string;
  readonly line: number;
  /** Complete events in order, each with the engine time it arrives at where the test says so. */
  readonly events: readonly TestEvent[];
  /** What is remembered before the first event. */
  readonly state: readonly TestItem[];
  readonly mocks: readonly TestMock[];
  /** Engine clock before the first event; `undefined`: that of the first event. */
  readonly nowMs: number | undefined;
  readonly expect: TestExpectation;
  /** A policy answers whether a resource complies: screens show that, and a match is its opposite. Default: `rule`. */
  readonly decides?: "rule" | "policy";
  /**
   * True for a test in Panther's form: its event comes as it is written, without standard fields of the engine, and its mocks
   * are Panther's, which nothing has to call. Default: false.
   */
  readonly isPanther?: boolean;
}

export interface TestEvent {
  readonly fields: JsonObject;
  readonly logType: string;
  /** The event's JSON to the character, where values do not say it exactly (1.0, integers beyond 2^53). */
  readonly json?: string;
}

export interface TestItem {
  readonly key: string;
  readonly count?: number;
  readonly strings?: readonly string[];
  readonly dictionary?: JsonObject;
  /** Milliseconds after the start of the test; `undefined`: 90 days, `Infinity`: no expiry. */
  readonly expiresInMs?: number;
}

/** Answers in place of something that the rule's module imports. */
export interface TestMock {
  readonly name: string;
  /** True where the import is no function: the value stands for it wherever the module uses the name. */
  readonly constant?: boolean;
  readonly answer:
    | { readonly kind: "value"; readonly value: JsonValue | ReadonlySet<string> }
    | { readonly kind: "sequence"; readonly values: readonly (JsonValue | ReadonlySet<string>)[] }
    | { readonly kind: "error"; readonly message: string }
    | {
        readonly kind: "by-argument";
        readonly cases: readonly { readonly arguments: readonly JsonValue[]; readonly value: JsonValue }[];
        readonly otherwise?: JsonValue;
      };
}

export interface TestExpectation {
  /** Which events match: `true` or `false` for each event; `undefined` checks nothing. */
  readonly matches: readonly boolean[] | undefined;
  readonly alerts: number | readonly ExpectedAlert[] | undefined;
  readonly state: readonly ExpectedItem[] | undefined;
  /** Text that each error's message must contain; an empty list: no error at all. */
  readonly errors: readonly string[] | undefined;
}

/** Exact values, or `{ matches: "pattern" }` for texts, `{ contains: {…} }` for objects. */
export interface ExpectedAlert {
  readonly title?: JsonValue;
  readonly severity?: Severity;
  readonly dedup?: JsonValue;
  readonly context?: JsonValue;
  readonly destinations?: readonly string[];
}

export interface ExpectedItem {
  readonly key: string;
  readonly absent?: boolean;
  readonly count?: number;
  readonly strings?: readonly string[];
  readonly dictionary?: JsonValue;
  /** Milliseconds from the engine clock at the end of the test. */
  readonly expiresInMs?: number;
}

/** What one function of a rule answered for one event of a test. */
export interface FunctionOutput {
  /** Counted from 0. */
  readonly eventIndex: number;
  /** `rule`, `title`, `dedup`, `alertContext`, … */
  readonly function: string;
  readonly output: JsonValue;
  readonly error: string | null;
  /** Python's traceback for the error, where it has one. */
  readonly traceback?: string;
  readonly passed: boolean;
}

/** One state operation as the rule made it. */
export interface TracedOperation {
  readonly eventIndex: number;
  readonly operation: string;
  readonly key: string;
  readonly arguments: readonly JsonValue[];
  readonly result: JsonValue;
  readonly error: string | null;
  /** Engine clock. */
  readonly atMs: number;
}

/** One condition of a rule as it was evaluated. */
export interface TracedCondition {
  readonly eventIndex: number;
  readonly file: string;
  readonly line: number;
  /** Source text of the condition. */
  readonly text: string;
  /** What it came to, and the values of the parts it was made of, by their source text. */
  readonly value: JsonValue;
  readonly parts: readonly { readonly text: string; readonly value: JsonValue }[];
}

export interface Trace {
  readonly conditions: readonly TracedCondition[];
  readonly operations: readonly TracedOperation[];
}

export interface TestFailure {
  /** What was compared: `matches`, `alerts`, `state`, `errors`, `mocks`, or a function of the rule. */
  readonly what: string;
  /** A sentence for people. */
  readonly message: string;
  readonly expected: JsonValue;
  readonly actual: JsonValue;
}

export interface TestResult {
  readonly test: RuleTest;
  readonly passed: boolean;
  readonly failures: readonly TestFailure[];
  readonly outputs: readonly FunctionOutput[];
  /** Which events matched. */
  readonly matches: readonly boolean[];
  /** State keys with `undefined` in them, two rules writing one key, …: worth a look, not a failure. */
  readonly warnings: readonly string[];
  /** Only for failed tests, and where a trace was asked for. */
  readonly trace: Trace | undefined;
  /** What the rule printed. */
  readonly printed: string;
  readonly durationMs: number;
}

/** Tests of something that nothing runs yet. */
export interface TestsNotRun {
  readonly id: string;
  /** Absolute path. */
  readonly file: string;
  readonly tests: number;
}

export interface TestPlan {
  readonly tests: readonly RuleTest[];
  /** Rules found without a test. */
  readonly untested: readonly string[];
  /** Correlation rules, which are recognised and not run yet. */
  readonly notRunYet: readonly TestsNotRun[];
  /** What is wrong in files. What has a problem is not among the tests; everything else can be run. */
  readonly problems: readonly PlanProblem[];
}

export interface PlanProblem extends Problem {
  /** The rule that cannot be asked for it. */
  readonly ruleId?: string;
}
