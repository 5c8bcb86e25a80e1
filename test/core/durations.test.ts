import { describe, expect, test } from "vitest";

import { formatDuration, parseDurationMs } from "../../src/core/durations.ts";

describe("a duration", () => {
  test.each([
    ["1h", 3_600_000],
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["250ms", 250],
    ["1.5h", 5_400_000],
    [" 1h ", 3_600_000],
    ["0s", 0],
    [60, 60_000],
    [0.25, 250],
    [0, 0],
  ])("%j is %d ms, also when asked again", (duration, ms) => {
    expect(parseDurationMs(duration)).toBe(ms);
    expect(parseDurationMs(duration)).toBe(ms);
  });

  test.each([
    "",
    " ",
    "1",
    "h",
    "1y",
    "-1h",
    "1h-",
    "1 hour",
    "1e3s",
    "1..5h",
    "99999999999999w",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    null,
    undefined,
    {},
    true,
  ])("%j is none", (duration) => {
    expect(parseDurationMs("1h")).toBe(3_600_000);
    expect(parseDurationMs(duration)).toBeUndefined();
  });

  test("is taken apart in time proportional to its length", () => {
    expect(parseDurationMs(`${"1h ".repeat(30_000)}x`)).toBeUndefined();
  });
});

describe("a duration for people", () => {
  test.each([
    [0, "0s"],
    [-5, "0s"],
    [999, "0s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [90_061_000, "1d 1h"],
  ])("%d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
