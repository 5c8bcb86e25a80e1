import type { RuleManifest } from "../../src/rules/manifest.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import type { RuleTest } from "../../src/testing/rule-tests/model.ts";
import type { PlannedTests } from "../../src/testing/rule-tests/plan.ts";
import { createResult } from "../testing/report/fixtures.ts";

export function manifestOf(id: string, overrides: Partial<RuleManifest> = {}): RuleManifest {
  return {
    id,
    displayName: undefined,
    dedupPeriodMs: 3_600_000,
    threshold: 1,
    createAlert: true,
    tags: [],
    reports: {},
    summaryAttributes: [],
    logTypes: ["Test.Log"],
    enabled: true,
    severity: "low",
    description: "",
    reference: "",
    runbook: "",
    destinations: undefined,
    file: `/rules/${id}.ts`,
    line: 1,
    ...overrides,
  };
}

/** A plan that was never loaded: good for choosing tests, not for running them. */
export function createPlan(
  manifests: readonly RuleManifest[],
  tests: readonly RuleTest[] = [],
): PlannedTests {
  return {
    rules: manifests.map((manifest) => ({ manifest }) as LoadedRule),
    tests,
    untested: [],
    notRunYet: [],
    problems: [],
    content: undefined,
    specOf: () => undefined,
    run: async (test) => createResult({ test }),
  };
}
