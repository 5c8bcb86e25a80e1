import { describe, expect, test } from "vitest";

import { Collector } from "../../src/cli/backtest/collect.ts";
import { compareAlerts } from "../../src/cli/backtest/compare.ts";
import { createTimeline, ruleTimelines } from "../../src/cli/backtest/timeline.ts";
import type { Alert } from "../../src/core/alert.ts";
import { alertAt, found, startMs } from "./backtest-fixtures.ts";

const minuteMs = 60_000;

interface Shown {
  readonly appeared: readonly string[];
  readonly vanished: readonly string[];
  readonly changed: readonly (readonly string[])[];
  readonly unchanged: number;
}

function compared(before: readonly Alert[], after: readonly Alert[], untilMinute?: number): Shown {
  const untilMs = untilMinute === undefined ? undefined : startMs + untilMinute * minuteMs;
  const { appeared, vanished, changed, unchanged } = compareAlerts(found(before), found(after), untilMs);
  return {
    appeared: appeared.map(({ id }) => id),
    vanished: vanished.map(({ id }) => id),
    changed: changed.map(({ fields }) => fields),
    unchanged,
  };
}

describe("two versions of the rules", () => {
  test("with the same alerts", () => {
    const alerts = [alertAt(0), alertAt(70)];
    expect(compared(alerts, alerts)).toEqual({ appeared: [], vanished: [], changed: [], unchanged: 2 });
  });

  test("with an alert more and one less", () => {
    expect(compared([alertAt(0, { dedup: "a" })], [alertAt(1, { dedup: "b" })])).toMatchObject({
      appeared: ["id-1"],
      vanished: ["id-0"],
    });
  });

  test("with an alert that differs in some fields, which are named", () => {
    const after = alertAt(0, { severity: "high", context: { a: 1 }, uniqueCount: 2 });
    expect(compared([alertAt(0, { context: { a: 2 } })], [after]).changed).toEqual([
      ["severity", "context", "uniqueCount"].sort(
        (left, right) => keysOf(after, left) - keysOf(after, right),
      ),
    ]);
  });

  test("with a window that moved", () => {
    const { appeared, vanished, changed } = compared([alertAt(0)], [alertAt(59)]);
    expect({ appeared, vanished }).toEqual({ appeared: [], vanished: [] });
    expect(changed[0]).toContain("windowStart");
    expect(changed[0]).not.toContain("id");
  });

  test("with windows of one dedup key that do not overlap", () => {
    expect(compared([alertAt(0)], [alertAt(60)])).toMatchObject({
      appeared: ["id-60"],
      vanished: ["id-0"],
      changed: [],
    });
  });

  test("with one window in the place of two: one is the same, one has vanished", () => {
    const { appeared, vanished, changed } = compared([alertAt(0), alertAt(70)], [alertAt(30)]);
    expect({ appeared, vanished, changes: changed.length }).toEqual({
      appeared: [],
      vanished: ["id-70"],
      changes: 1,
    });
  });
});

describe("two versions of which one was stopped earlier", () => {
  test("are compared only as far as both got", () => {
    expect(compared([alertAt(0)], [alertAt(0), alertAt(70), alertAt(140)], 100)).toEqual({
      appeared: ["id-70"],
      vanished: [],
      changed: [],
      unchanged: 1,
    });
  });

  test("count only what cannot change any more in a window that was open", () => {
    const further = alertAt(0, { matchCount: 5, status: "open", title: "other" });
    expect(compared([alertAt(0)], [further], 30).changed).toEqual([["title"]]);
    expect(compared([alertAt(0)], [further], 60).changed).toEqual([["status", "title", "matchCount"]]);
  });
});

test("alerts come in the order in which they were raised", () => {
  const collector = new Collector();
  for (const minute of [20, 3, 10]) collector.add(`alert\t${JSON.stringify(alertAt(minute))}\n`);
  collector.add(`end\t${JSON.stringify({ ruleErrors: [] })}\n`);
  expect(collector.findings().alerts.map(({ id }) => id)).toEqual(["id-3", "id-10", "id-20"]);
});

test("a report without its end is an error, not a finding", () => {
  const collector = new Collector();
  collector.add(`alert\t${JSON.stringify(alertAt(0))}\n`);
  expect(() => collector.findings()).toThrow("without its report");
});

describe("a timeline", () => {
  test.each([
    [0, 1],
    [59, 1],
    [60, 1],
    [1000, 1],
    [7 * 86_400, 60],
    [400 * 86_400, 10],
    [3000 * 364 * 86_400, 10],
  ])("of %d seconds in at most %d columns", (seconds, columnsMax) => {
    const from = Date.UTC(1990, 4, 17, 23, 59, 59);
    const { startMs, columnMs, columns } = createTimeline(
      { startMs: from, endMs: from + seconds * 1000 },
      Math.max(2, columnsMax),
    );
    expect(columns).toBeLessThanOrEqual(Math.max(2, columnsMax));
    expect(startMs % columnMs).toBe(0);
    expect(startMs).toBeLessThanOrEqual(from);
    expect(startMs + columns * columnMs).toBeGreaterThan(from + seconds * 1000);
  });

  test("counts alerts in their columns, each with its highest severity", () => {
    const timeline = createTimeline({ startMs, endMs: startMs + 9 * minuteMs }, 10);
    const alerts = found([alertAt(2), alertAt(2, { id: "x", severity: "critical" }), alertAt(9)]);
    const [row] = ruleTimelines(timeline, alerts, ["Rule"]);
    expect(row?.counts).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 0, 1]);
    expect(row?.severities[2]).toBe("critical");
    expect(row?.severities[9]).toBe("low");
    expect(row?.severities[0]).toBeUndefined();
  });
});

function keysOf(alert: Alert, name: string): number {
  return Object.keys(alert).indexOf(name);
}
