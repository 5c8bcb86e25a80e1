import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnEventLoop } from "node:timers/promises";

import { describe, expect, onTestFinished, test } from "vitest";

import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import type { Problem } from "../../src/core/errors.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { CommittedMessage } from "../../src/engine/lane-messages.ts";
import type { Standby } from "../../src/engine/supervisor.ts";
import { LaneKeeper } from "../../src/service/lane-keeper.ts";
import { openSpool } from "../../src/sources/spool/open.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { cloudTrail } from "../engine/fixtures.ts";
import { entryOf } from "../sources/spool/fixtures.ts";

interface Fixture {
  readonly keeper: LaneKeeper;
  readonly invalid: (readonly Problem[])[];
  readonly failures: Error[];
  readonly committed: CommittedMessage[];
  /** Writes the rule file. */
  readonly write: (text: string) => void;
  readonly give: (...names: readonly string[]) => Promise<void>;
}

const head = `import { defineRule } from "stakeout";\n`;
const shape = `id: "Rule", logTypes: ["AWS.CloudTrail"], severity: "low"`;
const whole = `${head}export default defineRule({ ${shape}, rule: () => true });`;
const broken = "const broken = ;";
/** Ends the lane when it sees an event named Bad. */
const ending = `${head}export default defineRule({ ${shape},
  rule: (event) => { if (event.eventName === "Bad") process.exit(3); return true; } });`;

async function createKeeper(text = whole): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-keeper-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "rules"));
  const write = (content: string): void => writeFileSync(join(folder, "rules", "rule.ts"), content);
  write(text);
  let keeper: LaneKeeper | undefined;
  const spool = await openSpool({
    folder: join(folder, "spool"),
    sources: ["web"],
    backlogBytesMax: 1024 * 1024,
    idempotencyMs: 1000,
    clock: manualClock(),
    onAppended: (source) => keeper?.tell({ type: "arrival", source }),
    warn: () => undefined,
  });
  onTestFinished(() => spool.close());
  const invalid: (readonly Problem[])[] = [];
  const failures: Error[] = [];
  const committed: CommittedMessage[] = [];
  keeper = new LaneKeeper({
    threadUrl: new URL("../../src/config/lane-thread.ts", import.meta.url),
    config: configOf(folder, spool.link("web")),
    onStuck: () => undefined,
    onRulePrint: () => undefined,
    onWarning: () => undefined,
    onRules: () => undefined,
    onDeliver: () => undefined,
    onCommitted: (message) => committed.push(message),
    onRestart: () => undefined,
    onInvalid: (problems) => invalid.push(problems),
    onFailed: (error) => failures.push(error),
  });
  const created = keeper;
  onTestFinished(() => created.stop());
  const give: Fixture["give"] = async (...names) => {
    await spool.append(
      entryOf(
        names.map((eventName) => cloudTrail(0, { eventName })),
        { source: "web" },
      ),
    );
  };
  return { keeper: created, invalid, failures, committed, write, give };
}

function configOf(folder: string, link: SharedArrayBuffer): RunConfig {
  const shapes = { logType: undefined, format: "auto", envelopeField: undefined } as const;
  return {
    ...shapes,
    rules: [join(folder, "rules")],
    inputs: [],
    stdin: false,
    logTypes: [],
    stateFile: join(folder, "state.db"),
    alertsFile: undefined,
    deadLettersFile: join(folder, "dead-letters.jsonl"),
    console: undefined,
    limits: defaultLimits,
    batch: { ...defaultBatch, latencyMs: 1 },
    service: {
      sources: [{ ...shapes, kind: "spool", name: "web", link }],
      spoolFolder: join(folder, "spool"),
      destinations: [],
      staged: [],
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turnEventLoop();
}

async function standbyOf(keeper: LaneKeeper): Promise<Standby> {
  const prepared = await keeper.prepare();
  if (prepared.kind !== "standby") throw new Error(JSON.stringify(prepared));
  return prepared.standby;
}

/** A keeper whose lane died when its files were broken, after one event. */
async function withoutLane(): Promise<Fixture> {
  const fixture = await createKeeper(ending);
  await fixture.keeper.start();
  await fixture.give("Good");
  await until(() => fixture.committed.at(-1)?.totals.events === 1);
  fixture.write(broken);
  await fixture.give("Bad");
  await until(() => fixture.invalid.length > 0);
  return fixture;
}

describe("starting", () => {
  test("resolves when events are examined", async () => {
    const { keeper } = await createKeeper();
    expect(await keeper.start()).toBeUndefined();
    expect(keeper.running).toBe(true);
    expect(keeper.counters()).toMatchObject({ events: 0 });
  });

  test("with broken files answers the problems, and nothing runs", async () => {
    const { keeper, invalid } = await createKeeper(broken);
    expect(await keeper.start()).toMatchObject([{ file: expect.stringMatching(/rule\.ts$/) as unknown }]);
    expect(keeper.running).toBe(false);
    expect(invalid).toEqual([]);
  });

  test("after a stop is refused, so that nothing is left running", async () => {
    const { keeper } = await createKeeper();
    await keeper.start();
    await keeper.stop();
    await expect(keeper.start()).rejects.toMatchObject({ code: "LANE_FAILED" });
    await expect(keeper.prepare()).rejects.toMatchObject({ code: "LANE_FAILED" });
  });
});

describe("stopping", () => {
  test("waits for the lane, and is no failure", async () => {
    const { keeper, failures } = await createKeeper();
    await keeper.start();
    await keeper.stop();
    expect(keeper.running).toBe(false);
    expect(failures).toEqual([]);
  });

  test("while the lane is being started waits for it as well", async () => {
    const { keeper } = await createKeeper();
    let started = false;
    const starting = keeper.start().then(
      () => (started = true),
      () => (started = true),
    );
    await keeper.stop();
    await turnEventLoop();
    expect(started).toBe(true);
    expect(keeper.running).toBe(false);
    await starting;
  });

  test("without a lane is done at once", async () => {
    const { keeper } = await createKeeper();
    await keeper.stop();
    expect(keeper.running).toBe(false);
  });
});

describe("content that waits", () => {
  test("is swapped in", async () => {
    const { keeper, give, committed } = await createKeeper();
    await keeper.start();
    await keeper.swap(await standbyOf(keeper));
    await give("Good");
    await until(() => committed.at(-1)?.totals.events === 1);
    expect(keeper.counters()).toMatchObject({ events: 1, alerts: 1 });
  });

  test.each(["swap", "discard"] as const)("does not live on after a stop: %s", async (action) => {
    const { keeper } = await createKeeper();
    await keeper.start();
    const standby = await standbyOf(keeper);
    await keeper.stop();
    await keeper[action](standby).catch(() => undefined);
    expect(standby.lane.hasEnded).toBe(true);
  });
});

describe("a lane that died when its files were broken", () => {
  test("stays away, and says so", async () => {
    const { keeper, invalid, failures } = await withoutLane();
    expect(keeper.running).toBe(false);
    expect(invalid).toMatchObject([[{ file: expect.stringMatching(/rule\.ts$/) as unknown }]]);
    expect(failures).toEqual([]);
    await expect(keeper.command({ type: "drop", keys: [] })).rejects.toMatchObject({ code: "LANE_FAILED" });
  });

  test("is not started with files that are still broken", async () => {
    const { keeper } = await withoutLane();
    expect(await keeper.prepare()).toMatchObject({ kind: "invalid", problems: [{}] });
    expect(keeper.running).toBe(false);
  });

  test("is started once they are whole, and goes on with what came meanwhile and with its totals", async () => {
    const { keeper, write, give, committed } = await withoutLane();
    await give("Meanwhile");
    write(whole);
    expect(await keeper.prepare()).toEqual({ kind: "started" });
    expect(keeper.counters()?.events).toBeGreaterThanOrEqual(1);
    await until(() => committed.at(-1)?.totals.events === 3);
    expect(keeper.counters()).toMatchObject({ events: 3, matches: 3 });
    expect(committed.at(-1)?.totals.rules["Rule"]).toMatchObject({ matches: 3 });
  });
});
