import { expect, test } from "vitest";

import { junitReport } from "../../../src/testing/report/junit.ts";
import type { TestReport } from "../../../src/testing/report/report.ts";
import { createFailure, createReport, createResult, createRule, createTest } from "./fixtures.ts";

const render = (report: TestReport): string => junitReport(report, { renderTrace: () => "count was 3" });

test("a suite for each rule, a case for each test", () => {
  const failed = createResult({
    test: createTest({ name: "fails" }),
    failures: [createFailure()],
    trace: { conditions: [], operations: [] },
    printed: "seen",
  });
  expect(render(createReport({ rules: [createRule({ results: [createResult(), failed] })] }))).toBe(
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="stakeout" tests="2" failures="1" errors="0" time="0.020000">
  <testsuite name="Test.Rule" file="rules/rule.ts" tests="2" failures="1" errors="0" skipped="0" time="0.003000">
    <testcase name="fires" classname="Test.Rule" file="rules/rule.ts" line="12" time="0.001500">
    </testcase>
    <testcase name="fails" classname="Test.Rule" file="rules/rule.ts" line="12" time="0.001500">
      <failure message="event 1 should match" type="rule">event 1 should match
- true
+ false
count was 3</failure>
      <system-out>seen</system-out>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

test("rules left out, too few tests, and files that are wrong", () => {
  const text = render(
    createReport({
      rules: [
        createRule({ ruleId: "Off", skipped: true, results: [] }),
        createRule({ ruleId: "Few", results: [], shortcomings: ["2 tests required"] }),
      ],
      problems: [{ file: `${process.cwd()}/rules/broken.ts`, line: 3, message: "syntax error" }],
    }),
  );
  expect(text).toContain('tests="1" failures="1" errors="1"');
  expect(text).toContain("<skipped/>");
  expect(text).toContain('<failure message="2 tests required"/>');
  expect(text).toContain('name="rules/broken.ts:3"');
  expect(text).toContain('<error message="syntax error"/>');
});

test("text of any kind stays inside its element", () => {
  const evil = `"'<&>]]>\u0000\u001b\ud800\n\t`;
  const result = createResult({
    test: createTest({ name: evil }),
    failures: [createFailure({ message: evil })],
    printed: evil,
  });
  const text = render(createReport({ rules: [createRule({ ruleId: evil, results: [result] })] }));
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ud800]/);
  expect(text).toContain('name="&quot;\'&lt;&amp;&gt;]]&gt;\\u0000\\u001b\ufffd&#10;&#9;"');
  expect(text.match(/<testcase/g)).toHaveLength(1);
  expect(text.match(/<\/testcase>/g)).toHaveLength(1);
});
