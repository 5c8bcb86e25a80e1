/**
 * `npm run fuzz`: every target for ten seconds each. `npm run fuzz -- --target panther --seconds 600`: one of them.
 * `npm run fuzz -- million`: a million malformed records among good ones through a lane. See README.md here.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, parseArgs } from "node:util";

import { systemClock } from "../src/core/clock.ts";
import { Coverage } from "./coverage.ts";
import { fuzz } from "./loop.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: "string" },
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    records: { type: "string", default: "1000000" },
  },
});
const seed = Number(values.seed);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runTargets(): Promise<void> {
  const coverage = new Coverage();
  await coverage.start();
  const { targets } = await import("./targets/all.ts");
  const names = values.target === undefined ? Object.keys(targets) : [values.target];
  for (const name of names) {
    const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
    if (target === undefined)
      throw new Error(`there is no target ${name}: ${Object.keys(targets).join(", ")}`);
    const options = { target, seed, seconds: Number(values.seconds), clock: systemClock, coverage };
    const { inputs, corpus, parts, slowestMs, finding } = await fuzz(options);
    print(
      `${name.padEnd(13)} ${inputs} inputs, ${corpus} kept, ${parts} parts of the code reached so far, ` +
        `slowest ${Math.round(slowestMs)} ms, seed ${seed}`,
    );
    if (finding !== undefined) report(name, finding);
  }
}

function report(name: string, { input, error }: { readonly input: Buffer; readonly error: unknown }): void {
  const folder = join(tmpdir(), "stakeout-findings");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${seed}`);
  writeFileSync(file, input);
  print(`FINDING in ${name}; the input is in ${file}`);
  print(inspect(error));
  process.exitCode = 1;
}

async function runRecords(): Promise<void> {
  const { runMillion } = await import("./million/run.ts");
  const startMs = systemClock.monotonicMs();
  const { goodRecords, malformed, reasons, differences } = await runMillion(Number(values.records), seed);
  const seconds = (systemClock.monotonicMs() - startMs) / 1000;
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  print(
    `${malformed} malformed records among ${goodRecords} good ones: ${seconds.toFixed(1)} s, ${megabytes} MB, seed ${seed}`,
  );
  print(inspect(reasons));
  for (const difference of differences) print(difference);
  if (differences.length > 0) process.exitCode = 1;
}

if (positionals[0] === "million") await runRecords();
else await runTargets();
