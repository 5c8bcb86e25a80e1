import type { JsonObject } from "../../core/json.ts";
import type {
  FunctionOutput,
  PlanProblem,
  TestFailure,
  TestResult,
  TestsNotRun,
} from "../rule-tests/model.ts";
import { countTests, failuresToShow, type TestReport } from "./report.ts";

/** The report as `--format json` prints it. */
export interface JsonReport {
  readonly passed: number;
  readonly failed: number;
  readonly tests: readonly JsonTest[];
  /** Tests left out after the first failure. */
  readonly notRun: number;
  /** Ids of rules that were left out, of rules that have no test, and what is wrong with the tests of others. */
  readonly skipped: readonly string[];
  readonly untested: readonly string[];
  readonly shortcomings: Readonly<Record<string, readonly string[]>>;
  /** What keeps rules or tests from being run; line 0 concerns the whole file. */
  readonly problems: readonly PlanProblem[];
  /** Correlation rules, which are not run yet, with how many tests they have. */
  readonly notRunYet: readonly TestsNotRun[];
  readonly durationMs: number;
}

interface JsonTest {
  readonly ruleId: string;
  readonly name: string;
  /**
   * Whether the event should match; for a sequence a list with one answer for each event; `null`: not asked. In Panther's
   * form what the function should answer, of a policy too.
   */
  readonly expected: boolean | readonly boolean[] | null;
  /** In Panther's form `null` where the function failed. */
  readonly actual: boolean | readonly boolean[] | null;
  readonly passed: boolean;
  /** By function, what it answered, `{ error }` where it failed; for a sequence a list with each of its answers in order. */
  readonly outputs: JsonObject;
  /** Why it failed; `null` for a test that passed. */
  readonly error: string | null;
  readonly failures: readonly TestFailure[];
  readonly warnings: readonly string[];
  readonly printed: string;
  readonly file: string;
  readonly line: number;
  readonly durationMs: number;
}

/** The report as an object for programs. */
export function jsonReport(report: TestReport): JsonReport {
  const { rules, problems, notRun, notRunYet, durationMs } = report;
  const lacking = rules.filter((rule) => rule.shortcomings.length > 0);
  return {
    ...countTests(report),
    tests: rules.flatMap((rule) => rule.results.map(jsonTest)),
    notRun,
    skipped: rules.filter((rule) => rule.skipped).map((rule) => rule.ruleId),
    untested: rules.filter((rule) => !rule.hasTests).map((rule) => rule.ruleId),
    shortcomings: Object.fromEntries(lacking.map(({ ruleId, shortcomings }) => [ruleId, shortcomings])),
    problems,
    notRunYet,
    durationMs: rounded(durationMs),
  };
}

function jsonTest(result: TestResult): JsonTest {
  const { test, passed, failures, outputs } = result;
  return {
    ruleId: test.ruleId,
    name: test.name,
    ...(test.isPanther === true ? pantherAnswers(result) : matchesOf(result)),
    passed,
    outputs: byFunction(outputs, test.events.length > 1),
    error: passed ? null : failureText(result),
    failures,
    warnings: result.warnings,
    printed: result.printed,
    file: test.file,
    line: test.line,
    durationMs: rounded(result.durationMs),
  };
}

type Answers = Pick<JsonTest, "expected" | "actual">;

function matchesOf({ test, matches }: TestResult): Answers {
  const { matches: expected } = test.expect;
  return { expected: expected === undefined ? null : oneOrAll(expected), actual: oneOrAll(matches) };
}

/** As Panther has them: what the function should answer and what it answered, of a policy too. */
function pantherAnswers({ test, outputs }: TestResult): Answers {
  const isMatch = test.expect.matches?.[0] ?? false;
  const { output, error } = outputs.find((output) => output.function === test.decides) ?? {};
  return {
    expected: test.decides === "policy" ? !isMatch : isMatch,
    actual: error === null && typeof output === "boolean" ? output : null,
  };
}

/** What functions threw and what was not as expected, a line each. */
export function failureText(result: TestResult): string {
  const thrown = result.outputs
    .filter((output) => !output.passed && output.error !== null)
    .map((output) => `${output.function}: ${output.error}`);
  return [...thrown, ...failuresToShow(result).map((failure) => failure.message)].join("\n");
}

function byFunction(outputs: readonly FunctionOutput[], isSequence: boolean): JsonObject {
  const answers = Map.groupBy(outputs, (output) => output.function);
  return Object.fromEntries(
    [...answers].map(([name, ofFunction]) => {
      const values = ofFunction.map(({ output, error, traceback }) => {
        if (error === null) return output;
        return traceback === undefined ? { error } : { error, traceback };
      });
      return [name, isSequence ? values : (values[0] ?? null)];
    }),
  );
}

function oneOrAll(matches: readonly boolean[]): boolean | readonly boolean[] {
  const [first] = matches;
  return matches.length === 1 && first !== undefined ? first : matches;
}

/** Microseconds are as exact as a test's duration can be. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
