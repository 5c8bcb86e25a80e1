import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createAlertBook } from "../../src/alerts/book.ts";
import { listAlerts, showAlert } from "../../src/alerts/list.ts";
import { createOutbox } from "../../src/alerts/outbox.ts";
import { createRuleErrorBook } from "../../src/alerts/rule-errors.ts";
import type { BacktestEnd } from "../../src/config/backtest-report.ts";
import { prepareBacktest } from "../../src/config/backtest.ts";
import type { BacktestConfig } from "../../src/config/run-config.ts";
import type { Alert } from "../../src/core/alert.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { AlertOutputs } from "../../src/engine/alert-outputs.ts";
import { Period } from "../../src/engine/backtest.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { Evaluation } from "../../src/state/evaluation.ts";
import { type RulesFolder, withRules } from "../rules/fixtures.ts";
import { cloudTrail, createLane, Disk, diskStore, farClock, startMs } from "./fixtures.ts";

let folder: RulesFolder;
let rules: readonly LoadedRule[];

const head = `import { defineRule, evaluateThreshold, getStringSet, addToStringSet, incrementCounter } from "stakeout";
`;

beforeAll(async () => {
  folder = withRules({
    "burst.ts": `${head}export default defineRule({ id: "Burst", logTypes: ["AWS.CloudTrail"], severity: "high", dedupPeriod: "10m",
      rule: (event) => evaluateThreshold("burst-" + event.userIdentity?.arn, 3, 300),
      title: (event) => event.userIdentity?.arn + " three times", alertContext: (event) => ({ region: event.awsRegion }) });`,
    "new.ts": `${head}export default defineRule({ id: "NewAddress", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "30m", threshold: 2,
      async rule(event) {
        const known = await getStringSet("known-" + event.userIdentity?.arn);
        await addToStringSet("known-" + event.userIdentity?.arn, event.sourceIPAddress, { in: "20m" });
        return !known.has(event.sourceIPAddress);
      },
      unique: (event) => event.sourceIPAddress, dedup: () => "all" });`,
    "throws.ts": `${head}export default defineRule({ id: "Throws", logTypes: ["AWS.CloudTrail"], severity: "info",
      async rule() {
        if ((await incrementCounter("throws")) % 5 === 0) throw new RangeError("five");
        return false;
      } });`,
  });
  const loaded = await folder.load();
  if (loaded.problems.length > 0) throw new Error(JSON.stringify(loaded.problems));
  rules = loaded.rules;
});
afterAll(() => folder[Symbol.dispose]());

interface Sample {
  /** After `startMs`; `undefined` for an event without a time. */
  readonly seconds: number | undefined;
  readonly line: string;
}

const sample: fc.Arbitrary<Sample> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({
        seconds: fc.option(fc.integer({ min: 0, max: 7200 }), { nil: undefined, freq: 10 }),
        user: fc.constantFrom("ada", "bo"),
        address: fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3"),
      })
      .map(({ seconds, user, address }) => {
        const fields = { userIdentity: { arn: user }, sourceIPAddress: address };
        const line = cloudTrail(seconds ?? 0, seconds === undefined ? { ...fields, eventTime: "" } : fields);
        return { seconds, line };
      }),
  },
  { weight: 1, arbitrary: fc.constant({ seconds: undefined, line: "{broken" }) },
);

const samples = fc.array(sample, { maxLength: 60 });

function linesOf(list: readonly Sample[]): readonly string[] {
  return list.map(({ line }) => line);
}

/** Live processing: one run after another over what has arrived, each with chunks of its own size. */
async function runLive(
  records: readonly string[],
  runs: readonly { readonly share: number; readonly chunkRecords: number }[],
): Promise<readonly Alert[]> {
  const disk = new Disk();
  const cuts = runs
    .map(({ share }) => Math.floor(share * records.length))
    .sort((left, right) => left - right);
  for (const [index, arrived] of [...cuts, records.length].entries()) {
    const chunkRecords = runs[index]?.chunkRecords ?? 7;
    const { lane } = await createLane({ records: records.slice(0, arrived), rules, disk, chunkRecords });
    await lane.run();
  }
  const store = await diskStore(disk);
  const { alerts } = await listAlerts(store, { limit: 1000 });
  return sorted(await Promise.all(alerts.map(({ id }) => showAlert(store, id))));
}

interface Found {
  readonly alerts: readonly Alert[];
  readonly end: BacktestEnd;
}

async function runBacktest(
  records: readonly string[],
  config: Partial<BacktestConfig> = {},
  chunkRecords = 7,
): Promise<Found> {
  let text = "";
  const limits = defaultLimits;
  const parts = await prepareBacktest(
    {
      fromMs: undefined,
      toMs: undefined,
      onlyRules: [],
      onlyKnownRules: true,
      stateFrom: undefined,
      wallMs: farClock.nowMs(),
      ...config,
    },
    { rules, limits, write: async (piece) => void (text += piece), warn: () => undefined },
  );
  const { store } = parts;
  const { lane } = await createLane({
    records,
    rules,
    chunkRecords,
    parts: {
      ...parts,
      clock: farClock,
      evaluation: new Evaluation(store, limits),
      alertBook: createAlertBook({ store, limits }),
      ruleErrorBook: createRuleErrorBook({ store, limits }),
      outputs: new AlertOutputs({
        files: [],
        destinations: [],
        outbox: createOutbox({ store, destinations: [] }),
        remote: undefined,
        routing: undefined,
        clock: farClock,
      }),
    },
  });
  await lane.run();
  return parseReport(text);
}

function parseReport(text: string): Found {
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  const alerts = lines.filter(([kind]) => kind === "alert").map(([, json = ""]) => JSON.parse(json) as Alert);
  const [, end = ""] = lines.at(-1) ?? [];
  return { alerts: sorted(alerts), end: JSON.parse(end) as BacktestEnd };
}

function sorted(alerts: readonly Alert[]): readonly Alert[] {
  return [...alerts].sort((left, right) => (left.id < right.id ? -1 : 1));
}

test("finds the alerts of live processing, however that was cut into batches and runs", async () => {
  const run = fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    chunkRecords: fc.integer({ min: 1, max: 9 }),
  });
  let alerts = 0;
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.array(run, { maxLength: 4 }),
      fc.integer({ min: 1, max: 100 }),
      async (list, runs, chunkRecords) => {
        const live = await runLive(linesOf(list), runs);
        const found = await runBacktest(linesOf(list), {}, chunkRecords);
        expect(found.alerts).toEqual(live);
        alerts += live.length;
      },
    ),
    { numRuns: 200 },
  );
  // Else the property would hold for an engine that never alerts.
  expect(alerts).toBeGreaterThan(100);
});

test("a period gives what the same files without the events outside give", async () => {
  const bound = fc.option(fc.integer({ min: -10, max: 7300 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(samples, bound, bound, async (list, from, to) => {
      // An undated event belongs to the latest time before it.
      let reached = Number.NEGATIVE_INFINITY;
      const inside = list.filter(({ seconds, line }) => {
        reached = Math.max(reached, seconds ?? Number.NEGATIVE_INFINITY);
        if (line === "{broken") return true;
        const at = seconds ?? reached;
        return at >= (from ?? Number.NEGATIVE_INFINITY) && at < (to ?? Number.POSITIVE_INFINITY);
      });
      const found = await runBacktest(linesOf(list), {
        fromMs: from === undefined ? undefined : startMs + from * 1000,
        toMs: to === undefined ? undefined : startMs + to * 1000,
      });
      const expected = await runBacktest(linesOf(inside));
      expect(found.end.outsidePeriod).toBe(list.length - inside.length);
      expect(found.alerts.map(withoutOffsets)).toEqual(expected.alerts.map(withoutOffsets));
      expect(found.end.clockMs).toBe(expected.end.clockMs);
    }),
    { numRuns: 100 },
  );
});

/** Where records stand in the input differs when others are left out. */
function withoutOffsets({ position: _position, events, ...alert }: Alert): unknown {
  return { ...alert, events: events.map(({ p_row_id: _rowId, ...event }) => event) };
}

test("reports rule errors with how often they happened", async () => {
  const { end } = await runBacktest(Array.from({ length: 11 }, (_, index) => cloudTrail(index)));
  expect(end.ruleErrors.filter(({ ruleId }) => ruleId === "Throws")).toMatchObject([
    { function: "rule", type: "RangeError", count: 2, last: { message: "five" } },
  ]);
});

describe("only some rules", () => {
  const records = Array.from({ length: 9 }, (_, index) =>
    cloudTrail(index, { userIdentity: { arn: "ada" }, sourceIPAddress: `192.0.2.${index}` }),
  );

  async function ids(config: Partial<BacktestConfig>): Promise<ReadonlySet<string>> {
    return new Set((await runBacktest(records, config)).alerts.map(({ ruleId }) => ruleId));
  }

  test("are asked", async () => {
    expect(await ids({})).toEqual(new Set(["Burst", "NewAddress"]));
    expect(await ids({ onlyRules: ["Burst"] })).toEqual(new Set(["Burst"]));
  });

  test("must exist, with a suggestion", async () => {
    await expect(runBacktest([], { onlyRules: ["Brust"] })).rejects.toMatchObject({
      code: "USAGE",
      message: "There is no rule Brust. Did you mean Burst?",
    });
  });

  test("may be missing in a baseline", async () => {
    const found = await runBacktest(records, { onlyRules: ["Brust"], onlyKnownRules: false });
    expect(found.alerts).toEqual([]);
  });
});

describe("the period", () => {
  const wall = { nowMs: () => 1_000_000, monotonicMs: () => 0 };

  test("includes its beginning and not its end", () => {
    const period = new Period({ fromMs: 100, toMs: 200, wall });
    expect([99, 100, 199, 200].map((timeMs) => period.includes(timeMs))).toEqual([false, true, true, false]);
    expect(period.outside).toBe(2);
    expect(period.firstMs).toBe(100);
  });

  test("has undated events where the events before them are", () => {
    const period = new Period({ fromMs: 100, toMs: 200, wall });
    const times = [undefined, 50, undefined, 150, undefined, 60, undefined, 250, undefined];
    expect(times.map((timeMs) => period.includes(timeMs))).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  test("without bounds has every event, and no first time while none is dated", () => {
    const period = new Period({ wall });
    expect(period.includes(undefined)).toBe(true);
    expect(period.firstMs).toBeUndefined();
  });

  test("takes a time that is yet to come as the wall clock's", () => {
    const period = new Period({ wall });
    period.includes(5_000_000);
    expect(period.firstMs).toBe(1_000_000);
  });
});
