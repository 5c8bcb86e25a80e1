/** One measurement in a process of its own: `once.ts floor FILE`, or `run` or `bare` with `FILE RULES…`. Prints a line of JSON. */
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parentPort, Worker } from "node:worker_threads";

import { buildLane, loadContent } from "../src/config/build.ts";
import type { JsonObject } from "../src/core/json.ts";
import { defaultLimits, type Limits } from "../src/core/limits.ts";
import { type Counters, LaneControl } from "../src/engine/control.ts";
import { Lane } from "../src/engine/lane.ts";
import { LaneHandle } from "../src/engine/supervisor.ts";
import { youngGenerationMb } from "../src/engine/watch-lane.ts";
import { Evaluation } from "../src/state/evaluation.ts";
import { runConfig } from "./run-config.ts";

export interface Measurement {
  readonly events: number;
  readonly seconds: number;
  readonly alerts: number;
  readonly maxResidentMb: number;
}

/** What only the engine has. */
export interface RunMeasurement extends Measurement {
  /** Processor time of all threads in `seconds`. */
  readonly cpuSeconds: number;
  readonly matches: number;
  readonly ruleErrors: number;
  /** Until the first events were counted: rules in Python are loaded when the first event needs them. */
  readonly first: Pick<RunMeasurement, "events" | "seconds" | "cpuSeconds">;
}

/** The least that any engine must do: find the lines and parse them. */
function floor(path: string): { readonly events: number; readonly seconds: number } {
  const startedMs = performance.now();
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(2 * 1024 * 1024);
  // Quicker than toString for short ranges, and missing from the types.
  const decoder = buffer as unknown as { utf8Slice(start: number, end: number): string };
  let kept = 0;
  let events = 0;
  for (;;) {
    const read = readSync(file, buffer, kept, 1024 * 1024, null);
    if (read === 0) break;
    const end = kept + read;
    const filled = buffer.subarray(0, end);
    let start = 0;
    for (let newline = filled.indexOf(10); newline >= 0; newline = filled.indexOf(10, start)) {
      JSON.parse(decoder.utf8Slice(start, newline));
      events++;
      start = newline + 1;
    }
    buffer.copy(buffer, 0, start, end);
    kept = end - start;
  }
  closeSync(file);
  return { events, seconds: (performance.now() - startedMs) / 1000 };
}

async function run(path: string, rules: readonly string[]): Promise<Omit<RunMeasurement, "maxResidentMb">> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-"));
  const config = runConfig(folder, [path], rules);
  let startedMs = 0;
  let startedCpu = process.cpuUsage();
  const sinceReady = (): Pick<RunMeasurement, "events" | "seconds" | "cpuSeconds"> => {
    const { user, system } = process.cpuUsage(startedCpu);
    const seconds = (performance.now() - startedMs) / 1000;
    return { events: lane.control.read().events, seconds, cpuSeconds: (user + system) / 1e6 };
  };
  let first: ReturnType<typeof sinceReady> | undefined;
  const watch = setInterval(() => {
    if (lane.control.read().events === 0) return;
    first = sinceReady();
    clearInterval(watch);
  }, 2);
  const lane = new LaneHandle({
    threadUrl: new URL("../src/config/lane-thread.ts", import.meta.url),
    config: config as unknown as JsonObject,
    limits: config.limits,
    keepsState: true,
    onOutput: () => Promise.resolve(),
    onWarning: (message) => console.error(message),
    onStuck: (message) => console.error(message),
    onRulePrint: (text) => console.error(text),
    onReady: () => {
      startedMs = performance.now();
      startedCpu = process.cpuUsage();
    },
  });
  const outcome = await lane.outcome;
  if (outcome.kind === "invalid") throw new Error(JSON.stringify(outcome.problems));
  const measured = sinceReady();
  clearInterval(watch);
  rmSync(folder, { recursive: true });
  const { alerts, matches, ruleErrors } = lane.control.read();
  return { ...measured, alerts, matches, ruleErrors, first: first ?? measured };
}

/** Shares nothing with a supervisor: what the lane is busy with is not noted. */
class UnwatchedControl extends LaneControl {
  override beginLoading(): void {}
  override enterStream(): void {}
  override beginRecord(): void {}
  override beginRule(): void {}
  override endBusy(): void {}
}

const [mode, path = "", ...rules] = process.argv.slice(2);

/** The same lane, with no supervisor and with limits that nothing reaches. */
async function bare(path: string, rules: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-bench-"));
  const unreachable = Object.keys(defaultLimits).map((name) => [name, Number.MAX_SAFE_INTEGER]);
  const { recordBytesMax, journalBytesMax, alertEventsMax, alertEventBytesMax } = defaultLimits;
  // These size buffers and what an alert keeps: other values would change the work, not take a check away.
  const sizes = { recordBytesMax, journalBytesMax, alertEventsMax, alertEventBytesMax };
  const limits = { ...(Object.fromEntries(unreachable) as unknown as Limits), ...sizes };
  const config = { ...runConfig(folder, [path], rules), limits };
  const content = await loadContent(config);
  const control = new UnwatchedControl();
  const nothing = { stdin: process.stdin, write: () => Promise.resolve(), warn: console.error };
  const parts = await buildLane(config, content, { control, ...nothing });
  const lane = new Lane({ ...parts, newKeys: undefined, evaluation: new Evaluation(parts.store, limits) });
  parentPort?.postMessage("ready");
  await lane.run();
  parentPort?.postMessage(control.read());
  rmSync(folder, { recursive: true });
}

/** A thread like a lane's, but for the cap on its memory and for somebody who watches it. */
async function bareThread(): Promise<Omit<RunMeasurement, "maxResidentMb">> {
  const resourceLimits = { maxYoungGenerationSizeMb: youngGenerationMb };
  const thread = new Worker(import.meta.filename, { argv: process.argv.slice(2), resourceLimits });
  const ended = once(thread, "exit");
  await once(thread, "message");
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const [counters] = await once(thread, "message");
  await ended;
  const { user, system } = process.cpuUsage(startedCpu);
  const seconds = (performance.now() - startedMs) / 1000;
  const { events, alerts, matches, ruleErrors } = counters as Counters;
  const end = { events, seconds, cpuSeconds: (user + system) / 1e6 };
  return { ...end, alerts, matches, ruleErrors, first: end };
}

async function measure(): Promise<Omit<Measurement, "maxResidentMb">> {
  if (mode === "floor") return { ...floor(path), alerts: 0 };
  return mode === "bare" ? await bareThread() : await run(path, rules);
}

if (parentPort === null) {
  const measured = await measure();
  const maxResidentMb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ ...measured, maxResidentMb } satisfies Measurement));
} else {
  await bare(path, rules);
  // The thread that folds the journal ends with the process; this one must not wait for a port that nobody closes.
  process.exit();
}
