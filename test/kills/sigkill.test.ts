import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Chance } from "../../sim/chance.ts";
import { Bench, chanceFor, differences, type Outcome, tell } from "./fixtures.ts";
import type { Moment } from "./interrupter.ts";
import { brokenIn, events, ruleFiles, tick } from "./stream.ts";
import { type Left, type Phase, whatIsLeft } from "./what-is-left.ts";

const eventCount = 200_000;
const killsMin = 32;
/** Where the machine's speed keeps some phase from being hit. */
const killsMax = 64;

type Tally = Record<Phase, number>;

/** What the big run must have been killed at; delivery goes through no outbox where alerts go into a file. */
const phases = ["start-up", "reading", "commit", "fold"] as const;

function momentFor(chance: Chance, tally: Tally, foldDue: boolean): Moment {
  if (foldDue && (tally.fold < 4 || chance.happens(0.5))) {
    return { after: "state.db-wal", times: chance.between(1, 6), delayMs: chance.below(120) };
  }
  const moments: readonly [Moment, Moment, Moment, Moment] = [
    { after: { text: tick }, times: chance.between(1, 40), delayMs: chance.below(300) },
    { after: "start", delayMs: chance.below(400) },
    { after: "alerts.jsonl", times: chance.between(1, 4), delayMs: chance.below(3) },
    { after: "state.db-wal", times: chance.between(1, 6), delayMs: chance.below(10) },
  ];
  return moments[killsIn(tally) % 4] ?? moments[0];
}

function isEnough(tally: Tally): boolean {
  const kills = killsIn(tally);
  return kills >= killsMax || (kills >= killsMin && phases.every((phase) => tally[phase] > 0));
}

describe("a run that is killed again and again", () => {
  let bench: Bench;
  let whole: Outcome;
  beforeAll(async () => {
    bench = new Bench(ruleFiles, events(eventCount));
    whole = await bench.runWhole();
  });
  afterAll(() => bench[Symbol.dispose]());

  /** Kills runs on one state until it has had enough kills or one of them reached the end. */
  async function killUntilDone(name: string, chance: Chance, tally: Tally): Promise<void> {
    let left: Left = { phase: "start-up", foldDue: false };
    while (!isEnough(tally)) {
      const moment = momentFor(chance, tally, left.foldDue);
      const ended = await bench.run({ name, interruption: { moment, signal: "SIGKILL" } });
      if (ended.code === 0) return;
      expect(ended).toMatchObject({ signal: "SIGKILL" });
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
    for (; !isEnough(tally); laps++) {
      await killUntilDone(`lap-${laps}`, chance, tally);
      expect(differences(await bench.outcome(`lap-${laps}`), whole)).toEqual([]);
    }
    const alerts = whole.alerts.split("\n").length - 1;
    tell(`${eventCount} events, ${alerts} alert lines, ${killsIn(tally)} kills in ${laps} laps`);
    tell(`by what was left: ${JSON.stringify(tally)}`);
    expect(alerts).toBeGreaterThan(1000);
    expect(whole.deadLetters.split("\n").length - 1).toBe(brokenIn(eventCount));
    expect(Math.min(...phases.map((phase) => tally[phase]))).toBeGreaterThan(0);
  });
});

describe("a first run that is killed while it makes the state file", () => {
  let bench: Bench;
  let whole: Outcome;
  beforeAll(async () => {
    bench = new Bench(ruleFiles, events(300));
    whole = await bench.runWhole();
  });
  afterAll(() => bench[Symbol.dispose]());

  test("leaves nothing in the way of the next", async () => {
    const chance = chanceFor("SIGKILL at the first start");
    let kills = 0;
    for (let number = 0; number < 8; number++) {
      const name = `first-${number}`;
      const moment = {
        after: "state.db-new",
        times: chance.between(1, 4),
        delayMs: chance.below(4),
      } as const;
      const ended = await bench.run({ name, interruption: { moment, signal: "SIGKILL" } });
      kills += Number(ended.signal === "SIGKILL");
      expect(await bench.run({ name })).toMatchObject({ code: 0 });
      expect(differences(await bench.outcome(name), whole)).toEqual([]);
    }
    tell(`${kills} kills of first runs`);
    expect(kills).toBeGreaterThan(0);
  });
});

function killsIn(tally: Tally): number {
  return Object.values(tally).reduce((sum, kills) => sum + kills, 0);
}
