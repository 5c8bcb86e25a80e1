import { kindOf, type RuleReport } from "../testing/report/report.ts";
import type { RuleTest } from "../testing/rule-tests/model.ts";
import type { PlannedTests } from "../testing/rule-tests/plan.ts";
import { passesFilters, type RuleFilter } from "./test-filter.ts";

/** Which of the planned tests a command asks for. */
export interface SelectionOptions {
  readonly filters: readonly RuleFilter[];
  /** Names of tests; empty: all. */
  readonly testNames: readonly string[];
  readonly skipDisabledTests: boolean;
  /** Tests that each rule must have at least; 0 asks for none. */
  readonly minimumTests: number;
  /** Ids of the rules to look at; default: all. */
  readonly ruleIds?: ReadonlySet<string> | undefined;
}

/** The rules that are left, without results yet, and the tests to run. */
export interface Selection {
  readonly rules: readonly RuleReport[];
  readonly tests: readonly RuleTest[];
}

export function selectTests(planned: PlannedTests, options: SelectionOptions): Selection {
  const { filters, testNames, skipDisabledTests, minimumTests, ruleIds } = options;
  const testsByRule = Map.groupBy(planned.tests, (test) => test.ruleId);
  const rules: RuleReport[] = [];
  const selected: RuleTest[] = [];
  for (const { manifest } of planned.rules) {
    if (ruleIds?.has(manifest.id) === false || !passesFilters(manifest, filters)) continue;
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
  return { rules, tests: selected };
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
