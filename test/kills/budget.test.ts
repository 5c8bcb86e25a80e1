import { afterAll, beforeAll, expect, test } from "vitest";

import { cli } from "../cli/fixtures.ts";
import { Bench, chanceFor, differences, tell } from "./fixtures.ts";
import type { Moment } from "./interrupter.ts";
import { events, rules } from "./stream.ts";

const eventCount = 8000;
/** Further apart than the time in which failures add up to a suspension. */
const hangingNumbers = [1500, 6000];

// It counts before it hangs: what it did to the state then must not stay.
const hangs = `import { defineRule, incrementCounter } from "stakeout";
export default defineRule({
  id: "Test.Hangs", logTypes: ["AWS.CloudTrail"], severity: "low", dedupPeriod: "5m",
  async rule(event) {
    const count = await incrementCounter("examined");
    if (${JSON.stringify(hangingNumbers)}.includes(event.number)) for (;;);
    return count % 100 === 0;
  },
  title: (event) => "at " + event.number,
});`;
const args = ["--rule-budget", "300ms"];

let bench: Bench;
beforeAll(
  () => void (bench = new Bench({ "counters.ts": rules.counters, "hangs.ts": hangs }, events(eventCount))),
);
afterAll(() => bench[Symbol.dispose]());

async function ruleErrorsOf(name: string): Promise<string> {
  const { stdout } = await cli(["errors", "list", "--json", "--state", bench.pathOf(name, "state.db")]);
  return stdout;
}

test("a rule that exceeds its budget while runs are killed has one rule error for each such event", async () => {
  const whole = await bench.runWhole(args);
  const chance = chanceFor("rule budget");
  // Before it is known which rule it was, and before it is committed.
  const texts = ["asks the rules about that event", "without asking it about that event"] as const;
  let kills = 0;
  for (let number = 0; number < 6; number++) {
    const moment: Moment = { after: { text: texts[number % 2] ?? texts[0] }, delayMs: chance.below(500) };
    const ended = await bench.run({ args, interruption: { moment, signal: "SIGKILL" } });
    kills += Number(ended.signal === "SIGKILL");
  }
  tell(`rule budget: ${kills} kills around ${hangingNumbers.length} events that are never done`);
  expect(kills).toBeGreaterThan(1);
  expect(await bench.run({ args })).toMatchObject({ code: 0 });
  expect(differences(await bench.outcome(), whole)).toEqual([]);
  const groups = (await ruleErrorsOf("run")).trimEnd().split("\n");
  expect(groups.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { ruleId: "Test.Hangs", count: hangingNumbers.length },
  ]);
  expect(await ruleErrorsOf("run")).toBe(await ruleErrorsOf("whole"));
});
