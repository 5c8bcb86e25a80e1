import { expect, test } from "vitest";

import { jsonReport } from "../../../src/testing/report/json.ts";
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
