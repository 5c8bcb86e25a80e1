import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { LaneOutcome } from "../../src/engine/supervisor.ts";
import { type Service, startService, until } from "./swap-fixtures.ts";

/** The lane after it was told to stop. */
async function stopped({ lane }: Service): Promise<LaneOutcome> {
  lane.stop();
  return await lane.outcome;
}

describe("content that is swapped in", () => {
  test("acts from the next batch on, on the state that the old left", async () => {
    const service = await startService();
    const { lane, rule, examine, loaded } = service;
    await examine(2, "A", "B");
    rule("Counts", `return (await incrementCounter("seen")) === 3;`);
    rule("New", `await incrementCounter("new"); return false;`);
    await lane.swap(await service.prepareValid());
    expect(lane.control.read()).toMatchObject({ events: 2 });
    const counters = await examine(3, "C");
    expect(counters).toMatchObject({ events: 3, alerts: 1, matches: 1 });
    expect(loaded.map((rules) => rules.map(({ id }) => id))).toEqual([["Counts"], ["Counts", "New"]]);
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 3, new: 1 });
  });

  test("does not act before", async () => {
    const service = await startService();
    service.rule("New", `await incrementCounter("new"); return false;`);
    const standby = await service.prepareValid();
    await service.examine(1, "A");
    await service.lane.swap(standby);
    await service.examine(2, "B");
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 2, new: 1 });
  });

  test("under load costs no event and counts none twice", async () => {
    const service = await startService();
    const names = Array.from({ length: 20 }, (_, n) => `Call${n}`);
    let given = 0;
    const load = async (): Promise<void> => {
      for (let n = 0; n < 30; n++, given += names.length) await service.give(...names);
    };
    const loading = load();
    for (let n = 0; n < 3; n++) await service.lane.swap(await service.prepareValid());
    await loading;
    await until(() => service.committed.at(-1)?.totals.events === given);
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 600 });
  });

  test("takes over the totals of rules, and deliveries under way are handed over again under the same keys", async () => {
    const service = await startService();
    service.rule("Counts", `return true;`);
    await service.lane.swap(await service.prepareValid());
    await service.examine(2, "A", "B");
    await until(() => service.handed.length === 2);
    await service.lane.swap(await service.prepareValid());
    await service.examine(3, "C");
    await until(() => service.handed.length === 5);
    expect(new Set(service.handed.map(({ key }) => key)).size).toBe(3);
    expect(service.committed.at(-1)?.totals.rules["Counts"]).toMatchObject({ matches: 3, alerts: 3 });
    expect(await stopped(service)).toMatchObject({ kind: "done", result: { matches: { Counts: 3 } } });
  });

  test("that is invalid is not put to use, and the old goes on", async () => {
    const service = await startService();
    service.rule("Broken", "", "const broken = ;");
    expect(await service.prepare()).toMatchObject({
      kind: "invalid",
      problems: [{ file: expect.stringMatching(/Broken\.ts$/) as unknown, line: 2 }],
    });
    expect(await service.examine(1, "A")).toMatchObject({ events: 1 });
    expect(service.loaded).toHaveLength(1);
  });

  test("that does not end to load is not put to use, and the old goes on", async () => {
    const service = await startService();
    service.rule("Loops", "return false;", "for (;;);");
    const prepared = await service.prepare();
    expect(prepared).toMatchObject({
      kind: "invalid",
      problems: [{ file: expect.stringMatching(/Loops\.ts$/) as unknown }],
    });
    expect(await service.examine(1, "A")).toMatchObject({ events: 1 });
  });
});

describe("content that waits", () => {
  test("is ended when it is discarded, and the old goes on", async () => {
    const service = await startService();
    const standby = await service.prepareValid();
    await service.lane.discard(standby);
    expect(standby.lane.hasEnded).toBe(true);
    expect(await service.examine(1, "A")).toMatchObject({ events: 1 });
  });

  test("and ends by itself is not swapped in: the old goes on", async () => {
    const service = await startService();
    service.rule("Later", "return false;", `setImmediate(() => { throw new Error("later"); });`);
    const standby = await service.prepareValid();
    await standby.lane.ended;
    await expect(service.lane.swap(standby)).rejects.toMatchObject({ code: "LANE_FAILED" });
    expect(await service.examine(1, "A")).toMatchObject({ events: 1 });
    expect(service.loaded).toHaveLength(1);
  });

  test("and ends while the old makes way is not swapped in, and the old begins anew", async () => {
    const service = await startService();
    const flag = join(service.folder, "flag");
    const waits = `while (!existsSync(${JSON.stringify(flag)})) await setTimeout(1); return false;`;
    const imports = `import { existsSync } from "node:fs"; import { setTimeout } from "node:timers/promises";`;
    service.rule("Waits", waits, imports);
    await service.lane.swap(await service.prepareValid());
    const standby = await service.prepareValid();
    await service.give("A");
    await until(() => service.lane.control.busy() !== undefined);
    const swap = service.lane.swap(standby);
    await standby.lane.terminate();
    writeFileSync(flag, "");
    await expect(swap).rejects.toMatchObject({ code: "LANE_FAILED" });
    expect(await service.examine(2, "B")).toMatchObject({ events: 2 });
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 2 });
  });

  test("takes over from a lane that died and began anew meanwhile", async () => {
    const service = await startService();
    service.rule("Ends", `if (event.eventName === "Bad") process.exit(3); return false;`);
    await service.lane.swap(await service.prepareValid());
    const standby = await service.prepareValid();
    await service.examine(2, "Bad", "A");
    expect(service.restarts()).toBeGreaterThan(0);
    await service.lane.swap(standby);
    expect(await service.examine(3, "B")).toMatchObject({ events: 3, ruleErrors: 1 });
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 3 });
  });

  test("takes over from a lane that a rule holds up, and does not ask that rule about the event again", async () => {
    const service = await startService();
    service.rule("Loops", `while (event.eventName === "Bad"); return false;`);
    await service.lane.swap(await service.prepareValid());
    service.rule("New", `await incrementCounter("new"); return false;`);
    const standby = await service.prepareValid();
    await service.give("Bad", "A");
    await until(() => service.lane.control.busy() !== undefined);
    await service.lane.swap(standby);
    expect(await service.examine(3, "B")).toMatchObject({ events: 3, ruleErrors: 1 });
    expect(service.warnings.join()).toMatch(/Rule Loops took longer than its budget/);
    await stopped(service);
    expect(await service.state()).toEqual({ seen: 3, new: 3 });
  });
});

describe("a stop", () => {
  test("during a swap ends both threads, and the swap is refused", async () => {
    const service = await startService();
    const standby = await service.prepareValid();
    const swap = service.lane.swap(standby);
    service.lane.stop();
    await expect(swap).rejects.toMatchObject({ code: "LANE_FAILED" });
    expect(await service.lane.outcome).toMatchObject({ kind: "done", result: { interrupted: true } });
    expect(standby.lane.hasEnded).toBe(true);
  });

  test("just after a swap ends the new content as well", async () => {
    const service = await startService();
    await service.lane.swap(await service.prepareValid());
    expect(await stopped(service)).toMatchObject({ kind: "done" });
  });

  test("while content waits leaves it to who prepared it, and a swap is refused and ends it", async () => {
    const service = await startService();
    const standby = await service.prepareValid();
    await stopped(service);
    await expect(service.lane.swap(standby)).rejects.toMatchObject({ code: "LANE_FAILED" });
    expect(standby.lane.hasEnded).toBe(true);
  });
});

describe("a command", () => {
  test("is done between two batches and answered when it is committed", async () => {
    const service = await startService();
    const answer = await service.lane.command({ type: "stage", ruleId: "Counts", staged: true });
    expect(answer).toEqual({ done: 1, problems: [] });
    expect(service.committed.at(-1)?.service?.rules.staged).toEqual(["Counts"]);
  });

  test("that comes while a thread begins is done once it has begun", async () => {
    const service = await startService();
    await service.lane.swap(await service.prepareValid());
    const answer = await service.lane.command({ type: "stage", ruleId: "Counts", staged: true });
    expect(answer).toEqual({ done: 1, problems: [] });
  });

  test("that comes while a thread loads in place of one that died is done once it can be", async () => {
    const service = await startService();
    const loadsSlowly = "await new Promise((done) => setTimeout(done, 100));";
    service.rule("Ends", `if (event.eventName === "Bad") process.exit(3); return false;`, loadsSlowly);
    await service.lane.swap(await service.prepareValid());
    await service.give("Bad");
    await until(() => service.restarts() > 0);
    const answer = await service.lane.command({ type: "stage", ruleId: "Counts", staged: true });
    expect(answer).toEqual({ done: 1, problems: [] });
  });

  test("is refused by a lane that has ended", async () => {
    const service = await startService();
    await stopped(service);
    await expect(service.lane.command({ type: "drop", keys: [] })).rejects.toMatchObject({
      code: "LANE_FAILED",
    });
  });
});

test("ends of deliveries reach the lane that goes on, whichever handed them over", async () => {
  const service = await startService();
  service.rule("Counts", "return true;");
  await service.lane.swap(await service.prepareValid());
  await service.examine(1, "A");
  await until(() => service.handed.length === 1);
  await service.lane.swap(await service.prepareValid());
  await until(() => service.handed.length === 2);
  const key = service.handed[0]?.key ?? "";
  service.lane.tell({ type: "ended", ends: [{ kind: "delivered", key, attempts: 1 }] });
  await until(() => service.committed.at(-1)?.service?.waiting["remote"] === 0);
  expect(service.committed.at(-1)?.service?.settled).toEqual([key]);
});
