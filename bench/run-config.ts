import { join } from "node:path";

import { defaultBatch, type RunConfig } from "../src/config/run-config.ts";
import { defaultLimits } from "../src/core/limits.ts";

/** A run over some files as the benchmarks make it: everything that it writes is in one folder. */
export function runConfig(folder: string, inputs: readonly string[], rules: readonly string[]): RunConfig {
  return {
    rules,
    inputs,
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
}
