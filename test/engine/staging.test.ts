import { describe, expect, test } from "vitest";

import { createAlertBook } from "../../src/alerts/book.ts";
import { listAlerts } from "../../src/alerts/list.ts";
import type { RemoteDelivery } from "../../src/alerts/remote-outbox.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { Staging } from "../../src/engine/staging.ts";
import type { RuleManifest } from "../../src/rules/manifest.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import type { StateStore } from "../../src/state/store.ts";
import { FakeStore, later } from "../alerts/fixtures.ts";
import { loadedRule } from "../rules/fixtures.ts";
import { cloudTrail, createLane, Disk, diskStore, linesOf, remoteOutputs, startMs } from "./fixtures.ts";

function manifestOf(overrides: Partial<RuleManifest>): RuleManifest {
  return loadedRule({}, overrides).manifest;
}

describe("a rule is staged", () => {
  test.each<readonly [string, boolean, Partial<RuleManifest>, readonly string[]]>([
    ["unless something says so: not", false, {}, []],
    ["when it says so itself", true, { stagedUntilMs: Number.POSITIVE_INFINITY }, []],
    ["before the date that it names", true, { stagedUntilMs: 1001 }, []],
    ["from that date on: not any more", false, { stagedUntilMs: 1000 }, []],
    ["when the configuration names it", true, { id: "A.B" }, ["X", "A.B"]],
    ["when a pattern of the configuration fits", true, { id: "A.B" }, ["A.*"]],
    ["when the configuration names another: not", false, { id: "A.BC" }, ["A.B"]],
  ])("%s", (...[, staged, overrides, patterns]) => {
    const staging = new Staging(new FakeStore(), patterns);
    expect(staging.isStaged(manifestOf(overrides), 1000)).toBe(staged);
  });

  test.each([true, false])("or not when a person decided so last, whatever else says: %s", (decision) => {
    const staging = new Staging(new FakeStore(), ["*"]);
    staging.decide("A", !decision);
    staging.decide("A", decision);
    const manifest = manifestOf({ id: "A", stagedUntilMs: decision ? 0 : Number.POSITIVE_INFINITY });
    expect(staging.isStaged(manifest, 1000)).toBe(decision);
  });
});

describe("decisions", () => {
  test("survive with the commit", async () => {
    const store = new FakeStore();
    const before = new Staging(later(store));
    before.decide("A", true);
    before.decide("B".repeat(10_000), false);
    store.commit(before.takeWrites());
    const after = new Staging(later(store), ["*"]);
    await after.load();
    expect(after.isStaged(manifestOf({ id: "A" }), 0)).toBe(true);
    expect(after.isStaged(manifestOf({ id: "B".repeat(10_000) }), 0)).toBe(false);
    expect(after.isStaged(manifestOf({ id: "C" }), 0)).toBe(true);
  });

  test("that no commit took down are forgotten", async () => {
    const store = new FakeStore();
    new Staging(store).decide("A", true);
    const after = new Staging(store);
    await after.load();
    expect(after.isStaged(manifestOf({ id: "A" }), 0)).toBe(false);
  });

  test("are written once each, the last of them", () => {
    const staging = new Staging(new FakeStore());
    staging.decide("A", true);
    staging.decide("A", false);
    expect(staging.takeWrites()).toMatchObject([{ value: { ruleId: "A", staged: false } }]);
    expect(staging.takeWrites()).toEqual([]);
  });
});

/** Matches every event; an alert for each name of an event, for a minute. */
function matching(overrides: Partial<RuleManifest>): LoadedRule {
  return loadedRule(
    { dedup: (fields) => fields["eventName"] },
    { id: "Noisy", logTypes: ["AWS.CloudTrail"], dedupPeriodMs: 60_000, ...overrides },
  );
}

interface Ran {
  readonly disk: Disk;
  readonly handed: readonly RemoteDelivery[];
  readonly alerts: number;
  /** Alerts in the state, as `dedup status`. */
  readonly kept: readonly string[];
}

interface RunOptions {
  readonly rule: LoadedRule;
  readonly staging?: (store: StateStore) => Staging;
  readonly alertsPerHourMax?: number;
}

/** Events by their seconds and names. */
async function run(events: readonly (readonly [number, string])[], options: RunOptions): Promise<Ran> {
  const { rule, staging = (store) => new Staging(store), alertsPerHourMax = 1000 } = options;
  const disk = new Disk();
  const handed: RemoteDelivery[] = [];
  const { lane, control } = await createLane({
    records: events.map(([seconds, eventName]) => cloudTrail(seconds, { eventName })),
    rules: [rule],
    disk,
    partsOf: (store) => ({
      staging: staging(store),
      alertBook: createAlertBook({ store, limits: { ...defaultLimits, alertsPerHourMax } }),
      outputs: remoteOutputs(store, disk, { handOver: (deliveries) => handed.push(...deliveries) }),
    }),
  });
  await lane.run();
  const { alerts } = await listAlerts(await diskStore(disk), { limit: 100 });
  const kept = alerts.map(({ dedup, status }) => `${dedup} ${status}`).toSorted();
  return { disk, handed, alerts: control.read().alerts, kept };
}

/** What anybody was told, as `dedup status`. */
function told({ disk, handed }: Ran): readonly string[] {
  const byFile = linesOf(disk, "alerts").map(({ dedup, status }) => `${String(dedup)} ${String(status)}`);
  const byRequest = handed.map(({ alert }) => `${alert.dedup} ${alert.status}`);
  return byFile.toSorted().concat(byRequest.toSorted());
}

const always = Number.POSITIVE_INFINITY;

describe("alerts of a staged rule", () => {
  test("are kept and counted, and nobody is told, also of the end of their windows", async () => {
    const ran = await run(
      [
        [0, "A"],
        [1, "A"],
        [2, "B"],
        [100, "A"],
      ],
      { rule: matching({ stagedUntilMs: always }) },
    );
    expect(ran.alerts).toBe(3);
    expect(ran.kept).toEqual(["A closed", "A open", "B closed"]);
    expect(told(ran)).toEqual([]);
  });

  test("are not told of either when there are too many of them", async () => {
    const events = ["A", "B", "C", "D"].map((name, second) => [second, name] as const);
    const ran = await run([...events, [3700, "E"]], {
      rule: matching({ stagedUntilMs: always }),
      alertsPerHourMax: 2,
    });
    expect(ran.kept).toContain("alertsPerHourMax closed");
    expect(told(ran)).toEqual([]);
  });

  test("of which there are too many are told of where the rule is not staged, even if it names nobody", async () => {
    const events = ["A", "B", "C", "D"].map((name, second) => [second, name] as const);
    const ran = await run(events, { rule: matching({ destinations: [] }), alertsPerHourMax: 2 });
    expect(told(ran)).toEqual(["alertsPerHourMax open", "alertsPerHourMax open"]);
  });

  test("begin to be told at the date that the rule names, on the engine clock", async () => {
    const ran = await run(
      [
        [0, "A"],
        [9, "B"],
        [10, "C"],
        [9, "D"],
        [200, "E"],
      ],
      { rule: matching({ stagedUntilMs: startMs + 10_000 }) },
    );
    // The event of D is late, and the clock does not go back; the windows of A and B were raised while the rule was staged.
    const expected = ["C closed", "C open", "D closed", "D open", "E open"];
    expect(told(ran)).toEqual([...expected, ...expected]);
    expect(ran.kept).toHaveLength(5);
  });

  test("are told from a person's decision on, and of windows that had not raised theirs", async () => {
    let staging: Staging | undefined;
    const rule = matching({ threshold: 2, stagedUntilMs: always });
    const deciding: LoadedRule = {
      ...rule,
      rule: (event) => {
        if (event.fields["eventName"] === "Promote") staging?.decide("Noisy", false);
        return event.fields["eventName"] !== "Promote";
      },
    };
    const ran = await run(
      [
        [0, "A"],
        [1, "A"],
        [2, "B"],
        [3, "Promote"],
        [4, "A"],
        [5, "B"],
        [100, "C"],
      ],
      { rule: deciding, staging: (store) => (staging = new Staging(store)) },
    );
    expect(told(ran)).toEqual(["B closed", "B open", "B closed", "B open"]);
    expect(ran.kept).toEqual(["A closed", "B closed"]);
  });
});
