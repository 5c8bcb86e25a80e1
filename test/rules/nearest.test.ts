import { describe, expect, test } from "vitest";
import { nearest } from "../../src/rules/nearest.ts";

const known = ["low", "high", "critical", "dedupPeriod", "logTypes"];

describe("nearest", () => {
  test.each([
    ["hihg", "high"],
    ["High", "high"],
    ["crit", undefined],
    ["critcal", "critical"],
    ["dedup_period", "dedupPeriod"],
    ["DedupPeriodMinutes", undefined],
    ["logType", "logTypes"],
    ["LogTypes", "logTypes"],
    ["something else", undefined],
    ["x".repeat(100_000), undefined],
  ])("takes %s for %s", (name, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });

  test("knows nothing near when nothing is known", () => {
    expect(nearest("high", [])).toBeUndefined();
  });
});
