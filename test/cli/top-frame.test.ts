import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { renderFrame, type FrameOptions } from "../../src/cli/top/frame.ts";
import { History } from "../../src/cli/top/history.ts";
import { rankRules } from "../../src/cli/top/rules.ts";
import type { ServiceStatus } from "../../src/service/status.ts";
import {
  destinationState,
  destinationStatus,
  later,
  nowMs,
  ruleStatus,
  serviceStatus,
  sourceStatus,
} from "../service/admin/status-fixtures.ts";

function historyOf(...statuses: readonly ServiceStatus[]): History {
  const history = new History();
  for (const status of statuses) history.add(status);
  return history;
}

function frame(history: History, overrides: Partial<FrameOptions> = {}): readonly string[] {
  const defaults = {
    columns: 80,
    rows: 24,
    ranking: "time",
    paused: false,
    trouble: undefined,
    keys: true,
  } as const;
  return renderFrame(history, { ...defaults, ...overrides }).map(({ text }) => text);
}

describe("rates", () => {
  test("are what changed between two looks, per second of the service", () => {
    expect(historyOf(serviceStatus(), later(2, 4000)).rates()).toEqual({
      events: 2000,
      bytes: 2_000_000,
      commits: 5,
      batchMs: 90,
      commitMs: 12.5,
      stateKeys: 30,
      stateBytes: -1000,
      sources: new Map([["cloudtrail", { records: 2000, bytes: 2_000_000 }]]),
    });
  });

  test("are of the last few seconds", () => {
    const looks = [0, 1, 2, 3, 4, 5].map((second) => later(second, second * 100));
    expect(historyOf(...looks, later(6, 5000)).rates()?.events).toBeCloseTo((5000 - 300) / 3, 5);
  });

  test("are not known after a single look", () => {
    expect(historyOf(serviceStatus()).rates()).toBeUndefined();
    expect(historyOf(serviceStatus(), serviceStatus()).rates()).toBeUndefined();
  });

  test("begin anew with another process", () => {
    const restarted = {
      ...later(1),
      startedAtMs: nowMs + 500,
      counters: { ...later(1).counters, events: 0 },
    };
    const history = historyOf(serviceStatus(), restarted);
    expect(history.rates()).toBeUndefined();
    expect(history.latest).toBe(restarted);
  });

  test("of a commit are unknown where there was none", () => {
    const rates = historyOf(serviceStatus(), serviceStatus({ nowMs: nowMs + 1000 })).rates();
    expect(rates).toMatchObject({ commits: 0, batchMs: undefined, commitMs: undefined });
  });
});

describe("the order of rules", () => {
  const slow = ruleStatus({ id: "slow", timedEvents: 10, timedMicroseconds: 1000, alerts: 0, matches: 1 });
  const noisy = ruleStatus({ id: "noisy", timedEvents: 10, timedMicroseconds: 10, alerts: 50, matches: 60 });
  const chatty = ruleStatus({ id: "chatty", timedEvents: 0, timedMicroseconds: 0, alerts: 2, matches: 900 });
  const broken = ruleStatus({
    id: "broken",
    timedEvents: 10,
    timedMicroseconds: 20,
    alerts: 0,
    ruleErrors: 7,
  });

  test.each([
    ["time", ["slow", "broken", "noisy", "chatty"]],
    ["alerts", ["noisy", "chatty", "broken", "slow"]],
    ["matches", ["chatty", "noisy", "broken", "slow"]],
    ["errors", ["broken", "noisy", "chatty", "slow"]],
  ] as const)("by %s", (ranking, expected) => {
    const ranked = rankRules([slow, noisy, chatty, broken], ranking);
    expect(ranked.map(({ id }) => id)).toEqual(expected);
  });
});

describe("a frame", () => {
  test("shows everything on 24 lines of 80", () => {
    const lines = frame(historyOf(serviceStatus(), later(2, 4000)));
    expect(lines[0]).toBe("stakeout 1.2.3  running  up 1h 2s  rules c0ffee loaded 30m 2s ago      12:00:02Z");
    expect(lines[1]).toBe("2,000 events/s  2.0 MB/s  lag 0.4s  backlog 600.0 kB  memory 300.0 MB");
    expect(lines[2]).toBe("5.0 commits/s  batch 90.0 ms  commit 12.5 ms  lanes replaced 1");
    expect(lines[3]).toBe("total 124,000 events  340 matches  12 alerts  3 rule errors  5 dead letters");
    expect(lines[4]).toBe("state  4,381 keys (+30/s)  8.0 MB (-1.0 kB/s)  journal 0 B");
    expect(lines[5]).toBe("limits reached: alertsPerHourMax 2 times");
    const text = lines.join("\n");
    expect(text).toMatch(/^cloudtrail +2,000 +2\.0 MB +500 +600\.0 kB +0\.4s$/m);
    expect(text).toMatch(/^AWS\.CloudTrail\.RootLogin +2\.50 +40 +3 +1$/m);
    expect(text).toMatch(/^oncall +closed +2 +1 +9 +6 +1$/m);
    expect(lines.at(-1)).toBe("q quit  s sort: time  p pause");
  });

  test("leaves open what one look cannot tell", () => {
    expect(frame(historyOf(serviceStatus()))[1]).toMatch(/^- events\/s {2}-\/s/);
  });

  test("shows what is wrong", () => {
    const problems = [{ file: "/rules/a.ts", line: 3, message: "severity is missing" }];
    const { content } = serviceStatus();
    const history = historyOf(
      serviceStatus({ content: { ...content, refused: { atMs: nowMs - 1000, problems } } }),
    );
    const lines = frame(history, { trouble: "Cannot reach the service." });
    expect(lines).toContain("Cannot reach the service.");
    expect(lines.some((line) => line.includes("refused 1s ago (1 problem): /rules/a.ts:3"))).toBe(true);
  });

  test("shows those first that need a look where there is no room for all", () => {
    const rules = Array.from({ length: 30 }, (_, index) =>
      ruleStatus({ id: `rule.${index}`, timedMicroseconds: index }),
    );
    const sources = Array.from({ length: 9 }, (_, index) =>
      sourceStatus({ name: `source.${index}`, lagMs: index }),
    );
    const destinations = [
      ...Array.from({ length: 9 }, (_, index) => destinationStatus({ name: `calm.${index}`, abandoned: 0 })),
      destinationStatus({ name: "failing", attempts: destinationState({ circuit: "open" }) }),
    ];
    const text = frame(historyOf(serviceStatus({ rules, sources, destinations, limits: {} }))).join("\n");
    expect(text).toMatch(/^SOURCE \(3\/9\) .*\nsource\.8 .*\nsource\.7 .*\nsource\.6 /m);
    expect(text).toMatch(/^RULE \(6\/30\) .*\nrule\.29 /m);
    expect(text).toMatch(/^DESTINATION \(3\/10\) .*\nfailing +open /m);
  });

  test("gives rules the room that others do not need", () => {
    const rules = Array.from({ length: 30 }, (_, index) => ruleStatus({ id: `rule.${index}` }));
    expect(frame(historyOf(serviceStatus({ rules, limits: {} }))).join("\n")).toContain("RULE (10/30)");
  });

  test("marks what is suspended, failing or late", () => {
    const history = historyOf(
      serviceStatus({
        rules: [
          ruleStatus({ id: "ended", suspended: true }),
          ruleStatus({ id: "quiet", staged: true, ruleErrors: 0 }),
        ],
        sources: [sourceStatus({ name: "full", backlogBytes: 9e8 })],
        destinations: [destinationStatus({ name: "down", attempts: destinationState({ circuit: "open" }) })],
      }),
    );
    const lines = renderFrame(history, {
      columns: 80,
      rows: 24,
      ranking: "time",
      paused: false,
      trouble: undefined,
      keys: true,
    });
    const formatOf = (name: string): unknown => lines.find(({ text }) => text.startsWith(`${name} `))?.format;
    expect(formatOf("ended")).toBe("red");
    expect(formatOf("full")).toBe("red");
    expect(formatOf("down")).toBe("red");
    expect(formatOf("quiet")).toBeUndefined();
    expect(lines.find(({ text }) => text.startsWith("quiet"))?.text).toContain("staged");
  });

  test("fits any terminal, whatever it shows", () => {
    const name = fc.string({ maxLength: 60, unit: "binary" });
    const some = <T>(make: (each: string) => T): fc.Arbitrary<T[]> =>
      fc.array(name.map(make), { maxLength: 40 });
    const statuses = fc.record({
      rules: some((id) => ruleStatus({ id, matches: 1e12 })),
      sources: some((each) => sourceStatus({ name: each, lagMs: 1e10 })),
      destinations: some((each) => destinationStatus({ name: each })),
      version: name,
    });
    const size = fc.record({
      columns: fc.integer({ min: 0, max: 200 }),
      rows: fc.integer({ min: 0, max: 80 }),
    });
    fc.assert(
      fc.property(
        statuses,
        size,
        fc.option(name, { nil: undefined }),
        (parts, { columns, rows }, trouble) => {
          const lines = frame(historyOf(serviceStatus(parts)), { columns, rows, trouble });
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) {
            expect(Array.from(line).length).toBeLessThanOrEqual(columns);
            // oxlint-disable-next-line eslint/no-control-regex -- control characters are what must not be there
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          }
        },
      ),
    );
  });
});
