import { expect, test, vi } from "vitest";

import { systemClock } from "../../../src/core/clock.ts";
import { Load, tell } from "./client.ts";
import { counterOf, Site } from "./site.ts";

/** A machine that does other things too takes longer than the two seconds that one should. */
const takesEffectMsMax = 10_000;

/** Counts every event, and raises an alert of its own for one of 500. */
function ruleText(id: string, expected = true): string {
  return `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "${id}", logTypes: ["AWS.CloudTrail"], severity: "low",
  async rule(event) {
    await incrementCounter("examined by ${id}");
    return event.number % 500 === 0;
  },
  dedup: (event) => String(event.number),
  title: (event) => "${id} at " + event.number,
  tests: [{ name: "one of 500", event: { number: 500 }, expect: ${expected} }],
});`;
}

/** How long it takes from writing a rule to the first of its alerts. */
async function measure(site: Site, file: string, id: string): Promise<number> {
  const received = site.received(`${id} at`);
  const startedMs = systemClock.monotonicMs();
  site.writeRule(file, ruleText(id));
  await received;
  return Math.round(systemClock.monotonicMs() - startedMs);
}

/** Writes a file that cannot take over, and waits until that is known. Answers the first of its problems. */
async function refusal(site: Site, file: string, text: string): Promise<string> {
  const { refusedReloads } = (await site.process.status()).content;
  site.writeRule(file, text);
  return await vi.waitUntil(
    async () => {
      const { content } = await site.process.status();
      return content.refusedReloads > refusedReloads && content.refused?.problems[0]?.message;
    },
    { timeout: takesEffectMsMax, interval: 50 },
  );
}

test("a rule edited under load takes effect, an invalid edit changes nothing", async () => {
  const site = await Site.open({ rules: { "first.ts": ruleText("Test.First") } });
  site.start();
  const load = new Load(site, { pauseMs: 30 });
  const startedMs = systemClock.monotonicMs();
  await site.received("Test.First at");
  const tookMs = [
    await measure(site, "second.ts", "Test.Second"),
    await measure(site, "first.ts", "Test.Edited"),
  ];
  const problems = [
    await refusal(site, "second.ts", "export default defineRule({"),
    await refusal(site, "second.ts", ruleText("Test.Failing", false)),
  ];
  // The old one goes on, and so does the other.
  await site.received("Test.Second at");
  await site.received("Test.Edited at");
  tookMs.push(await measure(site, "second.ts", "Test.Repaired"));
  expect((await site.process.status()).content).toMatchObject({ refusedReloads: 2 });
  expect((await site.process.status()).content).not.toHaveProperty("refused");
  await load.end();
  const perSecond = Math.round(load.sent / ((systemClock.monotonicMs() - startedMs) / 1000));
  await site.drained();
  expect(await site.process.end("SIGTERM")).toEqual({ code: 0, signal: null });
  const { alerts } = site.receiver.counts;
  tell(
    `${load.sent} events, ${perSecond} a second, ${alerts} deliveries; edits took effect after ${tookMs.join(", ")} ms; ` +
      `refused: ${problems.join(" | ")}`,
  );
  const outcome = await site.outcome();
  const examined = ["Test.First", "Test.Edited"].map((id) => counterOf(outcome, `examined by ${id}`));
  // Each event was examined by the rule before the edit or by the one after it.
  expect(examined[0] ?? 0).toBeGreaterThan(0);
  expect((examined[0] ?? 0) + (examined[1] ?? 0)).toBe(load.sent);
  expect(counterOf(outcome, "examined by Test.Failing")).toBe(0);
  expect(problems[1]).toContain("one of 500");
  expect(Math.max(...tookMs)).toBeLessThan(takesEffectMsMax);
});
