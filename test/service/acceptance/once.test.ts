import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { Chance } from "../../../sim/chance.ts";
import { events, ruleFiles } from "../../kills/stream.ts";
import { chunksOf, Client, tell } from "./client.ts";
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

/** What is not as if every delivery had arrived exactly once. */
function strayDeliveries(site: Site, whole: Outcome): readonly string[] {
  const expected = new Set(deliveryKeys(whole));
  const { keys } = site.receiver;
  return [
    ...[...expected.difference(keys)].map((key) => `${key} is missing`),
    ...[...keys.difference(expected)].map((key) => `${key} is one too many`),
  ];
}

test("events over HTTP raise the alerts of a run, each received once", async () => {
  const { rules, lines } = readExamples();
  await using site = await Site.open({ rules });
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

const eventCount = 12_000;
const chunkLength = 75;
/** Of requests on their way, of alerts being received, and of processes that start. */
const killsMin = 12;

/** Kills the service at moments left to chance, and starts it again each time. */
class Killer {
  kills = 0;
  killsInStart = 0;
  readonly #site: Site;
  readonly #chance: Chance;
  #underWay: Promise<void> | undefined;

  constructor(site: Site, chance: Chance) {
    this.#site = site;
    this.#chance = chance;
  }

  /** Strikes within so many milliseconds, unless it is about to already. */
  aim(withinMs: number): void {
    this.#underWay ??= this.#strike(this.#chance.below(withinMs)).finally(() => (this.#underWay = undefined));
  }

  async done(): Promise<void> {
    await this.#underWay;
  }

  async #strike(delayMs: number): Promise<void> {
    if (delayMs > 0) await delay(delayMs);
    await this.#site.killAndStart();
    this.kills += 1;
    while (this.#chance.happens(0.3)) {
      await delay(this.#chance.below(1200));
      this.killsInStart += 1;
      this.kills += 1;
      await this.#site.killAndStart();
    }
    // Otherwise one in which nothing happens would follow another.
    await this.#site.eventsUrl();
  }
}

test("kills, failing receivers and repeated requests change nothing", { timeout: 120_000 }, async () => {
  const lines = events(eventCount).trimEnd().split("\n");
  await using site = await Site.open({ rules: ruleFiles });
  const whole = await site.runWhole(`${lines.join("\n")}\n`);
  const seed = Number(process.env["STAKEOUT_KILLS_SEED"] ?? 1);
  const chance = new Chance(seed, "acceptance");
  const killer = new Killer(site, chance);
  site.start();
  const client = new Client(site);
  const chunks = chunksOf(lines, chunkLength);
  const { receiver } = site;
  site.onReceived = () => {
    if (chance.happens(0.02)) killer.aim(2);
  };
  for (const [index, chunk] of chunks.entries()) {
    const part = Math.floor((index / chunks.length) * 6);
    receiver.fail({
      how: part === 1 ? "status" : "reset",
      untilMs: part === 1 || part === 4 ? Number.POSITIVE_INFINITY : 0,
    });
    if (index % 10 === 0) process.stderr.write(`${index} ${JSON.stringify(client.counts)} ${JSON.stringify(receiver.counts)} ${killer.kills} ${process.uptime()}\n`);
    if (chance.happens(0.05)) killer.aim(12);
    await client.send(`chunk-${index}`, chunk);
    await client.send(`chunk-${index}`, chunk);
  }
  site.onReceived = () => undefined;
  await killer.done();
  while (killer.kills < killsMin) {
    killer.aim(5);
    await killer.done();
  }
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
  expect(client.counts.repeated).toBeGreaterThanOrEqual(chunks.length);
  expect(killer.killsInStart).toBeGreaterThan(0);
});
