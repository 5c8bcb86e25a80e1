import { describe, expect, test } from "vitest";

import type { Comparison, Difference } from "../../conformance/compare.ts";
import { isConformant, renderReport } from "../../conformance/report.ts";
import { reportOf } from "./fixtures.ts";

const nothingDiffers: Comparison = {
  tests: 2,
  compared: 5,
  same: 5,
  explained: {},
  unexplained: [],
  skipped: {},
};

function difference(name: string): Difference {
  return {
    ruleId: "Own.Rule",
    name,
    function: "title",
    here: { output: "x" },
    there: { error: "KeyError: 'y'" },
  };
}

describe("the report on conformance", () => {
  test("is good where all loads and passes, and differences have causes", () => {
    const comparison = { ...nothingDiffers, explained: { "a cause": [difference("a")] } };
    expect(isConformant(reportOf())).toBe(true);
    expect(isConformant(reportOf({ comparison }))).toBe(true);
  });

  test.each([
    ["a problem", reportOf({ problems: [{ file: "a.yml", line: 1, message: "wrong" }] })],
    ["a failed test", reportOf({ failed: [{ ruleId: "R", name: "t", functions: ["rule"], error: "e" }] })],
    [
      "a difference without a cause",
      reportOf({ comparison: { ...nothingDiffers, unexplained: [difference("a")] } }),
    ],
  ])("is not good with %s", (_, report) => {
    expect(isConformant(report)).toBe(false);
  });

  test("shows some differences of each cause and counts the rest", () => {
    const explained = { "a cause": ["a", "b", "c", "d", "e"].map(difference) };
    const text = renderReport(
      reportOf({ comparison: { ...nothingDiffers, explained, skipped: { "too far": 3 } } }),
    );
    expect(text).toContain("compared with Panther's own packages: 2 tests, 5 answers, 5 the same\n");
    expect(text).toContain("  3 tests left out: too far\n");
    expect(text).toContain("  5 differ (5 tests, 1 rules): a cause\n");
    expect(text).toContain(
      `    Own.Rule: c [title]\n      here  {"output":"x"}\n      there {"error":"KeyError: 'y'"}\n`,
    );
    expect(text).not.toContain("Own.Rule: d [title]");
    expect(text).toContain("    … and 2 more\n");
  });
});
