import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { TestResult } from "../../../src/testing/rule-tests/model.ts";
import { runRuleTests } from "../../../src/testing/rule-tests/run-rule-tests.ts";

const burst = "access_denied_burst.ts";
const role = "assumed_role_new_address.ts";

/** Results of the examples' tests with one text of a rule replaced by another. */
async function resultsWith(file: string, from: string, to: string): Promise<readonly TestResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-mutation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync("examples/rules", folder, { recursive: true });
  const text = readFileSync(join(folder, file), "utf8");
  expect(text.split(from)).toHaveLength(2);
  writeFileSync(
    join(folder, file),
    text.replace(from, () => to),
  );
  return await runRuleTests([folder]);
}

test("the tests of the examples pass", async () => {
  const results = await runRuleTests(["examples"]);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(new Set(results.map((result) => result.test.ruleId)).size).toBe(2);
});

test("each example has a sequence of more than an hour and a mock", async () => {
  const results = await runRuleTests(["examples/rules"]);
  for (const [, ofRule] of Map.groupBy(results, (result) => result.test.ruleId)) {
    const tests = ofRule.map((result) => result.test);
    expect(tests.some(({ mocks }) => mocks.length > 0)).toBe(true);
    const spansMs = tests.map(({ events }) => {
      const times = events.map(({ fields }) => Date.parse(fields["eventTime"] as string));
      return Math.max(...times) - Math.min(...times);
    });
    expect(Math.max(...spansMs)).toBeGreaterThanOrEqual(3_600_000);
  }
});

test.each<[file: string, from: string, change: { to: string; names: string }]>([
  [burst, "const DENIALS = 10;", { to: "const DENIALS = 11;", names: "count < DENIALS" }],
  [burst, "count === 1", { to: "count !== 1", names: "count !== 1" }],
  [
    burst,
    "if (count === 1) await setKeyExpiration(key, { in: WITHIN });",
    { to: "", names: "count < DENIALS" },
  ],
  [burst, "    await resetCounter(key);\n", { to: "", names: "count < DENIALS" }],
  [burst, 'const WITHIN = "1h";', { to: 'const WITHIN = "2h";', names: "count < DENIALS" }],
  [
    burst,
    "if (principal === undefined) return false;",
    { to: "", names: "!DENIED_CODES.has(event.errorCode)" },
  ],
  [
    burst,
    "if (!DENIED_CODES.has(event.errorCode)) return false;",
    { to: "", names: "principal === undefined" },
  ],
  [
    role,
    "await addToStringSet(key, address, { in: REMEMBERED });",
    { to: "await addToStringSet(key, address);", names: "known.size > 0" },
  ],
  [role, 'const REMEMBERED = "90d";', { to: 'const REMEMBERED = "91d";', names: "known.size > 0" }],
  [role, "known.size > 0 && !known.has(address)", { to: "!known.has(address)", names: "known.has(address)" }],
  [
    role,
    'typeof address === "string"',
    { to: 'typeof address !== "string"', names: "!role || !isAddress(address)" },
  ],
  [role, " || event.errorCode", { to: "", names: "known.size > 0" }],
  [role, "!ASSUME_ROLE.has(event.eventName)", { to: "false", names: "known.size > 0" }],
])("a change of %s is noticed, with the line of a condition: %j", async (file, from, { to, names }) => {
  const failed = (await resultsWith(file, from, to)).filter(({ passed }) => !passed);
  expect(failed.length).toBeGreaterThan(0);
  const conditions = failed.flatMap(({ trace }) => trace?.conditions ?? []);
  expect(conditions.map(({ text }) => text)).toContainEqual(expect.stringContaining(names));
  const named = conditions.find(({ text }) => text.includes(names));
  expect(named?.line).toBeGreaterThan(0);
  expect(named?.file.endsWith(file)).toBe(true);
});
