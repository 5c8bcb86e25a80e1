/** One measurement in a process of its own: `once.ts floor FILE` or `once.ts run FILE RULES…`. Prints a line of JSON. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defaultBatch, type RunConfig } from "../src/config/run-config.ts";
import type { JsonObject } from "../src/core/json.ts";
import { defaultLimits } from "../src/core/limits.ts";
import { LaneHandle } from "../src/engine/supervisor.ts";

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
  const config: RunConfig = {
    rules,
    inputs: [path],
    stdin: false,
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile: join(folder, "state.db"),
    alertsFile: join(folder, "alerts.jsonl"),
    deadLettersFile: join(folder, "dead-letters.jsonl"),
    console: undefined,
    limits: defaultLimits,
    batch: defaultBatch,
  };
  let startedMs = 0;
  let startedCpu = process.cpuUsage();
  const sinceReady = (): Pick<RunMeasurement, "events" | "seconds" | "cpuSeconds"> => {
    const { user, system } = process.cpuUsage(startedCpu);
    const seconds = (performance.now() - startedMs) / 1000;
    return { events: lane.control.read().events, seconds, cpuSeconds: (user + system) / 1e6 };
  };
  let first: ReturnType<typeof sinceReady> | undefined;
  const watch = setInterval(() => {
    if (lane.control.read().events > 0) first ??= sinceReady();
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

const [mode, path = "", ...rules] = process.argv.slice(2);
const measured = mode === "floor" ? { ...floor(path), alerts: 0 } : await run(path, rules);
const maxResidentMb = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ ...measured, maxResidentMb } satisfies Measurement));
