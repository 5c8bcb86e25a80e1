import { styleText } from "node:util";

import type { JsonValue } from "../../core/json.ts";
import { printable } from "../../core/text.ts";
import type { FunctionOutput, TestFailure, TestResult, Trace } from "../rule-tests/model.ts";
import { difference, type DifferenceLine } from "./difference.ts";
import { placeOf } from "./place.ts";
import {
  countInvalid,
  countTests,
  failedParts,
  failuresToShow,
  hasFailed,
  kindOf,
  type RuleReport,
  type TestReport,
} from "./report.ts";

export interface TextReportOptions {
  readonly color: boolean;
  /** Leaves out tests that passed and rules without a failure; the summaries stay. */
  readonly failuresOnly: boolean;
  /** Says why a test failed, in lines for people. */
  readonly renderTrace: (trace: Trace) => string;
}

const divider = "--------------------------";

/** The report in the shape of Panther's `pat test`, with what failed and why below each test that failed. */
export function textReport(report: TestReport, options: TextReportOptions): string {
  const writer = new TextWriter(options);
  for (const rule of report.rules) writer.rule(rule);
  writer.summaries(report);
  return writer.text();
}

/** One test with its function lines, what failed and why. */
export function textOfTest(result: TestResult, options: Omit<TextReportOptions, "failuresOnly">): string {
  const writer = new TextWriter({ ...options, failuresOnly: false });
  writer.test(result);
  return writer.text();
}

class TextWriter {
  readonly #lines: string[] = [];
  readonly #options: TextReportOptions;

  constructor(options: TextReportOptions) {
    this.#options = options;
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  rule(rule: RuleReport): void {
    const { failuresOnly } = this.#options;
    if (rule.skipped || (failuresOnly && !hasFailed(rule))) return;
    this.#line(0, this.#paint("bold", printable(rule.ruleId)));
    if (!rule.hasTests) this.#line(1, `No tests configured for ${printable(rule.ruleId)}`);
    for (const result of rule.results) {
      if (!failuresOnly || !result.passed) this.test(result);
    }
    for (const shortcoming of rule.shortcomings) this.#line(1, `${this.#mark(false)} ${shortcoming}`);
    this.#lines.push("");
  }

  test(result: TestResult): void {
    const { test, passed, trace } = result;
    this.#line(1, `${this.#mark(passed)} ${printable(test.name)}`);
    this.#outputs(result);
    for (const printed of linesOf(result.printed)) this.#line(2, `| ${printable(printed)}`);
    for (const warning of result.warnings)
      this.#line(2, this.#paint("yellow", `warning: ${printable(warning)}`));
    if (passed) return;
    for (const failure of failuresToShow(result)) this.#failure(failure);
    if (trace !== undefined) this.#trace(trace);
    this.#line(2, this.#paint("dim", `test at ${printable(placeOf(test.file, test.line))}`));
  }

  summaries(report: TestReport): void {
    this.#skipped(report.rules.filter((rule) => rule.skipped));
    this.#failed(report.rules.filter(hasFailed));
    this.#invalid(report);
    this.#notRunYet(report);
    this.#totals(report);
  }

  /** In a sequence, below the number of the event; events in a row with the same lines share them. */
  #outputs(result: TestResult): void {
    const byEvent = Map.groupBy(shownOutputs(result), (output) => output.eventIndex);
    const groups: { readonly lines: readonly string[]; readonly from: number; to: number }[] = [];
    for (const [index, outputs] of byEvent) {
      const lines = outputs.flatMap((output) => this.#output(output));
      const last = groups.at(-1);
      if (last?.to === index - 1 && last.lines.join("\n") === lines.join("\n")) last.to = index;
      else groups.push({ lines, from: index, to: index });
    }
    for (const { lines, from, to } of groups) {
      const several = from === to ? `event ${from + 1}:` : `events ${from + 1} to ${to + 1}:`;
      if (result.test.events.length > 1) this.#line(2, this.#paint("dim", several));
      for (const line of lines) this.#line(2, line);
    }
  }

  #output({ function: name, output, error, traceback, passed }: FunctionOutput): readonly string[] {
    const line = `${this.#mark(passed)} [${name}] ${printable(error ?? shownValue(output))}`;
    const frames = linesOf(traceback ?? "").map((frame) => `\t${this.#paint("dim", printable(frame))}`);
    return [line, ...frames];
  }

  #failure({ message, expected, actual }: TestFailure): void {
    this.#line(2, this.#paint("red", printable(message)));
    // Two nulls stand for a failure that is not about a value.
    if (expected === null && actual === null) return;
    const signs = `${this.#paint("green", "- expected")} ${this.#paint("red", "+ actual")}`;
    this.#line(3, signs);
    for (const line of difference(expected, actual)) this.#line(3, this.#difference(line));
  }

  #difference({ kind, text }: DifferenceLine): string {
    if (kind === "same") return `  ${printable(text)}`;
    return kind === "expected"
      ? this.#paint("green", `- ${printable(text)}`)
      : this.#paint("red", `+ ${printable(text)}`);
  }

  #trace(trace: Trace): void {
    const lines = linesOf(this.#options.renderTrace(trace));
    if (lines.length === 0) return;
    this.#line(2, "Why:");
    for (const line of lines) this.#line(3, line);
  }

  #skipped(rules: readonly RuleReport[]): void {
    if (rules.length === 0) return;
    this.#lines.push(divider, "Skipped Tests Summary");
    for (const { file, ruleId } of rules) {
      this.#line(1, printable(placeOf(file)));
      this.#line(2, printable(ruleId));
    }
  }

  #failed(rules: readonly RuleReport[]): void {
    if (rules.length === 0) return;
    this.#lines.push(divider, "Failed Tests Summary");
    for (const rule of rules) {
      this.#line(1, printable(rule.ruleId));
      const names = [...rule.results.flatMap(failedNames), ...rule.shortcomings];
      this.#line(2, `[${names.map((name) => `'${printable(name)}'`).join(", ")}]`);
    }
  }

  #invalid({ problems }: TestReport): void {
    if (problems.length === 0) return;
    this.#lines.push(divider, "Invalid Tests Summary");
    for (const { file, line, message } of problems) {
      this.#line(1, printable(placeOf(file, line)));
      this.#line(2, printable(message));
    }
  }

  #notRunYet({ notRunYet }: TestReport): void {
    if (notRunYet.length === 0) return;
    this.#lines.push(divider, "Not Run Yet Summary");
    for (const { file, id, tests } of notRunYet) {
      this.#line(1, printable(placeOf(file)));
      this.#line(2, `${printable(id)}: correlation rules are not run yet (${countText(tests, "test")})`);
    }
  }

  #totals(report: TestReport): void {
    const { rules, notRun } = report;
    const skipped = rules.filter((rule) => rule.skipped).length;
    const failed = rules.filter(hasFailed).length;
    const tests = countTests(report);
    this.#lines.push(divider, "Test Summary");
    this.#line(1, `Path: ${printable(report.paths.map((path) => placeOf(path)).join(", "))}`);
    this.#line(1, `Passed: ${rules.length - skipped - failed}`);
    this.#line(1, `Skipped: ${skipped}`);
    this.#line(1, `Failed: ${failed}`);
    this.#line(1, `Invalid: ${countInvalid(report)}`);
    const left = notRun === 0 ? "" : `, ${notRun} not run`;
    const seconds = (report.durationMs / 1000).toFixed(2);
    this.#line(1, `Tests: ${tests.passed} passed, ${tests.failed} failed${left} in ${seconds} s`);
  }

  #mark(passed: boolean): string {
    return passed ? `[${this.#paint("green", "PASS")}]` : `[${this.#paint("red", "FAIL")}]`;
  }

  #paint(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#options.color ? styleText(format, text, { validateStream: false }) : text;
  }

  #line(tabs: number, text: string): void {
    this.#lines.push("\t".repeat(tabs) + text);
  }
}

/** The functions in the order in which Panther shows them. */
const functionOrder = [
  "rule",
  "policy",
  "title",
  "dedup",
  "alertContext",
  "description",
  "reference",
  "severity",
  "runbook",
  "destinations",
  "unique",
];

/** Where nothing is expected to match, Panther shows `rule` alone; what failed is shown all the same. */
function shownOutputs({ test, outputs }: TestResult): readonly FunctionOutput[] {
  const positive = kindOf(test) === "positive";
  const decides = test.decides ?? "rule";
  return outputs
    .filter((output) => positive || output.function === decides || !output.passed)
    .filter(({ output, error }) => test.isPanther !== true || output !== null || error !== null)
    .toSorted((left, right) => functionOrder.indexOf(left.function) - functionOrder.indexOf(right.function));
}

function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function failedNames(result: TestResult): readonly string[] {
  return result.passed ? [] : failedParts(result).map((part) => `${result.test.name}:${part}`);
}

function shownValue(output: JsonValue): string {
  return typeof output === "string" ? output : JSON.stringify(output);
}

function linesOf(text: string): readonly string[] {
  const trimmed = text.trimEnd();
  return trimmed === "" ? [] : trimmed.split("\n");
}
