import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { eventKeys, knownKeys, mockKeys } from "../../../src/testing/rule-tests/schema.ts";
import { planOf, ruleText, shown } from "./fixtures.ts";

const text = readFileSync("docs/testing.md", "utf8");

test("the page names every key", () => {
  const keys = [
    ...knownKeys([]),
    ...knownKeys(["tests", 0]),
    ...eventKeys,
    ...mockKeys,
    ...knownKeys(["tests", 0, "state", "k"]),
    ...knownKeys(["tests", 0, "expect"]),
    ...knownKeys(["tests", 0, "expect", "alerts", 0]),
  ];
  expect(keys.filter((key) => !new RegExp(`[\`{ ]${key}[\`:]`).test(text))).toEqual([]);
});

test("the first example is a test file without mistakes", async () => {
  const yaml = /```yaml\n([^]*?)```/.exec(text)?.[1] ?? "";
  const planned = await planOf({ "access_denied.ts": ruleText(), "access_denied.test.yaml": yaml });
  expect(shown(planned.problems)).toEqual([]);
  expect(planned.tests).toHaveLength(2);
});
