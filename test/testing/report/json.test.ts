import { describe, expect, test } from "vitest";

import { jsonReport } from "../../../src/testing/report/json.ts";
import type { RuleTest } from "../../../src/testing/rule-tests/model.ts";
import {
  createFailure,
  createOutput,
  createReport,
  createResult,
  createRule,
  createTest,
  noExpectation,
} from "./fixtures.ts";

test("counts, and every test with what it expected, got and answered", () => {
  const passed = createResult({
    outputs: [createOutput(), createOutput({ function: "title", output: "Root" })],
  });
  const failed = createResult({
    test: createTest({ name: "stays quiet", expect: { ...noExpectation, matches: [false, false] } }),
    matches: [false, true],
    failures: [createFailure({ message: "event 2 should not match" })],
    outputs: [createOutput({ function: "title", output: null, error: "TypeError: x", passed: false })],
  });
  const report = jsonReport(createReport({ rules: [createRule({ results: [passed, failed] })] }));
  expect(report).toMatchObject({ passed: 1, failed: 1, notRun: 0, problems: [] });
  expect(report.tests).toMatchObject([
    {
      ruleId: "Test.Rule",
      name: "fires",
      expected: true,
      actual: true,
      passed: true,
      outputs: { rule: true, title: "Root" },
      error: null,
    },
    {
      name: "stays quiet",
      expected: [false, false],
      actual: [false, true],
      passed: false,
      outputs: { title: { error: "TypeError: x" } },
      error: "title: TypeError: x\nevent 2 should not match",
    },
  ]);
});

test("the outputs of a sequence are lists", () => {
  const event = { fields: {}, logType: "Test.Log" };
  const result = createResult({
    test: createTest({ events: [event, event] }),
    outputs: [
      createOutput({ output: false }),
      createOutput({ eventIndex: 1 }),
      createOutput({ eventIndex: 1, function: "title", output: "Burst" }),
    ],
  });
  const { tests } = jsonReport(createReport({ rules: [createRule({ results: [result] })] }));
  expect(tests[0]?.outputs).toEqual({ rule: [false, true], title: ["Burst"] });
});

test("a test that says nothing about matches expects null", () => {
  const result = createResult({ test: createTest({ expect: noExpectation }) });
  const { tests } = jsonReport(createReport({ rules: [createRule({ results: [result] })] }));
  expect(tests[0]?.expected).toBeNull();
});

test("what was not tested, and why", () => {
  const problem = { file: "/rules/a.ts", line: 2, message: "syntax error" };
  const report = jsonReport(
    createReport({
      rules: [
        createRule({ ruleId: "Off", skipped: true, results: [] }),
        createRule({ ruleId: "None", hasTests: false, results: [] }),
        createRule({ ruleId: "Few", results: [], shortcomings: ["too few"] }),
      ],
      problems: [problem],
      notRun: 3,
    }),
  );
  expect(report).toMatchObject({
    skipped: ["Off"],
    untested: ["None"],
    shortcomings: { Few: ["too few"] },
    problems: [problem],
    notRun: 3,
  });
});

describe("a test in Panther's form", () => {
  const inForm = (decides: "rule" | "policy", isMatch: boolean): RuleTest =>
    createTest({ isPanther: true, decides, expect: { ...noExpectation, matches: [isMatch] } });

  test("has what the function should answer and answers, of a policy too", () => {
    const output = createOutput({ function: "policy", output: true, passed: false });
    const test = inForm("policy", true);
    const results = [createResult({ test, outputs: [output], failures: [createFailure()] })];
    const { tests } = jsonReport(createReport({ rules: [createRule({ results })] }));
    expect(tests).toMatchObject([{ expected: false, actual: true, outputs: { policy: true } }]);
  });

  test("has no answer of a function that raised, but the traceback", () => {
    const output = createOutput({
      output: null,
      error: "KeyError: 'x'",
      traceback: "  File …",
      passed: false,
    });
    const errors = createFailure({ what: "errors", message: "the rule failed: …" });
    const result = createResult({ test: inForm("rule", false), outputs: [output], failures: [errors] });
    const { tests } = jsonReport(createReport({ rules: [createRule({ results: [result] })] }));
    expect(tests).toMatchObject([
      {
        expected: false,
        actual: null,
        outputs: { rule: { error: "KeyError: 'x'", traceback: "  File …" } },
        error: "rule: KeyError: 'x'",
      },
    ]);
  });
});
