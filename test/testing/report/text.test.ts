import { describe, expect, test } from "vitest";

import type { TestReport } from "../../../src/testing/report/report.ts";
import { textReport, type TextReportOptions } from "../../../src/testing/report/text.ts";
import {
  createFailure,
  createOutput,
  createReport,
  createResult,
  createRule,
  createTest,
  noExpectation,
} from "./fixtures.ts";

function render(report: TestReport, options: Partial<TextReportOptions> = {}): string {
  return textReport(report, { color: false, failuresOnly: false, renderTrace: () => "", ...options });
}

const outputs = [
  createOutput(),
  createOutput({ function: "title", output: "Root signed in" }),
  createOutput({ function: "alertContext", output: { user: "root" } }),
];

test("rules that pass, in Panther's shape", () => {
  expect(render(createReport({ rules: [createRule({ results: [createResult({ outputs })] })] }))).toBe(
    [
      "Test.Rule",
      "\t[PASS] fires",
      "\t\t[PASS] [rule] true",
      "\t\t[PASS] [title] Root signed in",
      '\t\t[PASS] [alertContext] {"user":"root"}',
      "",
      "--------------------------",
      "Test Summary",
      "\tPath: rules",
      "\tPassed: 1",
      "\tSkipped: 0",
      "\tFailed: 0",
      "\tInvalid: 0",
      "\tTests: 1 passed, 0 failed in 0.02 s",
      "",
    ].join("\n"),
  );
});

test("every summary that has something to say", () => {
  const failed = createResult({
    failures: [createFailure()],
    outputs: [
      createOutput({ output: false, passed: false }),
      createOutput({ function: "title", output: null, error: "TypeError: no name", passed: false }),
    ],
  });
  const report = createReport({
    rules: [
      createRule({ results: [failed] }),
      createRule({ ruleId: "Test.Few", results: [], shortcomings: ["Insufficient test coverage: …"] }),
      createRule({ ruleId: "Test.Off", results: [], skipped: true }),
      createRule({ ruleId: "Test.None", results: [], hasTests: false }),
    ],
    problems: [{ file: `${process.cwd()}/rules/broken.ts`, line: 3, message: "syntax error" }],
    notRun: 4,
  });
  expect(render(report)).toBe(
    [
      "Test.Rule",
      "\t[FAIL] fires",
      "\t\t[FAIL] [rule] false",
      "\t\t[FAIL] [title] TypeError: no name",
      "\t\tevent 1 should match",
      "\t\t\t- expected + actual",
      "\t\t\t- true",
      "\t\t\t+ false",
      "\t\ttest at rules/rule.ts:12",
      "",
      "Test.Few",
      "\t[FAIL] Insufficient test coverage: …",
      "",
      "Test.None",
      "\tNo tests configured for Test.None",
      "",
      "--------------------------",
      "Skipped Tests Summary",
      "\trules/rule.ts",
      "\t\tTest.Off",
      "--------------------------",
      "Failed Tests Summary",
      "\tTest.Rule",
      "\t\t['fires:rule', 'fires:title']",
      "\tTest.Few",
      "\t\t['Insufficient test coverage: …']",
      "--------------------------",
      "Invalid Tests Summary",
      "\trules/broken.ts:3",
      "\t\tsyntax error",
      "--------------------------",
      "Test Summary",
      "\tPath: rules",
      "\tPassed: 1",
      "\tSkipped: 1",
      "\tFailed: 2",
      "\tInvalid: 1",
      "\tTests: 0 passed, 1 failed, 4 not run in 0.02 s",
      "",
    ].join("\n"),
  );
});

describe("a test that expects no match", () => {
  const negative = createTest({ name: "stays quiet", expect: { ...noExpectation, matches: [false] } });

  test("shows the function rule alone", () => {
    const result = createResult({
      test: negative,
      outputs: [createOutput({ output: false }), createOutput({ function: "title", output: "x" })],
    });
    const text = render(createReport({ rules: [createRule({ results: [result] })] }));
    expect(text).toContain("\t\t[PASS] [rule] false\n");
    expect(text).not.toContain("[title]");
  });

  test("shows other functions where they failed", () => {
    const title = createOutput({ function: "title", output: null, error: "TypeError: x", passed: false });
    const result = createResult({ test: negative, passed: false, outputs: [title] });
    const text = render(createReport({ rules: [createRule({ results: [result] })] }));
    expect(text).toContain("\t\t[FAIL] [title] TypeError: x\n");
  });
});

test("a sequence is told event by event, those in a row that are alike together", () => {
  const event = { fields: {}, logType: "Test.Log" };
  const quiet = [0, 1, 2, 4].map((eventIndex) => createOutput({ eventIndex, output: false }));
  const result = createResult({
    test: createTest({ events: [event, event, event, event, event] }),
    outputs: [
      ...quiet.slice(0, 3),
      createOutput({ eventIndex: 3 }),
      createOutput({ eventIndex: 3, function: "title", output: "Burst" }),
      ...quiet.slice(3),
    ],
  });
  expect(render(createReport({ rules: [createRule({ results: [result] })] }))).toContain(
    [
      "\t\tevents 1 to 3:",
      "\t\t[PASS] [rule] false",
      "\t\tevent 4:",
      "\t\t[PASS] [rule] true",
      "\t\t[PASS] [title] Burst",
      "\t\tevent 5:",
      "\t\t[PASS] [rule] false",
      "",
    ].join("\n"),
  );
});

const renderTrace = (): string => "line 4: count < 10 was true\nline 5: …\n";

test("what happened is told below a test that failed, and only there", () => {
  const trace = { conditions: [], operations: [] };
  const failed = createResult({ failures: [createFailure()], trace });
  const text = render(createReport({ rules: [createRule({ results: [failed] })] }), { renderTrace });
  expect(text).toContain("\t\tWhy:\n\t\t\tline 4: count < 10 was true\n\t\t\tline 5: …\n");
  const passed = createResult({ trace });
  expect(render(createReport({ rules: [createRule({ results: [passed] })] }), { renderTrace })).not.toContain(
    "Why:",
  );
});

test("what the rule printed and what looks unintended stand below the test", () => {
  const result = createResult({ printed: "seen 3\nseen 4\n", warnings: ["key a:undefined"] });
  expect(render(createReport({ rules: [createRule({ results: [result] })] }))).toContain(
    "\t[PASS] fires\n\t\t| seen 3\n\t\t| seen 4\n\t\twarning: key a:undefined\n",
  );
});

test("a failure that compares nothing has no difference", () => {
  const failures = [createFailure({ message: "mock x was never called", expected: null, actual: null })];
  const text = render(createReport({ rules: [createRule({ results: [createResult({ failures })] })] }));
  expect(text).toContain("\t\tmock x was never called\n\t\ttest at");
});

test("with failures only, what passed is left out, but counted", () => {
  const failed = createResult({ failures: [createFailure()], test: createTest({ name: "fails" }) });
  const report = createReport({
    rules: [createRule({ results: [createResult(), failed] }), createRule({ ruleId: "Test.Good" })],
  });
  const text = render(report, { failuresOnly: true });
  expect(text).toContain("[FAIL] fails");
  expect(text).not.toContain("[PASS]");
  expect(text).not.toContain("Test.Good");
  expect(text).toContain("\tPassed: 1\n");
  expect(text).toContain("2 passed, 1 failed");
});

test("colour, where it is asked for", () => {
  const failed = createResult({ failures: [createFailure()] });
  const report = createReport({ rules: [createRule({ results: [createResult(), failed] })] });
  const text = render(report, { color: true });
  expect(text).toContain("[\u001b[32mPASS\u001b[39m]");
  expect(text).toContain("[\u001b[31mFAIL\u001b[39m]");
  expect(render(report)).not.toContain("\u001b");
});

test("control characters from events are made visible", () => {
  const evil = "\u001b[2J\u202e";
  const result = createResult({
    test: createTest({ name: evil }),
    outputs: [createOutput({ function: "title", output: evil })],
    failures: [createFailure({ message: evil, expected: evil, actual: "a" })],
    warnings: [evil],
    printed: evil,
  });
  const text = render(createReport({ rules: [createRule({ ruleId: evil, results: [result] })] }));
  expect(text).not.toContain("\u001b");
  expect(text).not.toContain("\u202e");
  expect(text).toContain("\\x1b[2J\\u202e");
});

describe("a test in Panther's form", () => {
  const panther = createTest({ isPanther: true, decides: "rule" });

  test("shows functions in Panther's order, and none that answered nothing", () => {
    const answered = ["rule", "severity", "dedup", "alertContext", "title"].map((name) =>
      createOutput({ function: name, output: name }),
    );
    const silent = createOutput({ function: "unique", output: null });
    const result = createResult({ test: panther, outputs: [silent, ...answered] });
    const lines = render(createReport({ rules: [createRule({ results: [result] })] })).split("\n");
    expect(lines.slice(2, 8)).toEqual([
      "\t\t[PASS] [rule] rule",
      "\t\t[PASS] [title] title",
      "\t\t[PASS] [dedup] dedup",
      "\t\t[PASS] [alertContext] alertContext",
      "\t\t[PASS] [severity] severity",
      "",
    ]);
  });

  test("says once that a function raised, with Python's traceback", () => {
    const traceback = '  File "rule.py", line 3, in title\n    return event["x"]';
    const raised = createOutput({ function: "title", error: "KeyError: 'x'", traceback, passed: false });
    const failure = createFailure({
      what: "errors",
      message: "the rule failed: …",
      expected: [],
      actual: [],
    });
    const result = createResult({ test: panther, outputs: [createOutput(), raised], failures: [failure] });
    const text = render(createReport({ rules: [createRule({ results: [result] })] }));
    expect(text).toContain(
      '[FAIL] [title] KeyError: \'x\'\n\t\t\t  File "rule.py", line 3, in title\n\t\t\t    return event["x"]\n\t\ttest at',
    );
    expect(text).toContain("['fires:title']");
  });

  test("of a policy that fails is named by its function", () => {
    const policy = createOutput({ function: "policy", output: false, passed: false });
    const result = createResult({
      test: { ...panther, decides: "policy" },
      outputs: [policy],
      failures: [createFailure()],
    });
    const text = render(createReport({ rules: [createRule({ results: [result] })] }));
    expect(text).toContain("\t\t[FAIL] [policy] false\n");
    expect(text).toContain("['fires:policy']");
  });
});

test("correlation rules are listed with the tests that are not run yet", () => {
  const file = `${process.cwd()}/correlation_rules/a.yml`;
  const notRunYet = [
    { id: "Test.Together", file, tests: 2 },
    { id: "Test.Alone", file, tests: 1 },
  ];
  expect(render(createReport({ notRunYet }))).toContain(
    [
      "Not Run Yet Summary",
      "\tcorrelation_rules/a.yml",
      "\t\tTest.Together: correlation rules are not run yet (2 tests)",
      "\tcorrelation_rules/a.yml",
      "\t\tTest.Alone: correlation rules are not run yet (1 test)",
      "--------------------------",
    ].join("\n"),
  );
});

test("rules that cannot be asked are counted one by one, files once", () => {
  const problem = { file: "/helpers/shared.py", line: 1, message: "no module" };
  const problems = [
    { ...problem, ruleId: "A" },
    { ...problem, ruleId: "B" },
    problem,
    { ...problem, line: 2 },
  ];
  expect(render(createReport({ problems }))).toContain("\tInvalid: 3\n");
});
