import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";

import { cli } from "../cli/fixtures.ts";
import {
  Bench,
  bin,
  chanceFor,
  differences,
  type Outcome,
  type RunFile,
  summaryOf,
  tell,
} from "./fixtures.ts";
import { events, eventsPerTick, ruleFiles, tick } from "./stream.ts";

const eventCount = 50_000;

let bench: Bench;
let whole: Outcome;
beforeAll(async () => {
  bench = new Bench(ruleFiles, events(eventCount));
  whole = await bench.runWhole();
});
afterAll(() => bench[Symbol.dispose]());

const outputs = ["alerts.jsonl", "dead-letters.jsonl"] as const;

/** The first bytes of the write-ahead log, which are others when it has been begun anew. */
function logHeader(): string {
  const log = bench.pathOf("run", "state.db-wal");
  return existsSync(log) ? readFileSync(log).toString("hex", 0, 32) : "";
}

/** Copies files of the run that are there into a folder. */
function copy(to: string, files: readonly RunFile[]): void {
  mkdirSync(bench.pathOf(to), { recursive: true });
  for (const file of files) {
    if (existsSync(bench.pathOf("run", file)))
      copyFileSync(bench.pathOf("run", file), bench.pathOf(to, file));
  }
}

/** As `cp state.db state.db-wal` does, again when the log was begun anew in between: then the two do not belong together. */
function copyWithCp(to: string): void {
  for (let before: string | undefined; before !== logHeader();) {
    before = logHeader();
    copy(to, ["state.db"]);
    copy(to, ["state.db-wal"]);
  }
  // Later than the state, so that there are lines in it that the state does not know of.
  copy(to, outputs);
}

async function copyWithBackup(to: string): Promise<void> {
  mkdirSync(bench.pathOf(to), { recursive: true });
  const target = bench.pathOf(to, "state.db");
  const child = spawn(bin, ["state", "backup", bench.pathOf("run", "state.db"), target], { stdio: "ignore" });
  expect(await once(child, "close")).toEqual([0, null]);
  copy(to, outputs);
}

test("copies of a running process's files are of one moment, from which a run goes on", async () => {
  const chance = chanceFor("copies");
  const ways = [copyWithCp, copyWithBackup, copyWithCp];
  const dueTicks = ways.map(() => chance.between(1, eventCount / eventsPerTick - 20)).sort((a, b) => a - b);
  const copies: Promise<void>[] = [];
  const onPrinted = (stderr: string): void => {
    const ticks = stderr.split(tick).length - 1;
    for (; ticks >= (dueTicks[copies.length] ?? Number.POSITIVE_INFINITY);) {
      copies.push(Promise.resolve(ways[copies.length]?.(`copy-${copies.length}`)));
    }
  };
  expect(await bench.run({ onPrinted })).toMatchObject({ code: 0 });
  await Promise.all(copies);
  expect(differences(await bench.outcome(), whole)).toEqual([]);
  const rest: unknown[] = [];
  for (const number of copies.keys()) {
    const state = bench.pathOf(`copy-${number}`, "state.db");
    expect(await cli(["state", "check", state])).toMatchObject({ status: 0 });
    // A state knows its output files by their paths, so it goes on where it was copied from.
    rmSync(bench.pathOf("run"), { recursive: true });
    cpSync(bench.pathOf(`copy-${number}`), bench.pathOf("run"), { recursive: true });
    const ended = await bench.run();
    expect(ended.code).toBe(0);
    rest.push(summaryOf(ended)["events"]);
    expect(differences(await bench.outcome(), whole)).toEqual([]);
  }
  tell(`${copies.length} copies of ${eventCount} events; events that were left: ${rest.join(", ")}`);
  expect(copies).toHaveLength(ways.length);
  expect(Math.max(...rest.map(Number))).toBeGreaterThan(0);
});
