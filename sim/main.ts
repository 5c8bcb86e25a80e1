/**
 * `npm run sim -- --seeds COUNT`: runs so many seeds, from `--seed` on. `npm run sim -- --seed N`: runs one. `--steps
 * M` makes each longer or shorter. `npm run sim -- --plan FILE`: runs the plan that a failure printed. Status 1 for a
 * failure, 2 for a command that cannot be carried out.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { systemClock } from "../src/core/clock.ts";
import { messageOf } from "../src/core/errors.ts";
import { defaultSteps, generatePlan } from "./generate.ts";
import type { Plan } from "./plan.ts";
import { type Figures, runSeeds } from "./run-seeds.ts";
import { shrinkPlan } from "./shrink.ts";
import { type Failure, simulate } from "./simulation.ts";

const usage = `usage: npm run sim -- [--seeds COUNT] [--seed N] [--steps M]
       npm run sim -- --plan FILE
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      steps: { type: "string", default: String(defaultSteps) },
      plan: { type: "string" },
    },
  });
  if (values.plan !== undefined) return await runPlan(values.plan);
  const from = wholeNumber("--seed", values.seed, 0);
  const count = wholeNumber("--seeds", values.seeds, 1);
  const steps = wholeNumber("--steps", values.steps, 1);
  const startedMs = systemClock.monotonicMs();
  const { seeds, figures, failure } = await runSeeds({
    from,
    count,
    steps,
    onDone: (done) => show(done, count),
  });
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
  if (figures !== undefined) print(describe(figures, seeds, seconds));
  if (failure === undefined) return 0;
  print(`seed ${failure.seed} failed at ${placeOf(failure)}: ${failure.message}`);
  print(`run it again: npm run sim -- --seed ${failure.seed} --steps ${steps}`);
  await shrink(generatePlan(failure.seed, steps));
  return 1;
}

async function runPlan(file: string): Promise<number> {
  const plan = JSON.parse(readFileSync(file, "utf8")) as Plan;
  const { failure } = await simulate(plan);
  print(failure === undefined ? "no failure" : `failed at ${placeOf(failure)}: ${failure.message}`);
  return failure === undefined ? 0 : 1;
}

async function shrink(plan: Plan): Promise<void> {
  const smallest = await shrinkPlan(plan, async (smaller) => (await simulate(smaller)).failure !== undefined);
  const { records, faults, rules } = smallest;
  const { failure } = await simulate(smallest);
  print(`shrunk to ${records.length} records, ${faults.length} faults and ${rules.length} rules:`);
  print(JSON.stringify(smallest));
  if (failure !== undefined) print(`which fails at ${placeOf(failure)}: ${failure.message}`);
}

function describe({ injected, ...figures }: Figures, seeds: number, seconds: number): string {
  const rate = (seeds / seconds).toFixed(1);
  const faults = Object.entries(injected).map(([name, count]) => `${name} ${count}`);
  const counts = Object.entries(figures).map(([name, count]) => `${name} ${count}`);
  return `${seeds} seeds in ${seconds.toFixed(1)} s, ${rate} each second\n${counts.join(", ")}\nfaults: ${faults.join(", ")}`;
}

function placeOf({ step, commit }: Failure): string {
  return `step ${step}, after commit ${commit}`;
}

function show(done: number, count: number): void {
  if (process.stderr.isTTY)
    process.stderr.write(done === count ? "\r\u001b[K" : `\r${done} of ${count} seeds`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== "") return number;
  throw new RangeError(`${option} must be a whole number from ${least} on, not ${JSON.stringify(text)}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`sim: ${messageOf(error)}\n${usage}`);
  process.exitCode = 2;
}
