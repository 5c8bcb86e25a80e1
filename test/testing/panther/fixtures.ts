import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { vi } from "vitest";

import type { TestResult } from "../../../src/testing/rule-tests/model.ts";
import {
  planTests,
  type PlannedTests,
  type PlanOptions,
  type RunOptions,
} from "../../../src/testing/rule-tests/plan.ts";

export interface DetectionParts {
  /** Further top-level keys, as text or as values. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** The Python file; left out, there is none. */
  readonly code?: string;
  /** `Tests`, as Panther has them, or text of YAML. */
  readonly tests?: readonly object[] | string;
}

/** The files of a rule by its id: YAML and, where it has code, Python beside it. */
export function ruleFiles(id: string, parts: DetectionParts = {}): Record<string, string> {
  const common = { AnalysisType: "rule", RuleID: id, LogTypes: ["Test.Log"], Severity: "Medium" };
  return detectionFiles(id, common, parts);
}

/** The files of a policy. */
export function policyFiles(id: string, parts: DetectionParts = {}): Record<string, string> {
  const common = { AnalysisType: "policy", PolicyID: id, ResourceTypes: ["Test.Thing"], Severity: "Low" };
  return detectionFiles(id, common, parts);
}

function detectionFiles(
  id: string,
  common: Readonly<Record<string, unknown>>,
  { keys = {}, code, tests }: DetectionParts,
): Record<string, string> {
  const name = `rules/${id.toLowerCase().replaceAll(".", "_")}`;
  const file = code === undefined ? {} : { Filename: `${name.slice("rules/".length)}.py` };
  const all = { ...common, Enabled: true, ...file, ...keys };
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  if (typeof tests === "string") lines.push(`Tests:\n${tests}`);
  else if (tests !== undefined) lines.push(`Tests: ${JSON.stringify(tests)}`);
  return {
    [`${name}.yml`]: `${lines.join("\n")}\n`,
    ...(code === undefined ? {} : { [`${name}.py`]: code }),
  };
}

/** A folder with these files, which the caller takes away. */
export function repositoryOf(files: Readonly<Record<string, string>>): string {
  vi.stubEnv("STAKEOUT_CACHE_DIR", join(tmpdir(), "stakeout-test-cache"));
  const folder = mkdtempSync(join(tmpdir(), "stakeout-panther-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The plan of a repository with these files. They are gone when it is there: a plan has read all that it needs. */
export async function planRepository(
  files: Readonly<Record<string, string>>,
  options: Partial<PlanOptions> = {},
): Promise<PlannedTests> {
  const folder = repositoryOf(files);
  try {
    return await planTests({ paths: [folder], logTypes: [], ...options });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The result of one test of a plan, by rule id and name. */
export async function runNamed(
  plan: PlannedTests,
  [ruleId, name]: readonly [ruleId: string, name: string],
  options: RunOptions = {},
): Promise<TestResult> {
  const test = plan.tests.find((candidate) => candidate.ruleId === ruleId && candidate.name === name);
  if (test === undefined) throw new Error(`${ruleId} has no test "${name}"`);
  return await plan.run(test, options);
}

/** What functions answered, by name: the value, or the error. */
export function answers({ outputs }: TestResult): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    outputs.map(({ function: name, output, error }) => [name, error === null ? output : { error }]),
  );
}

/** Problems as `name:line: message`, the folder's path taken out. */
export function shownProblems({ problems }: PlannedTests): readonly string[] {
  return problems.map(({ file, line, message }) =>
    `${file}:${line}: ${message}`.replaceAll(/\S*stakeout-panther-\w+\//g, ""),
  );
}
