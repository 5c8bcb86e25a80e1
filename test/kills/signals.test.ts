import { afterAll, beforeAll, expect, test } from "vitest";

import type { Chance } from "../../sim/chance.ts";
import { Bench, chanceFor, differences, type Ended, type Outcome, summaryOf, tell } from "./fixtures.ts";
import { brokenIn, events, ruleFiles, tick } from "./stream.ts";
import { whatIsLeft } from "./what-is-left.ts";

const eventCount = 30_000;
const goodCount = eventCount - brokenIn(eventCount);

let bench: Bench;
let whole: Outcome;
beforeAll(async () => {
  bench = new Bench(ruleFiles, events(eventCount));
  whole = await bench.runWhole();
});
afterAll(() => bench[Symbol.dispose]());

function stopAt(chance: Chance, name: string, signal: NodeJS.Signals): Promise<Ended> {
  const moment = { after: { text: tick }, times: chance.between(1, 6), delayMs: chance.below(60) };
  return bench.run({ name, interruption: { moment, signal } });
}

test("a run that gets SIGTERM commits, stops with status 0, and goes on from there", async () => {
  const chance = chanceFor("SIGTERM");
  let taken = 0;
  let stops = 0;
  for (let interrupted = true; interrupted; stops += Number(interrupted)) {
    const ended =
      stops < 4 ? await stopAt(chance, "stopped", "SIGTERM") : await bench.run({ name: "stopped" });
    expect(ended).toMatchObject({ code: 0, signal: null });
    const summary = summaryOf(ended);
    interrupted = summary["interrupted"] === true;
    taken += Number(summary["events"]);
  }
  tell(`${goodCount} events, ${stops} times SIGTERM`);
  // Nothing was taken twice, so each stop had committed all that it had taken.
  expect(taken).toBe(goodCount);
  expect(stops).toBeGreaterThan(0);
  expect(differences(await bench.outcome("stopped"), whole)).toEqual([]);
});

test("a run that gets SIGTERM while it starts has lost nothing", async () => {
  const chance = chanceFor("SIGTERM at the start");
  for (let starts = 0; starts < 3; starts++) {
    const moment = { after: "start", delayMs: chance.below(300) } as const;
    const ended = await bench.run({ name: "start", interruption: { moment, signal: "SIGTERM" } });
    // Until it listens, a signal ends it as it ends every process.
    expect(["0 null", "null SIGTERM"]).toContain(`${ended.code} ${ended.signal}`);
  }
  expect(await bench.run({ name: "start" })).toMatchObject({ code: 0 });
  expect(differences(await bench.outcome("start"), whole)).toEqual([]);
});

test("a run that gets SIGTERM, SIGKILL and SIGINT in turn leaves the same files and the same state", async () => {
  const chance = chanceFor("signals in turn");
  const signals = ["SIGTERM", "SIGKILL", "SIGINT"] as const;
  const tally = { SIGTERM: 0, SIGKILL: 0, SIGINT: 0 };
  for (let number = 0; number < 6; number++) {
    const signal = signals[number % 3] ?? "SIGTERM";
    const ended = await stopAt(chance, "mixed", signal);
    if (ended.signal === "SIGKILL" || summaryOf(ended)["interrupted"] === true) tally[signal] += 1;
  }
  tell(`${goodCount} events, interrupted: ${JSON.stringify(tally)}`);
  // A quick machine may be through before the last of them.
  expect(Object.values(tally).reduce((sum, count) => sum + count)).toBeGreaterThan(1);
  expect(await bench.run({ name: "mixed" })).toMatchObject({ code: 0 });
  expect(differences(await bench.outcome("mixed"), whole)).toEqual([]);
});

test("a run that has read everything reads nothing again", async () => {
  const again = summaryOf(await bench.run({ name: "whole" }));
  expect(again).toMatchObject({ events: 0, deadLetters: 0, alerts: 0 });
  expect(differences(await bench.outcome("whole"), whole)).toEqual([]);
});

test("alerts on standard output arrive in order and at least once, whatever is killed", async () => {
  const chance = chanceFor("console");
  const lines: string[] = [];
  const tally = { delivery: 0, other: 0 };
  for (let kills = 0; kills < 6; kills++) {
    const moment = { after: "output", times: chance.between(1, 4), delayMs: chance.below(3) } as const;
    const interruption = { moment, signal: "SIGKILL" } as const;
    const ended = await bench.run({ name: "console", alertsFile: false, interruption });
    lines.push(...wholeLines(ended));
    if (ended.signal === null) break;
    const { phase } = whatIsLeft(bench, "console", { ...ended, stdout: lines.join("") });
    tally[phase === "delivery" ? "delivery" : "other"] += 1;
  }
  const last = await bench.run({ name: "console", alertsFile: false });
  expect(last.code).toBe(0);
  lines.push(...wholeLines(last));
  tell(`console: ${lines.length} lines for ${new Set(lines).size} alerts, kills: ${JSON.stringify(tally)}`);
  expect(tally.delivery).toBeGreaterThan(0);
  // A line that was delivered again is the same, so that whoever reads can tell by its id and status.
  const { deadLetters, state } = await bench.outcome("console");
  expect(differences({ alerts: [...new Set(lines)].join(""), deadLetters, state }, whole)).toEqual([]);
});

/** Without a last line that the kill cut off. */
function wholeLines({ stdout }: Ended): readonly string[] {
  return stdout.split(/(?<=\n)/).filter((line) => line.endsWith("\n"));
}
