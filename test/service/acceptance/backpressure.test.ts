import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { Load, tell } from "./client.ts";
import { counterOf, Site } from "./site.ts";

const eventsMin = 12_000;
const clients = 3;
const mib = 1024 * 1024;
/** What memory may grow by between the first and the last third of the time: what garbage collection leaves to chance. */
const growthBytesMax = 64 * mib;

const slowRule = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Test.Slow", logTypes: ["AWS.CloudTrail"], severity: "low",
  async rule(event) {
    await incrementCounter("examined");
    let value = event.number;
    for (let round = 0; round < 20000; round++) value = (value * 1103515245 + 12345) % 2147483648;
    return value === 0.5;
  },
});`;

test("clients faster than the engine are told to come later, and nothing is lost", async () => {
  const site = await Site.open({
    rules: { "slow.ts": slowRule },
    settings: { spool: { backlogBytesMax: "512KiB" } },
  });
  const process = site.start();
  await site.eventsUrl();
  const loads = Array.from({ length: clients }, (_, number) => new Load(site, { name: `client-${number}` }));
  const total = (): number => loads.reduce((sum, { sent }) => sum + sent, 0);
  const bytes: number[] = [];
  let backlogBytesMost = 0;
  while (total() < eventsMin) {
    const { sources } = await process.status();
    backlogBytesMost = Math.max(backlogBytesMost, sources[0]?.backlogBytes ?? 0);
    bytes.push(process.residentBytes());
    await delay(50);
  }
  await Promise.all(loads.map((load) => load.end()));
  await site.drained();
  expect(await process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const third = Math.floor(bytes.length / 3);
  const [atFirst, atLast] = [Math.max(...bytes.slice(0, third)), Math.max(...bytes.slice(-third))];
  const refused = loads.reduce((sum, { client }) => sum + (client.counts.refused[429] ?? 0), 0);
  const requests = loads.reduce((sum, { client }) => sum + client.counts.requests, 0);
  tell(
    `${total()} events of ${clients} clients in ${requests} requests, ${refused} of them answered with 429; backlog at most ` +
      `${Math.round(backlogBytesMost / 1024)} KiB; memory at most ${Math.round(atFirst / mib)} MiB in the first third ` +
      `and ${Math.round(atLast / mib)} MiB in the last (${bytes.length} samples)`,
  );
  expect(counterOf(await site.outcome(), "examined")).toBe(total());
  expect(refused).toBeGreaterThan(0);
  expect(loads.map(({ client }) => client.counts.refusedWithoutTime)).toEqual(loads.map(() => 0));
  expect(backlogBytesMost).toBeLessThan(mib);
  expect(atLast - atFirst).toBeLessThan(growthBytesMax);
});
