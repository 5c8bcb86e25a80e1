import type { TestResult, Trace } from "../rule-tests/model.ts";
import { difference } from "./difference.ts";
import { failureText } from "./json.ts";
import { placeOf } from "./place.ts";
import { countTests, failedParts, failuresToShow, type RuleReport, type TestReport } from "./report.ts";

export interface JunitOptions {
  /** Says why a test failed, in lines for people. */
  readonly renderTrace: (trace: Trace) => string;
}

/**
 * The report as JUnit XML, which CI systems read: a test suite for each rule, a test case for each test. Too few tests, and
 * problems of files, are test cases that fail, so that a pipeline that looks only at this file does not go on.
 */
export function junitReport(report: TestReport, options: JunitOptions): string {
  const { passed, failed } = countTests(report);
  const lacking = report.rules.flatMap((rule) => rule.shortcomings).length;
  const all = attributes({
    name: "stakeout",
    tests: passed + failed + lacking,
    failures: failed + lacking,
    errors: report.problems.length,
    time: seconds(report.durationMs),
  });
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${all}>`,
    ...report.rules.flatMap((rule) => suite(rule, options)),
    ...problemSuite(report),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function suite(rule: RuleReport, options: JunitOptions): readonly string[] {
  const { ruleId, results, shortcomings, skipped } = rule;
  const failures = results.filter((result) => !result.passed).length + shortcomings.length;
  const time = seconds(results.reduce((sum, result) => sum + result.durationMs, 0));
  const about = { name: ruleId, file: placeOf(rule.file) };
  const tests = results.length + shortcomings.length;
  if (skipped) {
    return [
      `  <testsuite ${attributes({ ...about, tests: 1, failures: 0, errors: 0, skipped: 1, time })}>`,
      `    <testcase ${attributes({ name: "all tests", classname: ruleId, time })}><skipped/></testcase>`,
      "  </testsuite>",
    ];
  }
  return [
    `  <testsuite ${attributes({ ...about, tests, failures, errors: 0, skipped: 0, time })}>`,
    ...results.flatMap((result) => testCase(result, options)),
    ...shortcomings.flatMap((message) => [
      `    <testcase ${attributes({ name: "test coverage", classname: ruleId, time: seconds(0) })}>`,
      `      <failure ${attributes({ message })}/>`,
      "    </testcase>",
    ]),
    "  </testsuite>",
  ];
}

function testCase(result: TestResult, options: JunitOptions): readonly string[] {
  const { test, passed, printed } = result;
  const about = {
    name: test.name,
    classname: test.ruleId,
    file: placeOf(test.file),
    line: test.line,
    time: seconds(result.durationMs),
  };
  return [
    `    <testcase ${attributes(about)}>`,
    ...(passed ? [] : [failureElement(result, options)]),
    ...(printed === "" ? [] : [`      <system-out>${escaped(printed)}</system-out>`]),
    "    </testcase>",
  ];
}

function failureElement(result: TestResult, { renderTrace }: JunitOptions): string {
  const tracebacks = result.outputs.map(({ traceback = "" }) => traceback);
  const compared = failuresToShow(result).map(({ message, expected, actual }) => {
    if (expected === null && actual === null) return message;
    const lines = difference(expected, actual).map(({ kind, text }) => `${signs[kind]}${text}`);
    return `${message}\n${lines.join("\n")}`;
  });
  const trace = result.trace === undefined ? "" : renderTrace(result.trace);
  const [message = ""] = failureText(result).split("\n");
  const text = [...tracebacks, ...compared, trace].filter((part) => part !== "").join("\n");
  return `      <failure ${attributes({ message, type: failedParts(result).join(",") })}>${escaped(text)}</failure>`;
}

const signs = { same: "  ", expected: "- ", actual: "+ " } as const;

function problemSuite({ problems }: TestReport): readonly string[] {
  if (problems.length === 0) return [];
  const counts = { tests: problems.length, failures: 0, errors: problems.length, skipped: 0 };
  return [
    `  <testsuite ${attributes({ name: "rules and tests that are invalid", ...counts, time: seconds(0) })}>`,
    ...problems.flatMap(({ file, line, message }) => [
      `    <testcase ${attributes({ name: placeOf(file, line), classname: "invalid", time: seconds(0) })}>`,
      `      <error ${attributes({ message })}/>`,
      "    </testcase>",
    ]),
    "  </testsuite>",
  ];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name}="${escaped(String(value)).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")}"`,
    )
    .join(" ");
}

/** XML 1.0 has no way to write most control characters, so they become visible escapes. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(
      // oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}
