import type { PlanProblem, RuleTest, TestFailure, TestResult, TestsNotRun } from "../rule-tests/model.ts";

/** Everything that a run of rule tests found out: what the text, JSON and JUnit reports are made of. */
export interface TestReport {
  /** Files and folders as the user named them. */
  readonly paths: readonly string[];
  /** Sorted by rule id. */
  readonly rules: readonly RuleReport[];
  /** What is wrong with rule and test files; these are not among the results. */
  readonly problems: readonly PlanProblem[];
  /** Correlation rules, which are recognised and not run yet. */
  readonly notRunYet: readonly TestsNotRun[];
  /** Tests left out after the first failure, where that was asked for. */
  readonly notRun: number;
  readonly durationMs: number;
}

/** One rule's tests. */
export interface RuleReport {
  readonly ruleId: string;
  /** Absolute path of the rule. */
  readonly file: string;
  /** True for a disabled rule that was left out on request. */
  readonly skipped: boolean;
  /** False when no test is written for it. */
  readonly hasTests: boolean;
  readonly results: readonly TestResult[];
  /** What is wrong with its tests as a whole, such as that there are too few. */
  readonly shortcomings: readonly string[];
}

/** True when nothing failed and nothing is wrong. */
export function allPassed(report: TestReport): boolean {
  return report.problems.length === 0 && !report.rules.some(hasFailed);
}

export function hasFailed({ results, shortcomings }: RuleReport): boolean {
  return shortcomings.length > 0 || results.some((result) => !result.passed);
}

export function countTests(report: TestReport): { readonly passed: number; readonly failed: number } {
  const results = report.rules.flatMap((rule) => rule.results);
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed };
}

/** Whether a test expects a match or an alert (positive), expects none (negative), or says nothing about it. */
export function kindOf({ expect }: RuleTest): "positive" | "negative" | "neither" {
  const { matches, alerts } = expect;
  if (matches?.includes(true) === true) return "positive";
  const alertCount = typeof alerts === "object" ? alerts.length : alerts;
  if (alertCount !== undefined && alertCount > 0) return "positive";
  return matches === undefined && alertCount === undefined ? "neither" : "negative";
}

/** How many rules and files are invalid: several problems of one count once. */
export function countInvalid({ problems }: TestReport): number {
  return new Set(
    problems.map(({ ruleId, file }) => (ruleId === undefined ? `file ${file}` : `rule ${ruleId}`)),
  ).size;
}

/** What failed in a test, by name: the functions of the rule, and what else was compared. None twice. */
export function failedParts(result: TestResult): readonly string[] {
  const { test, outputs } = result;
  const functions = outputs.filter((output) => !output.passed).map((output) => output.function);
  const compared = failuresToShow(result).map(({ what }) =>
    what === "matches" ? (test.decides ?? "rule") : what,
  );
  return [...new Set([...functions, ...compared])];
}

/** What failed, without the errors of functions in Panther's form, which the lines of the functions show already. */
export function failuresToShow({ test, outputs, failures }: TestResult): readonly TestFailure[] {
  const showsErrors =
    test.isPanther === true && outputs.some(({ error, passed }) => error !== null && !passed);
  return showsErrors ? failures.filter(({ what }) => what !== "errors") : failures;
}
