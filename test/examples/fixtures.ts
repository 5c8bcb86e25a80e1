import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { buildLane, loadContent } from "../../src/config/build.ts";
import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import type { Alert } from "../../src/core/alert.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { LaneControl } from "../../src/engine/control.ts";
import { Lane } from "../../src/engine/lane.ts";

export interface ExampleRun {
  /** The alerts file: a line when an alert is raised and one when it is closed. */
  readonly lines: readonly Alert[];
  /** Titles of the alerts that were raised, in order. */
  readonly raised: readonly string[];
  readonly matches: Readonly<Record<string, number>>;
  readonly events: number;
  readonly ruleErrors: number;
  readonly deadLetters: number;
}

/** Runs both example rules over files, in memory. */
export async function runExamples(inputs: readonly string[]): Promise<ExampleRun> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-examples-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const alertsFile = join(folder, "alerts.jsonl");
  const config: RunConfig = {
    rules: ["examples/rules"],
    inputs,
    stdin: false,
    format: "auto",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile: ":memory:",
    alertsFile,
    deadLettersFile: join(folder, "dead-letters.jsonl"),
    console: undefined,
    limits: defaultLimits,
    batch: defaultBatch,
  };
  const control = new LaneControl();
  const parts = await buildLane(config, await loadContent(config), {
    control,
    stdin: (async function* () {})(),
    write: async () => {},
    warn: () => {},
  });
  const { matches } = await new Lane(parts).run();
  const lines = parseLines(readFileSync(alertsFile, "utf8"));
  const { events, ruleErrors, deadLetters } = control.read();
  const raised = lines.filter(({ status }) => status === "open").map(({ title }) => title);
  return { lines, raised, matches, events, ruleErrors, deadLetters };
}

/** Runs both example rules over these events. */
export async function runEvents(events: readonly object[]): Promise<ExampleRun> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-events-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "events.ndjson");
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return runExamples([file]);
}

function parseLines(text: string): readonly Alert[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Alert);
}

export const account = "123456789012";

/** Fields of a CloudTrail event; `minute` counts from the same start in all tests. */
export interface EventParts {
  readonly minute: number;
  readonly [field: string]: unknown;
}

/** A CloudTrail event with every field defaulted: somebody lists buckets and may. */
export function cloudTrail({ minute, ...fields }: EventParts): object {
  return {
    eventVersion: "1.09",
    userIdentity: { type: "IAMUser", arn: `arn:aws:iam::${account}:user/analyst`, accountId: account },
    eventTime: new Date(Date.UTC(2026, 2, 2, 8) + minute * 60_000).toISOString(),
    eventSource: "s3.amazonaws.com",
    eventName: "ListBuckets",
    awsRegion: "eu-west-1",
    sourceIPAddress: "198.51.100.24",
    userAgent: "aws-cli/2",
    requestParameters: null,
    responseElements: null,
    eventID: `event-${minute}`,
    recipientAccountId: account,
    ...fields,
  };
}
