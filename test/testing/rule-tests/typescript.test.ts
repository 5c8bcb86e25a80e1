import { expect, test } from "vitest";

import { planOf, ruleText, shown } from "./fixtures.ts";

/** Problems of a test file in TypeScript beside a rule. */
async function problemsOfModule(text: string): Promise<readonly string[]> {
  const { problems } = await planOf({ "rule.ts": ruleText(), "rule.test.ts": text });
  return shown(problems);
}

test("dates, sets and fields that are undefined can be written in TypeScript", async () => {
  const planned = await planOf({
    "rule.ts": ruleText({ logTypes: ["AWS.CloudTrail"] }),
    "rule.test.ts": `export default [{
      name: "t",
      event: { a: 1, b: undefined, c: new Date(0), at: new Date(1000) },
      mocks: { getStringSet: new Set(["x"]) },
      expect: false,
    }];`,
  });
  expect(shown(planned.problems)).toEqual([]);
  expect(planned.tests[0]?.events).toEqual([
    {
      logType: "AWS.CloudTrail",
      fields: { a: 1, c: "1970-01-01T00:00:00.000Z", eventTime: "1970-01-01T00:00:01Z" },
    },
  ]);
  expect(planned.tests[0]?.mocks).toEqual([
    { name: "getStringSet", answer: { kind: "value", value: new Set(["x"]) } },
  ]);
});

test("mistakes in a rule's own tests, where they stand in the rule", async () => {
  const { problems } = await planOf({
    "rule.ts": `import { defineRule } from "stakeout";
const shared = {
  name: "shared",
  event: { a: 1 },
  expct: true,
};
export default defineRule({
  id: "Test.Rule",
  logTypes: ["Test.Log"],
  severity: "low",
  rule: () => true,
  tests: [
    shared,
    {
      name: "second",
      event: { a: 1, b: () => 1 },
      expect: true,
    },
  ],
});
`,
  });
  expect(shown(problems)).toEqual([
    'rule.ts:2: test "shared": expect is missing',
    'rule.ts:5: test "shared": unknown key expct; did you mean expect?',
    'rule.ts:16: test "second": a function is nothing that JSON can hold',
  ]);
});

test("tests that a function of the rule's file makes have their own lines", async () => {
  const planned = await planOf({
    "rule.ts": `${ruleText({ fields: "tests: createTests()," })}
function createTests() {
  const shared = { event: { a: 1 }, expect: false };
  return [
    { name: "first", ...shared },
    { name: "second", ...shared },
    ...[{ name: "third", ...shared }],
  ];
}
`,
  });
  expect(planned.tests.map(({ name, line }) => [name, line])).toEqual([
    ["first", 16],
    ["second", 17],
    ["third", 15],
  ]);
});

test("mistakes in a test file in TypeScript", async () => {
  expect(await problemsOfModule("const a = 1;\nthrow new Error('no');\nexport default [];")).toEqual([
    "rule.test.ts:2: cannot be loaded: Error: no",
  ]);
  expect(await problemsOfModule("export const tests = [];")).toEqual([
    "rule.test.ts:0: it must export its tests: export default [ … ]",
  ]);
  expect(await problemsOfModule('import { x } from "./none.ts";\nexport default [x];')).toEqual([
    expect.stringMatching(/^rule\.test\.ts:1: cannot import ".\/none\.ts"/),
  ]);
  expect(
    await problemsOfModule(
      "const tests = [\n  { name: 'a', events: [], expect: true },\n];\nexport default tests;",
    ),
  ).toEqual(['rule.test.ts:2: test "a": events: It is empty']);
  const cyclic =
    "const event: any = { a: 1 };\nevent.self = event;\nexport default [{ name: 'a', event, expect: true }];";
  expect(await problemsOfModule(cyclic)).toEqual([
    expect.stringMatching(/^rule\.test\.ts:3: test "a": it is nested deeper than 200 levels/),
  ]);
});
