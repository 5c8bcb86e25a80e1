import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { listAlerts, showAlert } from "../../src/alerts/list.ts";
import { listRuleErrors, type RuleErrorGroup } from "../../src/alerts/rule-errors.ts";
import { buildLane, loadContent } from "../../src/config/build.ts";
import { openState } from "../../src/config/open-state.ts";
import { defaultBatch, type RunConfig } from "../../src/config/run-config.ts";
import type { Alert } from "../../src/core/alert.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { LaneControl } from "../../src/engine/control.ts";
import { Lane } from "../../src/engine/lane.ts";
import { listSuspensions, type Suspension } from "../../src/engine/suspensions.ts";
import { encodeItem } from "../../src/state/item-codec.ts";
import type { Entry } from "../../src/state/store.ts";

/** A state file that a version of Stakeout wrote is kept with what that version found in it and made of it. */
export interface History {
  readonly version: string;
  /** Where rules, input and output were; stands in the state file as part of paths. */
  readonly folder: string;
  /** Text of each rule file by name. */
  readonly rules: Readonly<Record<string, string>>;
  /** Lines that had been read when the file was kept, and lines that come after. */
  readonly records: readonly string[];
  readonly moreRecords: readonly string[];
  /** What the state file holds. */
  readonly before: Remains;
  /** What it held once the version that wrote it had read the further lines as well. */
  readonly after: Remains;
  /** Lines of the output files in the end, and how many of them there were when the state file was kept. */
  readonly alertLines: readonly string[];
  readonly alertLinesBefore: number;
  readonly deadLetterLines: readonly string[];
  readonly deadLetterLinesBefore: number;
  /** So many of the last alert lines went to standard output after that: first those that waited in the outbox. */
  readonly linesDelivered: number;
}

/** Everything in a state file that a user can look at or a run goes on from. */
export interface Remains {
  readonly clockMs: number;
  /** As `state export` writes them. */
  readonly items: readonly string[];
  readonly alerts: readonly Alert[];
  readonly ruleErrors: readonly RuleErrorGroup[];
  readonly suspensions: readonly Suspension[];
  /** Deliveries that wait. */
  readonly outbox: readonly Entry[];
  readonly position: JsonObject | null;
}

/** The names of things in the folder of a history that is at work. */
export interface HistoryPaths {
  readonly rules: string;
  readonly input: string;
  readonly state: string;
  readonly alerts: string;
  readonly deadLetters: string;
}

export function pathsIn(folder: string): HistoryPaths {
  return {
    rules: join(folder, "rules"),
    input: join(folder, "events.ndjson"),
    state: join(folder, "state.db"),
    alerts: join(folder, "alerts.jsonl"),
    deadLetters: join(folder, "dead-letters.jsonl"),
  };
}

export function writeRules(folder: string, rules: Readonly<Record<string, string>>): void {
  const path = pathsIn(folder).rules;
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(path, name), text);
}

/** Writes the input with a time of change that depends on its length alone, as it is part of a position. */
export function writeInput(folder: string, records: readonly string[]): void {
  const { input } = pathsIn(folder);
  writeFileSync(input, joined(records));
  const changedSeconds = Date.UTC(2026, 0, 1) / 1000 + records.length;
  utimesSync(input, changedSeconds, changedSeconds);
}

/** Runs a lane over the input to its end, or until `write` fails. */
export async function runLane(folder: string, write: (text: string) => Promise<void>): Promise<void> {
  const config = configOf(folder);
  const content = await loadContent(config);
  const problem = content.problems[0];
  if (problem !== undefined) throw new Error(`${problem.file}: ${problem.message}`);
  const warn = (message: string): void => {
    throw new Error(message);
  };
  const host = { control: new LaneControl(), stdin: noInput(), write, warn: ignoreSuspensions(warn) };
  await new Lane(await buildLane(config, content, host)).run();
}

/** A rule that is suspended is told about at every start. */
function ignoreSuspensions(warn: (message: string) => void): (message: string) => void {
  return (message) => {
    if (!message.includes("suspended")) warn(message);
  };
}

async function* noInput(): AsyncGenerator<Buffer> {}

function configOf(folder: string): RunConfig {
  const { rules, input, state, alerts, deadLetters } = pathsIn(folder);
  return {
    rules: [rules],
    inputs: [input],
    stdin: false,
    format: "lines",
    envelopeField: undefined,
    logType: undefined,
    logTypes: [],
    stateFile: state,
    alertsFile: alerts,
    deadLettersFile: deadLetters,
    console: { format: "json", color: false, width: 80 },
    limits: defaultLimits,
    batch: defaultBatch,
  };
}

export async function remainsOf(folder: string): Promise<Remains> {
  const { state, input } = pathsIn(folder);
  const store = openState(state, { readOnly: true });
  try {
    const { clockMs } = store;
    const items = await store.listItems({ limit: 10_000, nowMs: clockMs });
    const { alerts } = await listAlerts(store, { limit: 10_000 });
    return {
      clockMs,
      items: items.map(encodeItem),
      alerts: await Promise.all(alerts.map(({ id }) => showAlert(store, id))),
      ruleErrors: await listRuleErrors(store),
      suspensions: await listSuspensions(store),
      outbox: await store.listEntries({ kind: "outbox", limit: 10_000 }),
      position: (await store.readPosition("files", input)) ?? null,
    };
  } finally {
    await store.close();
  }
}

export function linesOf(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

export function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Makes a state file one that was written in another folder, with rules and input at the same names in it. Output files hold
 * paths, so their lengths are others there.
 */
export function moveState(file: string, from: string, to: string): void {
  const db = new DatabaseSync(file);
  const columns = { entries: ["key", "value"], positions: ["stream", "value"] };
  for (const [table, names] of Object.entries(columns)) {
    for (const name of names) {
      db.prepare(`UPDATE ${table} SET ${name} = replace(${name}, ?, ?)`).run(from, to);
    }
  }
  const { alerts, deadLetters } = pathsIn(to);
  for (const output of [alerts, deadLetters]) {
    const value = JSON.stringify({ bytes: statSync(output).size });
    db.prepare("UPDATE entries SET value = ? WHERE kind = 'output-file' AND key = ?").run(value, output);
  }
  db.close();
}
