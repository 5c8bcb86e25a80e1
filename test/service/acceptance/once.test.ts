import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Chance } from "../../../sim/chance.ts";
import { events, ruleFiles } from "../../kills/stream.ts";
import { chunksOf, Client, tell } from "./client.ts";
import { type Moment, Killer } from "./killer.ts";
import { deliveryKeys, differences, type Outcome, Site } from "./site.ts";

const examples = join(import.meta.dirname, "../../../examples");

/** The rules of the examples, and their events in order, a line each. */
function readExamples(): { readonly rules: Record<string, string>; readonly lines: readonly string[] } {
  const rules = readdirSync(join(examples, "rules")).map((name) => [
    name,
    readFileSync(join(examples, "rules", name), "utf8"),
  ]);
  const lines = readdirSync(join(examples, "events")).flatMap((name) => {
    const text = readFileSync(join(examples, "events", name), "utf8");
    if (name.endsWith(".ndjson")) return text.trimEnd().split("\n");
    const { Records } = JSON.parse(text) as { readonly Records: readonly unknown[] };
    return Records.map((record) => JSON.stringify(record));
  });
  return { rules: Object.fromEntries(rules), lines };
}

/** Tells of an event that is examined twice or not at all, which most events of the examples would not. */
const countingRule = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Test.Counted", logTypes: ["AWS.CloudTrail"], severity: "low",
  async rule() {
    await incrementCounter("examined");
    return false;
  },
});`;

/** What is not as if every delivery had arrived exactly once. */
function strayDeliveries(site: Site, whole: Outcome): readonly string[] {
  const expected = new Set(deliveryKeys(whole));
  const { keys } = site.receiver;
  const missing = [...expected].filter((key) => !keys.has(key));
  const added = [...keys].filter((key) => !expected.has(key));
  return [...missing.map((key) => `${key} is missing`), ...added.map((key) => `${key} is one too many`)];
}

test("events over HTTP raise the alerts of a run, each received once", async () => {
  const { rules, lines } = readExamples();
  const site = await Site.open({ rules: { ...rules, "counted.ts": countingRule } });
  const whole = await site.runWhole(`${lines.join("\n")}\n`);
  site.start();
  const client = new Client(site);
  for (const [index, chunk] of chunksOf(lines, 50).entries()) await client.send(`chunk-${index}`, chunk);
  await site.drained();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const { counts } = site.receiver;
  tell(`${lines.length} example events: ${counts.alerts} deliveries, ${counts.repeated} of them repeated`);
  expect(differences(await site.outcome(), whole)).toEqual([]);
  expect(strayDeliveries(site, whole)).toEqual([]);
  expect(counts).toEqual({ alerts: 7, repeated: 0, failed: 0, refused: 0 });
});

const eventCount = 9000;
const chunkLength = 75;
/** Kills besides those of processes that start. */
const strikes = 9;
/** Of six parts of the events, those during which the receiver fails, and how. */
const failures: Readonly<Record<number, "status" | "reset">> = { 1: "status", 4: "reset" };

/** What is done at which chunk, spread over all of them. */
function planKills(chance: Chance, chunkCount: number): ReadonlyMap<number, Moment> {
  const moments = Array.from({ length: strikes }, (_, number): [number, Moment] => [
    Math.floor(((number + chance.below(100) / 100) / strikes) * chunkCount),
    {
      // The third kind of moment is that of a process that starts.
      after: number % 2 === 0 ? "request" : "delivery",
      delayMs: chance.below(number % 2 === 0 ? 12 : 3),
      thenInStart: number % 3 === 0 ? [chance.below(900)] : [],
    },
  ]);
  return new Map(moments);
}

test("kills, failing receivers and repeated requests change nothing", { timeout: 180_000 }, async () => {
  const lines = events(eventCount).trimEnd().split("\n");
  const site = await Site.open({ rules: ruleFiles });
  const whole = await site.runWhole(`${lines.join("\n")}\n`);
  const seed = Number(process.env["STAKEOUT_KILLS_SEED"] ?? 1);
  const chunks = chunksOf(lines, chunkLength);
  const plan = planKills(new Chance(seed, "acceptance"), chunks.length);
  const killer = new Killer(site);
  const client = new Client(site);
  const { receiver } = site;
  site.start();
  for (const [index, chunk] of chunks.entries()) {
    const how = failures[Math.floor((index / chunks.length) * 6)];
    receiver.fail(how === undefined ? undefined : { how, untilMs: Number.POSITIVE_INFINITY });
    const moment = plan.get(index);
    if (moment !== undefined) await killer.aim(moment);
    await client.send(`chunk-${index}`, chunk);
    await client.send(`chunk-${index}`, chunk);
  }
  await killer.done();
  await site.drained();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const { counts } = receiver;
  tell(
    `STAKEOUT_KILLS_SEED=${seed}: ${lines.length} events, ${killer.kills} kills, ${killer.killsInStart} of them in ` +
      `start-up, ${client.counts.requests} requests for ${chunks.length} chunks, ${client.counts.unanswered} without ` +
      `an answer, ${client.counts.repeated} stored before; ${counts.alerts} deliveries, ${counts.failed} failed ` +
      `attempts, ${counts.repeated} received again`,
  );
  expect(differences(await site.outcome(), whole)).toEqual([]);
  expect(strayDeliveries(site, whole)).toEqual([]);
  expect(counts).toMatchObject({ alerts: whole.alerts.length, refused: 0 });
  expect(counts.failed).toBeGreaterThan(0);
  // The second of two is always one, the first only when its answer was lost.
  expect(client.counts.repeated).toBeGreaterThanOrEqual(chunks.length);
  expect(killer.kills).toBe(strikes + killer.killsInStart);
  expect(killer.killsInStart).toBeGreaterThan(1);
});
