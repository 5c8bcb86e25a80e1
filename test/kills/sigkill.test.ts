import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Chance } from "../../sim/chance.ts";
import { Bench, chanceFor, differences, type Outcome, summaryOf, tell } from "./fixtures.ts";
import type { Moment } from "./interrupter.ts";
import { brokenIn, events, rules, tick } from "./stream.ts";
import { type Left, type Phase, whatIsLeft } from "./what-is-left.ts";

const eventCount = 200_000;
const killsMin = 32;

type Tally = Record<Phase, number>;

function momentFor(chance: Chance, kills: number, foldDue: boolean): Moment {
  if (foldDue && chance.happens(0.6)) {
    return { after: "state.db-wal", times: chance.between(1, 6), delayMs: chance.below(120) };
  }
  const moments: readonly [Moment, Moment, Moment, Moment] = [
    { after: "start", delayMs: chance.below(400) },
    { after: "alerts.jsonl", times: chance.between(1, 3), delayMs: chance.below(3) },
    { after: { text: tick }, times: chance.between(1, 20), delayMs: chance.below(300) },
    { after: "state.db-wal", times: chance.between(1, 4), delayMs: chance.below(10) },
  ];
  return moments[kills % 4] ?? moments[0];
}

describe("a run that is killed again and again", () => {
  let bench: Bench;
  let whole: Outcome;
  beforeAll(async () => {
    bench = new Bench(rules, events(eventCount));
    const ended = await bench.run({ name: "whole" });
    expect({ code: ended.code, ...summaryOf(ended) }).toMatchObject({
      code: 0,
      events: eventCount - brokenIn(eventCount),
      deadLetters: brokenIn(eventCount),
      ruleErrors: 0,
    });
    whole = await bench.outcome("whole");
  });
  afterAll(() => bench[Symbol.dispose]());

  /** Kills runs on one state until it has had enough kills or one of them reached the end. */
  async function killUntilDone(name: string, chance: Chance, tally: Tally): Promise<void> {
    let left: Left = { phase: "start-up", foldDue: false };
    while (killsIn(tally) < killsMin) {
      const moment = momentFor(chance, killsIn(tally), left.foldDue);
      const ended = await bench.run({ name, interruption: { moment, signal: "SIGKILL" } });
      if (ended.code === 0) return;
      expect(ended, JSON.stringify(moment)).toMatchObject({ signal: "SIGKILL" });
      left = whatIsLeft(bench, name, ended);
      tally[left.phase] += 1;
    }
    expect(await bench.run({ name })).toMatchObject({ code: 0 });
  }

  test("leaves the same files and the same state", { timeout: 180_000 }, async () => {
    const chance = chanceFor("SIGKILL");
    const tally: Tally = { "start-up": 0, reading: 0, commit: 0, fold: 0, delivery: 0 };
    let laps = 0;
    // A quick machine may be through before it has been killed often enough.
    for (; killsIn(tally) < killsMin; laps++) {
      await killUntilDone(`lap-${laps}`, chance, tally);
      expect(differences(await bench.outcome(`lap-${laps}`), whole)).toEqual([]);
    }
    const alerts = whole.alerts.split("\n").length - 1;
    tell(`${eventCount} events, ${alerts} alert lines, ${killsIn(tally)} kills in ${laps} laps`);
    tell(`by what was left: ${JSON.stringify(tally)}`);
    expect(alerts).toBeGreaterThan(1000);
    expect(Object.values({ ...tally, delivery: 1 }).every((kills) => kills > 0)).toBe(true);
  });
});

function killsIn(tally: Tally): number {
  return Object.values(tally).reduce((sum, kills) => sum + kills, 0);
}
