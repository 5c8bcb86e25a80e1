import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { affectedRules } from "../../../src/cli/test-watch/affected.ts";
import type { DetectionSpec, PantherContent } from "../../../src/rules/panther/content.ts";
import { createTest } from "../../testing/report/fixtures.ts";
import { tempFolder } from "../fixtures.ts";
import { createPlan, manifestOf } from "../test-fixtures.ts";

/** Rules `a` and `b` in Python, `simple` in YAML; which of them a change of this file concerns. */
function affected(changed: string): readonly string[] | "all" {
  const folder = tempFolder();
  const path = (name: string): string => join(folder, name);
  const sources = {
    "a.py": "import json, one\n\ndef rule(event):\n    from late import x\n    return True\n",
    "b.py": "from two.part import (\n    name,\n)\n",
    "one.py": "import os\nimport two as second\n",
    "two.py": "import one\n",
    "late.py": "",
    "model.py": "import modelled\n",
    "modelled.py": "",
  };
  for (const [name, text] of Object.entries(sources)) writeFileSync(path(name), text);
  const spec = (id: string, body: DetectionSpec["body"], logType: string): DetectionSpec => ({
    kind: "rule",
    manifest: manifestOf(id, { file: path(`${id}.yml`), logTypes: [logType] }),
    body,
    inlineFilters: undefined,
    tests: [],
    status: "",
    fields: {},
  });
  const simple = { alertTitle: undefined, alertContext: undefined, groupBy: undefined };
  const detection = { file: path("simple.yml"), value: [], lineOf: () => 0 };
  const specs = [
    spec("a", { kind: "python", file: path("a.py") }, "Test.A"),
    spec("b", { kind: "python", file: path("b.py") }, "Test.B"),
    spec(
      "simple",
      { kind: "simple", detection, extras: { ...simple, dynamicSeverities: undefined } },
      "Test.B",
    ),
  ];
  const helper = (id: string): PantherContent["globals"][number] => ({
    id,
    file: path(`${id}.py`),
    yamlFile: path(`${id}.yml`),
  });
  const model = { id: "Model", enabled: true, logTypes: ["Test.B"], mappings: [] };
  const content: PantherContent = {
    detections: specs,
    globals: ["one", "two", "late", "modelled"].map(helper),
    dataModels: [{ ...model, yamlFile: path("model.yml"), file: path("model.py") }],
    lookupTables: [],
    packs: [],
    correlationRules: [],
    files: [],
    problems: [],
    warnings: [],
  };
  const tests = [createTest({ ruleId: "b", file: path("b.test.yaml") })];
  const plan = createPlan(
    specs.map(({ manifest }) => manifest),
    tests,
  );
  const specOf = (id: string): DetectionSpec | undefined => specs.find(({ manifest }) => manifest.id === id);
  const rules = affectedRules({ ...plan, content, specOf }, new Set([path(changed)]));
  return rules === undefined ? "all" : [...rules];
}

describe("a change of", () => {
  test.each<[string, readonly string[] | "all"]>([
    ["a.yml", ["a"]],
    ["a.py", ["a"]],
    ["b.test.yaml", ["b"]],
    ["one.py", ["a", "b"]],
    ["two.yml", ["a", "b"]],
    ["late.py", ["a"]],
    ["model.yml", ["b", "simple"]],
    ["modelled.py", ["b", "simple"]],
    ["lookup_table.csv", "all"],
    ["new_rule.yml", "all"],
  ])("%s concerns %j", (file, rules) => {
    expect(affected(file)).toEqual(rules);
  });
});
