import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Chance } from "../../sim/chance.ts";
import { cli } from "../cli/fixtures.ts";
import { type Interruption, Interrupter } from "./interrupter.ts";

export const bin: string = join(import.meta.dirname, "../../bin/stakeout");

const seed = Number(process.env["STAKEOUT_KILLS_SEED"] ?? 1);

/** Decides what is left to chance, and prints the seed; how fast the machine is has its share in every moment too. */
export function chanceFor(purpose: string): Chance {
  tell(`${purpose}: STAKEOUT_KILLS_SEED=${seed}`);
  return new Chance(seed, purpose);
}

/** Prints a line for whoever reads the log of the tests. */
export function tell(line: string): void {
  process.stderr.write(`kills: ${line}\n`);
}

/** The files of a run, by their names in its folder. */
export type RunFile = "state.db" | "state.db-wal" | "alerts.jsonl" | "dead-letters.jsonl";

export interface RunOptions {
  /** Name of the folder for what comes of it. Default `run`. */
  readonly name?: string;
  /** Name of the folder for the state. Default: the same. */
  readonly stateFolder?: string;
  readonly interruption?: Interruption | undefined;
  /** False prints alerts on standard output instead of writing them to a file. Default true. */
  readonly alertsFile?: boolean;
  readonly args?: readonly string[];
  /** Called with everything printed on standard error so far, each time that there is more. */
  readonly onPrinted?: (stderr: string) => void;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Names of the files that were written since the process started. */
  readonly written: ReadonlySet<string>;
}

/** What runs are compared by. */
export interface Outcome {
  readonly alerts: string;
  readonly deadLetters: string;
  /** The lines of the state's export, sorted. */
  readonly state: string;
}

/** A folder with rules and events, and any number of runs of `bin/stakeout` on them, each with files of its own. */
export class Bench {
  readonly folder: string = mkdtempSync(join(tmpdir(), "stakeout-kills-"));

  /** `rules`: texts by file name. `events`: text of the file that every run reads. */
  constructor(rules: Readonly<Record<string, string>>, events: string) {
    writeFileSync(join(this.folder, "events.ndjson"), events);
    mkdirSync(join(this.folder, "rules"));
    for (const [name, text] of Object.entries(rules)) writeFileSync(join(this.folder, "rules", name), text);
  }

  /** Runs until it ends, by itself or by the interruption. */
  async run(options: RunOptions = {}): Promise<Ended> {
    const { name = "run", stateFolder = name, interruption, onPrinted } = options;
    for (const folder of [name, stateFolder]) mkdirSync(this.pathOf(folder), { recursive: true });
    const child = spawn(bin, this.#argsOf(options), { stdio: ["ignore", "pipe", "pipe"] });
    const interrupter = interruption && new Interrupter(child, interruption);
    const written = new Set<string>();
    const watcher = watch(this.pathOf(name), (_, file) => {
      written.add(String(file));
      interrupter?.happened(String(file));
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      interrupter?.happened("output");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      interrupter?.printed(stderr);
      onPrinted?.(stderr);
    });
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    interrupter?.stop();
    watcher.close();
    return { code, signal, stdout, stderr, written };
  }

  /** Runs without an interruption, and answers what every interrupted run must come to. Throws when that fails. */
  async runWhole(args: readonly string[] = []): Promise<Outcome> {
    const { code, stderr } = await this.run({ name: "whole", args });
    if (code !== 0)
      throw new Error(`The uninterrupted run ended with status ${code}: ${stderr.slice(-2000)}`);
    return this.outcome("whole");
  }

  pathOf(name: string, file: RunFile | "" = ""): string {
    return join(this.folder, name, file);
  }

  async outcome(name = "run", stateFolder: string = name): Promise<Outcome> {
    const { stdout } = await cli(["state", "export", "--state", this.pathOf(stateFolder, "state.db")]);
    return {
      alerts: this.read(name, "alerts.jsonl"),
      deadLetters: this.read(name, "dead-letters.jsonl"),
      state: stdout.split("\n").sort().join("\n"),
    };
  }

  /** Text of a file, empty when there is none. */
  read(name: string, file: RunFile): string {
    const path = this.pathOf(name, file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #argsOf(options: RunOptions): readonly string[] {
    const { name = "run", stateFolder = name, alertsFile = true, args = [] } = options;
    const input = ["--rules", join(this.folder, "rules"), "--input", join(this.folder, "events.ndjson")];
    const state = ["--state", this.pathOf(stateFolder, "state.db"), "--json"];
    const deadLetters = ["--dead-letters", this.pathOf(name, "dead-letters.jsonl")];
    const alerts = alertsFile ? ["--alerts", this.pathOf(name, "alerts.jsonl")] : [];
    return ["run", ...input, ...state, ...deadLetters, ...alerts, ...args];
  }
}

/** Where an outcome is not the expected one, in few words: outcomes are too long to be printed. */
export function differences(actual: Outcome, expected: Outcome): readonly string[] {
  return (["alerts", "deadLetters", "state"] as const).flatMap((part) => {
    if (actual[part] === expected[part]) return [];
    const [actualLines, expectedLines] = [actual[part].split("\n"), expected[part].split("\n")];
    const line = expectedLines.findIndex((text, index) => text !== actualLines[index]);
    const lengths = `${actualLines.length} lines instead of ${expectedLines.length}`;
    const found = `${actualLines[line]?.slice(0, 200)} instead of ${expectedLines[line]?.slice(0, 200)}`;
    return [`${part}: ${lengths}; line ${line} is ${found}`];
  });
}

/** The summary of a run, its last line on standard error. */
export function summaryOf({ stderr }: Ended): Readonly<Record<string, unknown>> {
  return JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "") as Readonly<Record<string, unknown>>;
}
