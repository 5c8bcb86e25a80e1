/**
 * `npm run bench`: how far the engine is from the floor, which is reading and parsing alone. Floor and engine run in turn,
 * each in a fresh process, so that a machine that slows down slows all of them; compare the ratios, not the rates.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { cloudTrailFile, dataFolder } from "./data.ts";
import type { Measurement } from "./once.ts";
import { benchRules } from "./rules.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    megabytes: { type: "string", default: "250" },
  },
});

const node = [process.execPath, "--disable-warning=ExperimentalWarning"] as const;

function once(...args: readonly string[]): Measurement {
  const [command, ...flags] = node;
  const script = join(import.meta.dirname, "once.ts");
  return JSON.parse(execFileSync(command, [...flags, script, ...args], { encoding: "utf8" })) as Measurement;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

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

const file = cloudTrailFile(Number(values.megabytes) * 1e6);
const rules = benchRules();
const modes = {
  "floor: read and parse": ["floor", file],
  "run, 20 stateless rules": ["run", file, rules.stateless],
  "run, 20 stateless + 2 that write on every event": ["run", file, rules.stateless, rules.stateful],
} as const;
const results = new Map<string, Measurement[]>(Object.keys(modes).map((name) => [name, []]));
const ratios = new Map<string, number[]>(Object.keys(modes).map((name) => [name, []]));
const startUps: number[] = [];

for (let round = 1; round <= Number(values.rounds); round++) {
  let floorSeconds = Number.NaN;
  for (const [name, args] of Object.entries(modes)) {
    const measured = once(...args);
    if (args[0] === "floor") floorSeconds = measured.seconds;
    results.get(name)?.push(measured);
    ratios.get(name)?.push(floorSeconds / measured.seconds);
  }
  startUps.push(startUp(rules.stateless));
  console.error(`round ${round} of ${values.rounds} done`);
}

console.log(
  `${file.slice(dataFolder.length + 1)}, ${values.rounds} rounds, medians (lowest to highest ratio)`,
);
for (const [name, measured] of results) {
  const perSecond = median(measured.map(({ events, seconds }) => events / seconds));
  const ratio = ratios.get(name) ?? [];
  console.log(
    `${name.padEnd(50)} ${Math.round(perSecond).toLocaleString("en-US").padStart(9)} events/s   ` +
      `ratio ${median(ratio).toFixed(2)} (${Math.min(...ratio).toFixed(2)} to ${Math.max(...ratio).toFixed(2)})   ` +
      `${Math.max(...measured.map(({ maxResidentMb }) => maxResidentMb))} MB`,
  );
}
console.log(`whole command on one event: ${Math.round(median(startUps))} ms`);
