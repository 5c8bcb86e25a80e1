import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Clock } from "../../src/core/clock.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { RecordChunk } from "../../src/core/record.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { createParser } from "../../src/parsers/parser.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import type { Source } from "../../src/sources/source.ts";
import { type RulesFolder, withRules } from "../rules/fixtures.ts";
import { cloudTrail, createLane, Disk, farClock, linesOf } from "./fixtures.ts";

const { logTypes } = loadLogTypes([]);
const principal = "arn:aws:iam::123456789012:user/ada";

/** A rule file for CloudTrail whose functions are given as text. */
function rule(id: string, functions: string): string {
  return `import { defineRule, getCounter, incrementCounter, now, resetCounter, setKeyExpiration } from "stakeout";
export default defineRule({ id: "${id}", logTypes: ["AWS.CloudTrail"], severity: "low", ${functions} });`;
}

const denials = `async rule(event) {
  if (event.errorCode !== "AccessDenied") return false;
  const count = await incrementCounter("denials");
  if (count === 1) await setKeyExpiration("denials", { in: "1h" });
  if (count < 3) return false;
  await resetCounter("denials");
  return true;
}, title: () => "three denials"`;

let folder: RulesFolder;
const rules = new Map<string, LoadedRule>();

beforeAll(async () => {
  folder = withRules({
    "a.ts": rule("A.Denials", denials),
    "b.ts": rule(
      "B.Throws",
      `rule: (event) => { if (event.eventName === "Boom") throw new TypeError("boom"); return false; }`,
    ),
    "c.ts": rule(
      "C.EveryWrite",
      `rule: (event) => event.readOnly === false, title: (event) => event.eventName, dedupPeriod: "10m"`,
    ),
    "d.ts": rule("D.Forgets", `async rule() { incrementCounter("forgotten"); return false; }`),
    "e.ts": rule("E.NotBoolean", `rule: (event) => event.eventName`),
    "f.ts": rule("F.Signal", `rule: () => true, createAlert: false`),
    "g.ts": rule("G.Nowhere", `rule: () => true, destinations: []`),
    "h.ts": rule("H.BadTitle", `rule: () => true, title: () => { throw new Error("no title"); }`),
    "i.ts": rule(
      "I.Standard",
      `rule: (event) => event.p_any_ip_addresses?.includes("192.0.2.1") === true, title: (event) => event.p_row_id + event.p_parse_time`,
    ),
  });
  const loaded = await folder.load();
  if (loaded.problems.length > 0) throw new Error(JSON.stringify(loaded.problems));
  for (const loadedRule of loaded.rules) rules.set(loadedRule.manifest.id, loadedRule);
});
afterAll(() => folder[Symbol.dispose]());

function named(...ids: readonly string[]): readonly LoadedRule[] {
  return ids.map((id) => {
    const found = rules.get(id);
    if (found === undefined) throw new Error(`no rule ${id}`);
    return found;
  });
}

function denied(seconds: number, fields: JsonObject = {}): string {
  return cloudTrail(seconds, { errorCode: "AccessDenied", userIdentity: { arn: principal }, ...fields });
}

describe("a lane", () => {
  test("raises an alert from state that earlier events left", async () => {
    const { lane, disk, control } = await createLane({
      records: [denied(0), denied(60), cloudTrail(61), denied(120)],
      rules: named("A.Denials"),
    });
    const result = await lane.run();
    expect(result).toEqual({ interrupted: false, matches: { "A.Denials": 1 }, suspended: [], limits: {} });
    expect(linesOf(disk, "alerts")).toMatchObject([
      { ruleId: "A.Denials", title: "three denials", status: "open" },
    ]);
    expect(control.read()).toMatchObject({ events: 4, alerts: 1, ruleErrors: 0, deadLetters: 0 });
  });

  test("continues in a new run after the last commit, and reads nothing twice", async () => {
    const disk = new Disk();
    const first = await createLane({ records: [denied(0), denied(1)], rules: named("A.Denials"), disk });
    await first.lane.run();
    const second = await createLane({
      records: [denied(0), denied(1), denied(2)],
      rules: named("A.Denials"),
      disk,
    });
    await second.lane.run();
    expect(second.control.read().events).toBe(1);
    expect(linesOf(disk, "alerts")).toHaveLength(1);
  });

  test("keeps a position that came without records", async () => {
    const none = new Uint32Array(0);
    const chunks: RecordChunk[] = [
      {
        source: "passing",
        stream: "1",
        bytes: Buffer.alloc(0),
        count: 0,
        starts: none,
        ends: none,
        baseOffset: 40,
        faults: undefined,
        positionAfter: () => ({ offset: 40 }),
      },
    ];
    const source: Source = {
      id: "passing",
      label: "passing",
      find: () => undefined,
      open: () => undefined,
      read: () => chunks.shift(),
      progress: () => ({ bytesRead: 0, bytesTotal: undefined }),
      close: () => undefined,
    };
    const parser = createParser({ logTypes, limits: defaultLimits, sourceLabel: "passing" });
    const { lane, disk } = await createLane({
      records: [],
      rules: [],
      parts: { inputs: [{ source, parser }] },
    });
    await lane.run();
    expect([...disk.positions.values()]).toEqual([{ source: "passing", stream: "1", value: { offset: 40 } }]);
  });

  test("closes a dedup window when the engine clock passes its end, before the event is examined", async () => {
    const write = (seconds: number): string => cloudTrail(seconds, { readOnly: false });
    const { lane, disk } = await createLane({
      records: [write(0), write(30), cloudTrail(600), write(601)],
      rules: named("C.EveryWrite"),
    });
    await lane.run();
    expect(linesOf(disk, "alerts")).toMatchObject([
      { status: "open", matchCount: 1 },
      { status: "closed", matchCount: 2 },
      { status: "open", matchCount: 1 },
    ]);
  });

  test("keeps a rule that throws from no other rule, and records the error", async () => {
    const { lane, disk, control } = await createLane({
      records: [cloudTrail(0, { eventName: "Boom", readOnly: false })],
      rules: named("B.Throws", "C.EveryWrite"),
    });
    await lane.run();
    expect(linesOf(disk, "alerts")).toMatchObject([{ ruleId: "C.EveryWrite" }]);
    expect(control.read().ruleErrors).toBe(1);
    const errors = [...disk.entries.values()].filter(({ kind }) => kind === "rule-error");
    expect(errors).toMatchObject([{ value: { ruleId: "B.Throws", type: "TypeError", message: "boom" } }]);
  });

  test("reports a forgotten await as an error of that rule", async () => {
    const { lane, disk } = await createLane({ records: [cloudTrail(0)], rules: named("D.Forgets") });
    await lane.run();
    const errors = [...disk.entries.values()].filter(({ kind }) => kind === "rule-error");
    expect(errors).toMatchObject([
      { value: { ruleId: "D.Forgets", type: "StakeoutError STATE_OPERATION_NOT_AWAITED" } },
    ]);
  });

  test("takes an answer that is not a boolean for an error, not for a match", async () => {
    const { lane, control } = await createLane({ records: [cloudTrail(0)], rules: named("E.NotBoolean") });
    expect(await lane.run()).toMatchObject({ matches: { "E.NotBoolean": 0 } });
    expect(control.read()).toMatchObject({ ruleErrors: 1, alerts: 0 });
  });

  test("counts the matches of a rule that creates no alert", async () => {
    const { lane, disk } = await createLane({ records: [cloudTrail(0)], rules: named("F.Signal") });
    expect(await lane.run()).toMatchObject({ matches: { "F.Signal": 1 } });
    expect(linesOf(disk, "alerts")).toEqual([]);
  });

  test("notifies nobody of an alert whose rule wants no destination, and keeps it in the state", async () => {
    const { lane, disk } = await createLane({ records: [cloudTrail(0)], rules: named("G.Nowhere") });
    await lane.run();
    expect(linesOf(disk, "alerts")).toEqual([]);
    expect(disk.delivered).toEqual([]);
    expect([...disk.entries.values()].filter(({ kind }) => kind === "alert")).toHaveLength(1);
  });

  test("raises the alert although its title cannot be made, and records why", async () => {
    const { lane, disk, control } = await createLane({
      records: [cloudTrail(0)],
      rules: named("H.BadTitle"),
    });
    await lane.run();
    expect(linesOf(disk, "alerts")).toMatchObject([{ title: "H.BadTitle" }]);
    expect(control.read()).toMatchObject({ alerts: 1, ruleErrors: 1 });
  });

  test("gives rules the standard fields, the engine clock as the time of parsing", async () => {
    const { lane, disk } = await createLane({
      records: [cloudTrail(5, { sourceIPAddress: "192.0.2.1" })],
      rules: named("I.Standard"),
    });
    await lane.run();
    expect(linesOf(disk, "alerts")).toMatchObject([
      { title: expect.stringMatching(/^[0-9a-f]{32}2026-01-01 00:00:05\.000000000$/) },
    ]);
  });

  test("writes a record that cannot become an event to the dead letters, with position, reason and bytes", async () => {
    const { lane, disk, control } = await createLane({
      records: [cloudTrail(0), '{"broken": '],
      rules: named("A.Denials"),
    });
    await lane.run();
    expect(control.read()).toMatchObject({ events: 1, deadLetters: 1 });
    expect(linesOf(disk, "dead-letters")).toMatchObject([
      {
        source: "list",
        stream: "only",
        offset: cloudTrail(0).length,
        reason: "invalid-json",
        bytesTotal: 11,
        bytes: Buffer.from('{"broken": ').toString("base64"),
      },
    ]);
  });

  test("delivers each alert to a destination behind the outbox, which is empty in the end", async () => {
    const { lane, disk } = await createLane({
      records: [cloudTrail(0, { readOnly: false }), cloudTrail(601)],
      rules: named("C.EveryWrite"),
      // One batch for everything, so that the last commits have something left to do.
      parts: { batch: { latencyMs: 1e9, bytesMax: 1e9 } },
    });
    await lane.run();
    expect(disk.delivered.map(({ alert }) => alert.status)).toEqual(["open", "closed"]);
    expect(new Set(disk.delivered.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
    expect([...disk.entries.values()].filter(({ kind }) => kind === "outbox")).toEqual([]);
  });

  test("stops after the event under way when asked to, and says so", async () => {
    const { lane, disk, control } = await createLane({
      records: [denied(0), denied(1), denied(2)],
      rules: named("A.Denials"),
      chunkRecords: 1,
    });
    control.requestStop();
    expect(await lane.run()).toMatchObject({ interrupted: true });
    expect(control.read().events).toBe(0);
    const again = await createLane({
      records: [denied(0), denied(1), denied(2)],
      rules: named("A.Denials"),
      disk,
    });
    await again.lane.run();
    expect(again.control.read().events).toBe(3);
  });

  test("commits within a chunk when its records take long", async () => {
    let monotonicMs = 0;
    const slowClock: Clock = { ...farClock, monotonicMs: () => (monotonicMs += 100) };
    const commitsOf = async (clock: Clock): Promise<number> => {
      const disk = new Disk();
      disk.stepsLeft = 1000;
      const { lane } = await createLane({
        records: Array.from({ length: 50 }, (_, second) => cloudTrail(second)),
        rules: named("F.Signal"),
        disk,
        chunkRecords: 50,
        parts: { clock, batch: { latencyMs: 1000, bytesMax: 1e9 } },
      });
      await lane.run();
      // A commit without lines is two steps on the disk.
      return (1000 - disk.stepsLeft) / 2;
    };
    expect(await commitsOf(farClock)).toBe(2);
    expect(await commitsOf(slowClock)).toBeGreaterThan(4);
  });
});
