import { createReadStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { buildLane } from "../../src/config/build.ts";
import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { LaneControl } from "../../src/engine/control.ts";
import { Lane } from "../../src/engine/lane.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { nestingMax, recordBytesMax } from "./malformed.ts";
import { type Expected, type ExpectedDeadLetter, writeInput } from "./write-input.ts";

export interface MillionResult {
  readonly goodRecords: number;
  readonly malformed: number;
  /** How many there were of each reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** What is not as it must be; empty when all is well. The first few only. */
  readonly differences: readonly string[];
}

const differencesMax = 20;

/**
 * Runs good and malformed records through a lane with files, a state file and a dead letter file of its own. Each good event
 * must reach the rules once, and the dead letters must be exactly the malformed records, by position and reason.
 */
export async function runMillion(malformed: number, seed: number): Promise<MillionResult> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-million-"));
  try {
    const input = join(folder, "input");
    mkdirSync(input);
    const expected = writeInput(input, malformed, seed);
    const seen = new Uint8Array(expected.goodRecords);
    const deadLettersFile = join(folder, "dead-letters.jsonl");
    await runLane({ input, stateFile: join(folder, "state.db"), deadLettersFile }, seen);
    const differences = [...goodDifferences(seen), ...(await letterDifferences(expected, deadLettersFile))];
    const reasons: Record<string, number> = {};
    for (const { reason } of expected.deadLetters) reasons[reason] = (reasons[reason] ?? 0) + 1;
    return {
      goodRecords: expected.goodRecords,
      malformed: expected.deadLetters.length,
      reasons,
      differences: differences.slice(0, differencesMax),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface LaneFiles {
  readonly input: string;
  readonly stateFile: string;
  readonly deadLettersFile: string;
}

async function runLane({ input, stateFile, deadLettersFile }: LaneFiles, seen: Uint8Array): Promise<void> {
  const config: RunConfig = {
    rules: [],
    inputs: [input],
    stdin: false,
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile,
    alertsFile: undefined,
    deadLettersFile,
    console: undefined,
    limits: { ...defaultLimits, recordBytesMax, nestingMax },
    batch: defaultBatch,
  };
  const { logTypes } = loadLogTypes([]);
  const content = { rules: [countingRule(seen)], logTypes, problems: [], warnings: [] };
  const host = {
    control: new LaneControl(),
    stdin: (async function* nothing() {})(),
    write: () => Promise.resolve(),
    warn: () => undefined,
  };
  await new Lane(await buildLane(config, content, host)).run();
}

/** A rule that counts how often it sees each good record. */
function countingRule(seen: Uint8Array): LoadedRule {
  return {
    manifest: {
      id: "Fuzz.Counting",
      displayName: undefined,
      dedupPeriodMs: 60_000,
      threshold: 1,
      createAlert: true,
      tags: [],
      reports: {},
      summaryAttributes: [],
      logTypes: ["AWS.CloudTrail"],
      enabled: true,
      severity: "info",
      description: "",
      reference: "",
      runbook: "",
      destinations: undefined,
      file: "/rules/counting.ts",
      line: 1,
    },
    functions: new Set(),
    usesStandardFields: false,
    rule: ({ fields }) => {
      const number = Number(fields["number"]);
      seen[number] = (seen[number] ?? 0) + 1;
      return false;
    },
    call: () => undefined,
  };
}

function* goodDifferences(seen: Uint8Array): Generator<string> {
  for (const [number, times] of seen.entries()) {
    if (times !== 1) yield `good record ${number} was seen ${times} times`;
  }
}

async function letterDifferences({ deadLetters }: Expected, file: string): Promise<readonly string[]> {
  const differences: string[] = [];
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { stream, offset, reason } = JSON.parse(line) as ExpectedDeadLetter;
    const expected = deadLetters[count++];
    if (expected?.stream === stream && expected.offset === offset && expected.reason === reason) continue;
    differences.push(`dead letter ${count} is ${stream} ${offset} ${reason}, not ${shown(expected)}`);
    if (differences.length === differencesMax) break;
  }
  if (differences.length === 0 && count < deadLetters.length)
    differences.push(`dead letter ${count + 1} is missing: ${shown(deadLetters[count])}`);
  return differences;
}

function shown(expected: ExpectedDeadLetter | undefined): string {
  return expected === undefined ? "nothing" : `${expected.stream} ${expected.offset} ${expected.reason}`;
}
