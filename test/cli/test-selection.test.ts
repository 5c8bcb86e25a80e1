import { describe, expect, test } from "vitest";

import { selectTests, type Selection, type SelectionOptions } from "../../src/cli/test-selection.ts";
import { parseFilter } from "../../src/rules/panther/filter.ts";
import { createTest, noExpectation } from "../testing/report/fixtures.ts";
import { createPlan, manifestOf } from "./test-fixtures.ts";

const positive = createTest({ ruleId: "A", name: "fires" });
const negative = createTest({
  ruleId: "A",
  name: "stays quiet",
  expect: { ...noExpectation, matches: [false] },
});
const other = createTest({ ruleId: "B", name: "fires" });

const plan = createPlan(
  [manifestOf("A"), manifestOf("B", { enabled: false }), manifestOf("C")],
  [positive, negative, other],
);

function select(options: Partial<SelectionOptions> = {}): Selection {
  return selectTests(plan, {
    filters: [],
    testNames: [],
    skipDisabledTests: false,
    minimumTests: 0,
    ...options,
  });
}

test("without options every rule and every test, those of disabled rules included", () => {
  const { rules, tests } = select();
  expect(rules.map(({ ruleId, hasTests, skipped }) => ({ ruleId, hasTests, skipped }))).toEqual([
    { ruleId: "A", hasTests: true, skipped: false },
    { ruleId: "B", hasTests: true, skipped: false },
    { ruleId: "C", hasTests: false, skipped: false },
  ]);
  expect(tests).toEqual([positive, negative, other]);
});

test("filters leave out rules with their tests", () => {
  const { rules, tests } = select({ filters: [parseFilter("RuleID!=A")] });
  expect(rules.map(({ ruleId }) => ruleId)).toEqual(["B", "C"]);
  expect(tests).toEqual([other]);
});

test("names leave out tests, and rules without such a test", () => {
  const { rules, tests } = select({ testNames: ["stays quiet"] });
  expect(rules.map(({ ruleId }) => ruleId)).toEqual(["A"]);
  expect(tests).toEqual([negative]);
});

test("ids leave out rules", () => {
  expect(select({ ruleIds: [new Set(["B"])] }).tests).toEqual([other]);
  expect(select({ ruleIds: [new Set(["B"]), new Set(["A", "C"])] }).rules).toEqual([]);
});

test("disabled rules are skipped on request", () => {
  const { rules, tests } = select({ skipDisabledTests: true, minimumTests: 3 });
  expect(rules.find(({ ruleId }) => ruleId === "B")).toMatchObject({ skipped: true, shortcomings: [] });
  expect(tests).toEqual([positive, negative]);
});

describe("a minimum of tests", () => {
  const oneOfEach = "Insufficient test coverage: expected at least one positive and one negative test";

  test("of one asks for any test", () => {
    expect(shortcomings(1)).toEqual({
      A: [],
      B: [],
      C: ["Insufficient test coverage: 1 tests required but only 0 found"],
    });
  });

  test("of two asks for one of each kind", () => {
    expect(shortcomings(2)).toEqual({
      A: [],
      B: ["Insufficient test coverage: 2 tests required but only 1 found", oneOfEach],
      C: ["Insufficient test coverage: 2 tests required but only 0 found", oneOfEach],
    });
  });

  test("of more counts", () => {
    expect(shortcomings(3)["A"]).toEqual(["Insufficient test coverage: 3 tests required but only 2 found"]);
  });

  test("counts all tests of a rule, also when only some are run", () => {
    const { rules } = select({ minimumTests: 2, testNames: ["fires"] });
    expect(rules.find(({ ruleId }) => ruleId === "A")?.shortcomings).toEqual([]);
  });
});

function shortcomings(minimumTests: number): Record<string, readonly string[]> {
  return Object.fromEntries(select({ minimumTests }).rules.map((rule) => [rule.ruleId, rule.shortcomings]));
}
