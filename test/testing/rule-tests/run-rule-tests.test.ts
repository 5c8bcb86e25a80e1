import { join } from "node:path";

import { expect, test } from "vitest";
import { z } from "zod";

import { runRuleTests } from "../../../src/testing/index.ts";
import { planTests } from "../../../src/testing/rule-tests/plan.ts";
import { ruleTestsSchema } from "../../../src/testing/rule-tests/schema.ts";
import { folderOf, planOf, ruleText } from "./fixtures.ts";

const writing = (id: string, key: string): string =>
  ruleText({
    id,
    rule: `await incrementCounter("${key}"); console.log("${id}"); return false;`,
    fields:
      'tests: [{ name: "one", event: { a: 1 }, expect: false }, { name: "two", event: { a: 1 }, expect: false }],',
  });

test("answers a result for each test", async () => {
  const results = await runRuleTests([folderOf({ "a.ts": writing("A", "a"), "b.ts": writing("B", "b") })]);
  expect(results.map((result) => [result.test.ruleId, result.test.name, result.passed])).toEqual([
    ["A", "one", true],
    ["A", "two", true],
    ["B", "one", true],
    ["B", "two", true],
  ]);
});

test("throws what is wrong, with file and line", async () => {
  const folder = folderOf({ "rule.ts": ruleText(), "rule.test.yaml": "- { name: t }" });
  await expect(runRuleTests([folder])).rejects.toMatchObject({
    code: "RULES_INVALID",
    message: expect.stringContaining(`${join(folder, "rule.test.yaml")}:1: test "t": expect is missing`),
  });
});

test("two rules that write the same key are warned of, once each run", async () => {
  const results = await runRuleTests([
    folderOf({ "a.ts": writing("A", "same"), "b.ts": writing("B", "same") }),
  ]);
  expect(results.map(({ warnings }) => warnings)).toEqual([
    [],
    [],
    ['rule A writes the state key "same" too: begin keys with the rule\'s id'],
    ['rule A writes the state key "same" too: begin keys with the rule\'s id'],
  ]);
});

test("tests that are asked for at once run one after another", async () => {
  const planned = await planOf({ "a.ts": writing("A", "a"), "b.ts": writing("B", "b") });
  const results = await Promise.all(planned.tests.map((test) => planned.run(test)));
  expect(results.map(({ printed }) => printed)).toEqual(["A\n", "A\n", "B\n", "B\n"]);
});

test("a test of another plan is refused", async () => {
  const [first, second] = [
    await planOf({ "a.ts": writing("A", "a") }),
    await planOf({ "b.ts": writing("B", "b") }),
  ];
  const [other] = second.tests;
  if (other === undefined) throw new Error("no test was planned");
  await expect(first.run(other)).rejects.toThrow("The plan has no rule B.");
});

test("no paths, no tests", async () => {
  expect(await planTests({ paths: [], logTypes: [] })).toMatchObject({ tests: [], rules: [], problems: [] });
});

test("the form of tests has a JSON Schema", () => {
  const schema = z.toJSONSchema(ruleTestsSchema);
  expect(JSON.stringify(schema)).toContain('"repeat"');
});
