import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { onTestFinished } from "vitest";

import type { Answers, OwnAnswers, PeerAnswers } from "../../conformance/compare.ts";
import type { ConformanceReport } from "../../conformance/report.ts";

/** Makes a folder with these files, for the length of the test. */
export function repository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-conformance-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

export interface RuleText {
  readonly id?: string;
  readonly python?: string;
  /** `ExpectedResult` by the value of the event's `name`. */
  readonly expected?: Readonly<Record<string, boolean>>;
}

/** The two files of a rule below `rules/`. It matches events whose name is `a`, and says so in its tests. */
export function ruleFiles(rule: RuleText = {}): Readonly<Record<string, string>> {
  const { id = "Own.Rule", python = matchesA, expected = { a: true, b: false } } = rule;
  const tests = Object.entries(expected).map(
    ([name, result]) => `  - Name: event ${name}\n    ExpectedResult: ${result}\n    Log: {name: ${name}}\n`,
  );
  const yaml = [
    `AnalysisType: rule\nRuleID: ${id}\nFilename: ${id}.py\nEnabled: true\nSeverity: Low\nLogTypes: [Own.Log]\nTests:\n`,
    ...tests,
  ].join("");
  return { [`rules/${id}.yml`]: yaml, [`rules/${id}.py`]: python };
}

const matchesA = 'def rule(event):\n    return event.get("name") == "a"\n';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run conformance` with these arguments. */
export async function conformance(...args: readonly string[]): Promise<Outcome> {
  const script = resolve(import.meta.dirname, "../../conformance/main.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...args]);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

/** A report without any failure. */
export function reportOf(parts: Partial<ConformanceReport> = {}): ConformanceReport {
  return {
    loaded: { rule: 1, scheduled_rule: 0, policy: 0 },
    passed: 2,
    failed: [],
    notRunYet: { correlationRules: 0, tests: 0 },
    problems: [],
    startUpMs: 1000,
    testsMs: 500,
    comparison: undefined,
    ...parts,
  };
}

export function ownAnswers(here: Answers, parts: Partial<OwnAnswers> = {}): OwnAnswers {
  return { test: { ruleId: "Own.Rule", name: "event a" }, isSignal: false, here, ...parts };
}

/** Answers that were the same in every run of the peer. */
export function peerAnswers(there: Answers, parts: Partial<PeerAnswers> = {}): PeerAnswers {
  return { there, again: [there], typed: there, ...parts };
}
