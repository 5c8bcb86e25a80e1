import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cloudTrailFile, dataFolder } from "./data.ts";
import { median, once, spread } from "./measure.ts";
import type { Measurement } from "./once.ts";
import { benchRules } from "./rules.ts";

/** Milliseconds from starting the command to its end on an input of one event: everything before the first event, and more. */
function startUp(rules: string): number {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-"));
  const input = join(folder, "one.ndjson");
  writeFileSync(
    input,
    `${JSON.stringify({ eventVersion: "1.08", eventSource: "s3.amazonaws.com", eventName: "ListBuckets", eventTime: "" })}\n`,
  );
  const args = ["run", "--rules", rules, "--input", input, "--state", join(folder, "s.db"), "--json"];
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(join(import.meta.dirname, "../bin/stakeout"), args, {
    encoding: "utf8",
  });
  const elapsedMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(stderr);
  rmSync(folder, { recursive: true });
  return elapsedMs;
}

/** How far the engine is from the floor, which is reading and parsing alone. */
export function benchEngine(rounds: number, megabytes: number): void {
  const file = cloudTrailFile(megabytes * 1e6);
  const rules = benchRules();
  const modes = {
    "floor: read and parse": ["floor", file],
    "run, 20 stateless rules": ["run", file, rules.stateless],
    "run, 20 stateless + 2 that write on every event": ["run", file, rules.stateless, rules.stateful],
  } as const;
  const results = new Map<string, Measurement[]>(Object.keys(modes).map((name) => [name, []]));
  const ratios = new Map<string, number[]>(Object.keys(modes).map((name) => [name, []]));
  const startUps: number[] = [];

  for (let round = 1; round <= rounds; round++) {
    let floorSeconds = Number.NaN;
    for (const [name, args] of Object.entries(modes)) {
      const measured = once(args) as Measurement;
      if (args[0] === "floor") floorSeconds = measured.seconds;
      results.get(name)?.push(measured);
      ratios.get(name)?.push(floorSeconds / measured.seconds);
    }
    startUps.push(startUp(rules.stateless));
    console.error(`round ${round} of ${rounds} done`);
  }

  console.log(`${file.slice(dataFolder.length + 1)}, ${rounds} rounds, medians (lowest to highest ratio)`);
  for (const [name, measured] of results) {
    const perSecond = median(measured.map(({ events, seconds }) => events / seconds));
    const ratio = ratios.get(name) ?? [];
    console.log(
      `${name.padEnd(50)} ${Math.round(perSecond).toLocaleString("en-US").padStart(9)} events/s   ` +
        `ratio ${spread(ratio)}   ` +
        `${Math.max(...measured.map(({ maxResidentMb }) => maxResidentMb))} MB`,
    );
  }
  console.log(`whole command on one event: ${Math.round(median(startUps))} ms`);
}
