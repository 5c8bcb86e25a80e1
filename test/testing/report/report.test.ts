import { describe, expect, test } from "vitest";

import { allPassed, failedParts, kindOf } from "../../../src/testing/report/report.ts";
import type { TestExpectation } from "../../../src/testing/rule-tests/model.ts";
import {
  createFailure,
  createOutput,
  createReport,
  createResult,
  createRule,
  createTest,
  noExpectation,
} from "./fixtures.ts";

describe("a test is", () => {
  test.each<[string, Partial<TestExpectation>]>([
    ["positive", { matches: [true] }],
    ["positive", { matches: [false, false, true] }],
    ["positive", { alerts: 1 }],
    ["positive", { alerts: [{}] }],
    ["negative", { matches: [false] }],
    ["negative", { matches: [false, false] }],
    ["negative", { alerts: 0 }],
    ["negative", { alerts: [] }],
    ["neither", {}],
    ["neither", { errors: ["boom"] }],
  ])("%s when it expects %j", (kind, expectation) => {
    expect(kindOf(createTest({ expect: { ...noExpectation, ...expectation } }))).toBe(kind);
  });
});

describe("a report has passed", () => {
  test("when every test has", () => {
    expect(allPassed(createReport())).toBe(true);
  });

  test.each([
    { rules: [createRule({ results: [createResult({ failures: [createFailure()] })] })] },
    { rules: [createRule({ shortcomings: ["too few"] })] },
    { problems: [{ file: "a.ts", line: 1, message: "wrong" }] },
  ])("but not with %j", (overrides) => {
    expect(allPassed(createReport(overrides))).toBe(false);
  });
});

test("the parts that failed are named once, matches as the function rule", () => {
  const result = createResult({
    outputs: [createOutput({ passed: false }), createOutput({ function: "title" })],
    failures: [createFailure(), createFailure({ what: "state" })],
  });
  expect(failedParts(result)).toEqual(["rule", "state"]);
});
