import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, onTestFinished } from "vitest";

import type { Problem } from "../../../src/core/errors.ts";
import type { RuleTestDefinition } from "../../../src/rules/test-definition.ts";
import type { TestResult } from "../../../src/testing/rule-tests/model.ts";
import { planTests, type PlannedTests, type RunOptions } from "../../../src/testing/rule-tests/plan.ts";

/** A folder with these files, by relative path; gone when the test has ended. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-rule-tests-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export async function planOf(files: Readonly<Record<string, string>>): Promise<PlannedTests> {
  return await planTests({ paths: [folderOf(files)], logTypes: [] });
}

/** Problems as `name:line: message`, the folder's path taken out. */
export function shown(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ file, line, message }) =>
    `${file}:${line}: ${message}`.replaceAll(/\S*stakeout-rule-tests-\w+\//g, ""),
  );
}

export interface RuleParts {
  readonly id?: string;
  readonly logTypes?: readonly string[];
  /** Text before the rule. */
  readonly before?: string;
  /** Body of `rule`. */
  readonly rule?: string;
  /** Further fields. */
  readonly fields?: string;
}

/** The text of a rule that counts every event by user and matches the third. */
export function ruleText(parts: RuleParts = {}): string {
  const { id = "Test.Rule", logTypes = ["Test.Log"], before = "", fields = "" } = parts;
  const body =
    parts.rule ??
    `const count = await incrementCounter(\`Test.Rule:\${event.user}\`, 1);
     if (count === 1) await setKeyExpiration(\`Test.Rule:\${event.user}\`, { in: "1h" });
     return count >= 3;`;
  return `import { addToStringSet, defineRule, getCounter, getStringSet, incrementCounter, now, putDictionary, setKeyExpiration } from "stakeout";
${before}
export default defineRule({
  id: ${JSON.stringify(id)},
  logTypes: ${JSON.stringify(logTypes)},
  severity: "low",
  async rule(event) { ${body} },
  ${fields}
});
`;
}

/** Runs one test of one rule; `files` lie beside it. */
// oxlint-disable-next-line eslint/max-params -- each is left out more often than not
export async function runOne(
  definition: Partial<RuleTestDefinition>,
  parts: RuleParts = {},
  options: RunOptions = {},
  files: Readonly<Record<string, string>> = {},
): Promise<TestResult> {
  const complete = { name: "test", expect: {}, ...definition };
  const planned = await planOf({
    ...files,
    "rule.ts": ruleText(parts),
    "rule.test.yaml": JSON.stringify([complete]),
  });
  expect(shown(planned.problems)).toEqual([]);
  const [test] = planned.tests;
  if (test === undefined) throw new Error("no test was planned");
  return await planned.run(test, options);
}

/** The messages of what failed. */
export function failed(result: TestResult): readonly string[] {
  return result.failures.map(({ what, message }) => `${what}: ${message}`);
}
