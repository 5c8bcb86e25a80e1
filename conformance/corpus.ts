import { relative } from "node:path";

import { systemClock } from "../src/core/clock.ts";
import type { DetectionKind } from "../src/rules/panther/content.ts";
import { failureText } from "../src/testing/report/json.ts";
import { failedParts } from "../src/testing/report/report.ts";
import type { PlanProblem } from "../src/testing/rule-tests/model.ts";
import { type PlannedTests, planTests } from "../src/testing/rule-tests/plan.ts";

export interface OpenedCorpus {
  readonly plan: PlannedTests;
  /** Reading files, starting Python and running the file of every rule. */
  readonly startUpMs: number;
}

/** A test that did not come out as in Panther's tool. */
export interface FailedTest {
  readonly ruleId: string;
  readonly name: string;
  /** Functions of the rule that failed, or what else was compared. */
  readonly functions: readonly string[];
  readonly error: string;
}

export interface CorpusReport {
  /** Rules that can be asked. */
  readonly loaded: Readonly<Record<DetectionKind, number>>;
  readonly passed: number;
  readonly failed: readonly FailedTest[];
  readonly notRunYet: { readonly correlationRules: number; readonly tests: number };
  readonly problems: readonly PlanProblem[];
  readonly startUpMs: number;
  readonly testsMs: number;
}

/** Loads the Panther repository in the working folder. `packages`: folder with the lock of packages; `undefined`: the same. */
export async function openCorpus(packages: string | undefined): Promise<OpenedCorpus> {
  const startedMs = systemClock.monotonicMs();
  const paths = packages === undefined ? ["."] : [".", packages];
  const plan = await planTests({ paths, logTypes: [] });
  return { plan, startUpMs: systemClock.monotonicMs() - startedMs };
}

/** Runs every test of the repository. */
export async function runCorpus({ plan, startUpMs }: OpenedCorpus): Promise<CorpusReport> {
  const failed: FailedTest[] = [];
  const startedMs = systemClock.monotonicMs();
  for (const test of plan.tests) {
    const result = await plan.run(test, { explainFailures: false });
    if (result.passed) continue;
    const { ruleId, name } = test;
    failed.push({ ruleId, name, functions: failedParts(result), error: failureText(result) });
  }
  const testsMs = systemClock.monotonicMs() - startedMs;
  return {
    loaded: countKinds(plan),
    passed: plan.tests.length - failed.length,
    failed,
    notRunYet: {
      correlationRules: plan.notRunYet.length,
      tests: plan.notRunYet.reduce((sum, { tests }) => sum + tests, 0),
    },
    problems: plan.problems.map((problem) => ({ ...problem, file: relative("", problem.file) })),
    startUpMs,
    testsMs,
  };
}

function countKinds(plan: PlannedTests): CorpusReport["loaded"] {
  const loaded = { rule: 0, scheduled_rule: 0, policy: 0 };
  for (const { manifest } of plan.rules) loaded[plan.specOf(manifest.id)?.kind ?? "rule"]++;
  return loaded;
}
