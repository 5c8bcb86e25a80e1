import type { RuleManifest } from "../rules/manifest.ts";
import { passesFilters, type RuleFilter } from "../rules/panther/filter.ts";
import { kindOf, type RuleReport } from "../testing/report/report.ts";
import type { PlanProblem, RuleTest, TestsNotRun } from "../testing/rule-tests/model.ts";
import type { PlannedTests } from "../testing/rule-tests/plan.ts";

/** Which of the planned tests a command asks for. */
export interface SelectionOptions {
  readonly filters: readonly RuleFilter[];
  /** Names of tests; empty: all. */
  readonly testNames: readonly string[];
  readonly skipDisabledTests: boolean;
  /** Tests that each rule must have at least; 0 asks for none. */
  readonly minimumTests: number;
  /** Ids of the rules to look at, each list of them by itself; default: all. */
  readonly ruleIds?: readonly ReadonlySet<string>[];
}

/** The rules that are left, without results yet, and the tests to run. */
export interface Selection {
  readonly rules: readonly RuleReport[];
  readonly tests: readonly RuleTest[];
  /** Of files, and of rules that are left. */
  readonly problems: readonly PlanProblem[];
  readonly notRunYet: readonly TestsNotRun[];
}

export function selectTests(planned: PlannedTests, options: SelectionOptions): Selection {
  const { filters, testNames, skipDisabledTests, minimumTests, ruleIds = [] } = options;
  const isNamed = (id: string): boolean => ruleIds.every((ids) => ids.has(id));
  const isChosen = (manifest: RuleManifest): boolean => {
    const fields = planned.specOf(manifest.id)?.fields;
    return isNamed(manifest.id) && passesFilters({ manifest, fields }, filters);
  };
  const testsByRule = Map.groupBy(planned.tests, (test) => test.ruleId);
  const rules: RuleReport[] = [];
  const selected: RuleTest[] = [];
  for (const { manifest } of planned.rules) {
    if (!isChosen(manifest)) continue;
    const tests = testsByRule.get(manifest.id) ?? [];
    const skipped = skipDisabledTests && !manifest.enabled;
    const shortcomings = skipped ? [] : tooFewTests(tests, minimumTests);
    const named = tests.filter(({ name }) => testNames.length === 0 || testNames.includes(name));
    // With names, a rule without such a test is not what was asked for.
    if (testNames.length > 0 && named.length === 0) continue;
    rules.push({
      ruleId: manifest.id,
      file: manifest.file,
      skipped,
      hasTests: tests.length > 0,
      results: [],
      shortcomings,
    });
    if (!skipped) selected.push(...named);
  }
  const problems = planned.problems.filter(({ ruleId }) => {
    const manifest = ruleId === undefined ? undefined : planned.specOf(ruleId)?.manifest;
    return manifest === undefined || isChosen(manifest);
  });
  // Their fields are not known, so a filter cannot be meant for them.
  const narrowed = filters.length > 0 || testNames.length > 0;
  const notRunYet = narrowed ? [] : planned.notRunYet.filter(({ id }) => isNamed(id));
  return { rules, tests: selected, problems, notRunYet };
}

/** Panther's two complaints about a rule with too few tests. */
function tooFewTests(tests: readonly RuleTest[], minimum: number): readonly string[] {
  const shortcomings: string[] = [];
  if (tests.length < minimum) {
    shortcomings.push(`Insufficient test coverage: ${minimum} tests required but only ${tests.length} found`);
  }
  const kinds = new Set(tests.map(kindOf));
  if (minimum > 1 && !(kinds.has("positive") && kinds.has("negative"))) {
    shortcomings.push("Insufficient test coverage: expected at least one positive and one negative test");
  }
  return shortcomings;
}
