import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { affectedRules, importedFiles } from "../../../src/cli/test-watch/affected.ts";
import { createTest } from "../../testing/report/fixtures.ts";
import { tempFolder } from "../fixtures.ts";
import { createPlan, manifestOf } from "../test-fixtures.ts";

function affected(changed: readonly string[]): readonly string[] | "all" {
  const folder = tempFolder();
  const path = (name: string): string => join(folder, name);
  mkdirSync(path("lib"));
  writeFileSync(path("a.ts"), 'import { one } from "./lib/one.ts";\none();\n');
  writeFileSync(path("b.ts"), 'import type { Two } from "./lib/two.ts";\nimport "./lib/one.ts";\n');
  writeFileSync(path("c.ts"), "export {};\n");
  writeFileSync(path("lib/one.ts"), 'export { two as one } from "./two.ts";\n');
  writeFileSync(path("lib/two.ts"), 'import "./one.ts";\nexport const two = () => 2;\n');
  const manifests = ["a", "b", "c"].map((id) => manifestOf(id, { file: path(`${id}.ts`) }));
  const tests = [
    createTest({ ruleId: "a", file: path("a.ts") }),
    createTest({ ruleId: "c", file: path("c.test.yaml") }),
  ];
  const rules = affectedRules(createPlan(manifests, tests), new Set(changed.map(path)));
  return rules === undefined ? "all" : [...rules];
}

describe("a change of", () => {
  test.each<[string, readonly string[]]>([
    ["a.ts", ["a"]],
    ["c.ts", ["c"]],
    ["lib/one.ts", ["a", "b"]],
    ["lib/two.ts", ["a", "b"]],
    ["c.test.yaml", ["c"]],
    ["unrelated.ts", []],
  ])("%s concerns %j", (file, rules) => {
    expect(affected([file])).toEqual(rules);
  });

  test("several files concerns the rules of each", () => {
    expect(affected(["a.ts", "c.test.yaml"])).toEqual(["a", "c"]);
  });

  test.each(["events/sample.json", "Custom.Log.yaml"])("%s concerns all, because any may use it", (file) => {
    expect(affected([file, "a.ts"])).toBe("all");
  });
});

test("imported files are named wherever they are", () => {
  const folder = tempFolder();
  const outside = join(tempFolder(), "helper.ts");
  writeFileSync(outside, "export {};\n");
  writeFileSync(join(folder, "a.ts"), `import ${JSON.stringify(outside)};\n`);
  const plan = createPlan([manifestOf("a", { file: join(folder, "a.ts") })]);
  expect([...importedFiles(plan)]).toEqual([join(folder, "a.ts"), outside]);
});
