import type { RuleReport, TestReport } from "../../../src/testing/report/report.ts";
import type {
  FunctionOutput,
  RuleTest,
  TestExpectation,
  TestFailure,
  TestResult,
} from "../../../src/testing/rule-tests/model.ts";

export const noExpectation: TestExpectation = {
  matches: undefined,
  alerts: undefined,
  state: undefined,
  errors: undefined,
};

/** A positive test of one event. */
export function createTest(overrides: Partial<RuleTest> = {}): RuleTest {
  return {
    ruleId: "Test.Rule",
    name: "fires",
    file: `${process.cwd()}/rules/rule.ts`,
    line: 12,
    events: [],
    state: [],
    mocks: [],
    nowMs: undefined,
    expect: { ...noExpectation, matches: [true] },
    ...overrides,
  };
}

/** A test that passed; one with `failures` did not. */
export function createResult(overrides: Partial<TestResult> = {}): TestResult {
  return {
    test: createTest(),
    passed: overrides.failures === undefined,
    failures: [],
    outputs: [],
    matches: [true],
    warnings: [],
    trace: undefined,
    printed: "",
    durationMs: 1.5,
    ...overrides,
  };
}

export function createOutput(overrides: Partial<FunctionOutput> = {}): FunctionOutput {
  return { eventIndex: 0, function: "rule", output: true, error: null, passed: true, ...overrides };
}

export function createFailure(overrides: Partial<TestFailure> = {}): TestFailure {
  return { what: "matches", message: "event 1 should match", expected: true, actual: false, ...overrides };
}

export function createRule(overrides: Partial<RuleReport> = {}): RuleReport {
  return {
    ruleId: "Test.Rule",
    file: `${process.cwd()}/rules/rule.ts`,
    skipped: false,
    hasTests: true,
    results: [createResult()],
    shortcomings: [],
    ...overrides,
  };
}

export function createReport(overrides: Partial<TestReport> = {}): TestReport {
  return {
    paths: ["rules"],
    rules: [createRule()],
    problems: [],
    notRunYet: [],
    notRun: 0,
    durationMs: 20,
    ...overrides,
  };
}
