import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { expect, test, vi } from "vitest";

import { systemClock } from "../../../src/core/clock.ts";
import { Load, tell } from "./client.ts";
import { counterOf, Site } from "./site.ts";

const drainMs = 2000;
/** What the process gives itself beyond that before it gives up, with status 1. */
const graceMs = 5000;

const rule = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Test.Counted", logTypes: ["AWS.CloudTrail"], severity: "low",
  async rule(event) {
    await incrementCounter("examined");
    return event.number % 100 === 0;
  },
  dedup: (event) => String(event.number),
});`;

/** Makes a file when it begins to load, and takes a second. */
function slowToLoad(marker: string): string {
  return `import { writeFileSync } from "node:fs";
import { defineRule } from "stakeout";
writeFileSync(${JSON.stringify(marker)}, "");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
export default defineRule({ id: "Test.Slow", logTypes: ["AWS.CloudTrail"], severity: "low", rule: () => false });`;
}

/** A service that is about to load its rules. */
async function startSlowly(): Promise<Site> {
  const site = await Site.open({ rules: {} });
  const marker = site.pathOf("loading");
  site.writeRule("slow.ts", slowToLoad(marker));
  site.start();
  await vi.waitUntil(() => existsSync(marker), { timeout: 30_000, interval: 5 });
  return site;
}

test("SIGTERM ends a service that starts at once", async () => {
  const site = await startSlowly();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 143, signal: null });
  expect(site.process.log).toEqual([]);
});

test("SIGHUP neither ends a service that starts nor is forgotten", async () => {
  const site = await startSlowly();
  site.process.signal("SIGHUP");
  await site.eventsUrl();
  const reloads = async (): Promise<number> => (await site.process.status()).content.reloads;
  await vi.waitUntil(async () => (await reloads()) > 0, { timeout: 30_000, interval: 50 });
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("SIGTERM under load ends the service in time, and nothing is lost", async () => {
  const settings = { drain: `${drainMs}ms` };
  const site = await Site.open({ rules: { "counted.ts": rule }, settings });
  const loads: Load[] = [];
  const tookMs: number[] = [];
  // The receiver takes alerts, refuses them, hangs up.
  for (const how of [undefined, "status", "reset"] as const) {
    site.start();
    await site.eventsUrl();
    site.receiver.fail(how === undefined ? undefined : { how, untilMs: Number.POSITIVE_INFINITY });
    if (loads.length === 0) loads.push(...["one", "two", "three"].map((name) => new Load(site, { name })));
    await delay(700);
    const startedMs = systemClock.monotonicMs();
    expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
    tookMs.push(Math.round(systemClock.monotonicMs() - startedMs));
  }
  site.receiver.fail(undefined);
  site.start();
  await Promise.all(loads.map((load) => load.end()));
  await site.drained();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const sent = loads.map((load) => load.sent);
  const outcome = await site.outcome();
  const refused = loads.map(({ client }) => client.counts.refused[503] ?? 0);
  const unanswered = loads.map(({ client }) => client.counts.unanswered);
  const repeated = loads.map(({ client }) => client.counts.repeated);
  tell(
    `${sent.join(" + ")} events, stopped under load within ${tookMs.join(", ")} ms; answered with 503: ` +
      `${refused.join(", ")}; not answered: ${unanswered.join(", ")}; stored all the same: ${repeated.join(", ")}; ` +
      `${site.receiver.counts.alerts} deliveries, ${site.receiver.counts.repeated} received again`,
  );
  expect(counterOf(outcome, "examined")).toBe(sent.reduce((sum, count) => sum + count, 0));
  expect(site.receiver.keys.size).toBe(outcome.alerts.length);
  expect(Math.max(...tookMs)).toBeLessThan(drainMs + graceMs);
  // A stop answers the requests that it lets in: whoever has no answer was not let in.
  expect(repeated).toEqual(sent.map(() => 0));
});
