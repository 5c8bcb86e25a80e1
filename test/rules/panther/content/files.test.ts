import { writeFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";

import { ids, policyYaml, python, readYaml, ruleYaml, shown, withRepository } from "./fixtures.ts";

describe("a file", () => {
  test.each([
    ["with Windows line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["with a byte order mark", (text: string) => `\uFEFF${text}`],
    ["with comments", (text: string) => `# a\n${text.replaceAll("\n", " # b\n")}`],
    ["with keys in quotes", (text: string) => text.replaceAll(/^(\w+):/gm, '"$1" :')],
    ["with document marks", (text: string) => `%YAML 1.2\n---\n${text}...\n`],
  ])("%s is read", (_, change) => {
    const text = `${ruleYaml()}Tests:\n  - Name: a\n    ExpectedResult: true\n    Log: {\n      "a": 1\n    }\n`;
    const { detection, problems } = readYaml(change(text));
    expect(problems).toEqual([]);
    expect(detection).toMatchObject({ manifest: { id: "Test.Rule" }, tests: [{ json: '{"a":1}' }] });
  });

  test("must be UTF-8", () => {
    using repository = withRepository({ "rules/rule.py": python });
    const text = Buffer.from(ruleYaml({ Description: "caf\u00e9" }), "latin1");
    writeFileSync(join(repository.path, "rules/a.yml"), text);
    writeFileSync(join(repository.path, "rules/other.yml"), Buffer.from("a: \u00e9", "latin1"));
    const { detections, problems } = repository.read();
    expect(detections).toEqual([]);
    expect(shown(problems, repository)).toEqual([
      "rules/a.yml:7: it is not text in UTF-8; save it in that encoding",
    ]);
  });
});

describe("whatever stands under the keys", () => {
  const types = ["rule", "scheduled_rule", "policy", "global", "datamodel", "lookup_table", "pack"];
  const words =
    "RuleID PolicyID GlobalID DataModelID LookupName PackID BaseDetection Enabled Filename Detection LogTypes " +
    "ScheduledQueries Severity Description Threshold Tests Reports Tags OutputIds DedupPeriodMinutes InlineFilters " +
    "Mappings LogTypeMap PackDefinition Refresh DisplayName Suppressions Mocks Name Log AssociatedLogTypes";
  const keys = words.split(" ");
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>("Low", "rule.py", "", true, 1, -1.5, null, "Test.Rule"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys, "Path", "IDs", "ExpectedResult"), tie("value"), { maxKeys: 4 }),
    ),
  }));

  test("is read or a problem, and nothing is thrown", () => {
    const content = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...types), content, (AnalysisType, fields) => {
        const read = readYaml(stringify({ AnalysisType, ...fields }));
        const { detections, globals, dataModels, lookupTables, packs } = read.content;
        const specs = [detections, globals, dataModels, lookupTables, packs].flat();
        expect(specs.length + Math.min(1, read.problems.length + read.warnings.length)).toBeGreaterThan(0);
        expect(specs.length > 0 && read.problems.length > 0).toBe(false);
      }),
    );
  });
});

test("a broken file does not hide the others", () => {
  using repository = withRepository({
    "rules/a.yml": "AnalysisType: rule\nRuleID: [\n",
    "rules/b.yml": ruleYaml({ RuleID: "B" }),
    "rules/c.yml": ruleYaml({ RuleID: "C", Severity: "Lo" }),
    "rules/rule.py": python,
  });
  const content = repository.read(["rules"]);
  expect(ids(content)).toEqual(["B"]);
  expect(content.problems.map(({ file }) => file.slice(-5))).toEqual(["a.yml", "c.yml"]);
});

describe("an id that is used twice", () => {
  test("is a problem in both places, and neither is there", () => {
    using repository = withRepository({
      "rules/a.yml": ruleYaml(),
      "rules/b.yml": `# A comment\n${ruleYaml()}`,
      "rules/c.yml": ruleYaml({ RuleID: "Other" }),
      "rules/rule.py": python,
    });
    const content = repository.read(["rules"]);
    expect(ids(content)).toEqual(["Other"]);
    expect(shown(content.problems, repository)).toEqual([
      "rules/a.yml:2: the id Test.Rule is used in rules/b.yml:3 too",
      "rules/b.yml:3: the id Test.Rule is used in rules/a.yml:2 too",
    ]);
  });

  test("is one in rules and policies together", () => {
    using repository = withRepository({
      "rules/a.yml": ruleYaml({ RuleID: "A" }),
      "rules/b.yml": policyYaml({ PolicyID: "A" }),
      "rules/rule.py": python,
    });
    expect(repository.read(["rules"]).problems).toHaveLength(2);
  });
});
