import { StakeoutError } from "../../core/errors.ts";
import type { TestResult } from "./model.ts";
import { planTests } from "./plan.ts";

/**
 * Runs the tests of the rules below these paths, as `stakeout test` does, for a test runner such as vitest or node:test:
 *
 *     for (const { test, passed, failures } of await runRuleTests(["rules"])) {
 *       it(`${test.ruleId}: ${test.name}`, () => assert.ok(passed, JSON.stringify(failures, null, 2)));
 *     }
 *
 * @param paths Files and folders with rules; a test file stands for the rule beside it.
 * @returns A result for each test, by rule id.
 * @throws `RULES_INVALID` when rules or tests have problems, each with file and line in the message. Nothing was run then.
 */
export async function runRuleTests(paths: readonly string[]): Promise<TestResult[]> {
  const planned = await planTests({ paths, logTypes: [] });
  if (planned.problems.length > 0) {
    const lines = planned.problems.map(({ file, line, message }) => `\n${file}:${line}: ${message}`);
    throw new StakeoutError("RULES_INVALID", `The rules or their tests have problems:${lines.join("")}`);
  }
  const results: TestResult[] = [];
  for (const test of planned.tests) results.push(await planned.run(test));
  return results;
}
