import { describe, expect, test } from "vitest";

import type { PantherContent } from "../../../../src/rules/panther/content.ts";
import { type Keys, python, ruleYaml, shown, withRepository, yamlOf } from "./fixtures.ts";

interface Read {
  readonly content: PantherContent;
  readonly problems: readonly string[];
}

const derivedKeys: Keys = { AnalysisType: "rule", RuleID: "Derived", BaseDetection: "Base" };

function derivedYaml(keys: Keys = {}): string {
  return yamlOf({ ...derivedKeys, ...keys });
}

/** The content of `a-derived.yml`, which is read before its base, and of these files. */
function read(derived: string, files: Readonly<Record<string, string>>): Read {
  using repository = withRepository({
    "rules/a-derived.yml": derived,
    "rules/base/rule.py": python,
    "rules/base/rule.yml": ruleYaml({ RuleID: "Base" }),
    ...files,
  });
  const content = repository.read(["rules"]);
  return { content, problems: shown(content.problems, repository) };
}

function derivedIn({ content }: Read): PantherContent["detections"][number] | undefined {
  return content.detections.find(({ manifest }) => manifest.id === "Derived");
}

const base = ruleYaml({
  RuleID: "Base",
  DisplayName: "The base",
  Description: "From the base",
  Tags: "[base]",
  DedupPeriodMinutes: "30",
  CreateAlert: "false",
  InlineFilters: "[{All: []}]",
  Status: "Experimental",
  Tests: "[{Name: of the base, ExpectedResult: true, Log: {a: 1}}]",
});

describe("a derived rule", () => {
  test("has the body, the tests and all else of its base", () => {
    const result = read(derivedYaml(), { "rules/base/rule.yml": base });
    expect(result.problems).toEqual([]);
    expect(derivedIn(result)).toMatchObject({
      kind: "rule",
      manifest: {
        id: "Derived",
        displayName: "The base",
        description: "From the base",
        tags: ["base"],
        dedupPeriodMs: 1_800_000,
        createAlert: false,
        severity: "low",
        enabled: true,
        logTypes: ["Test.Log"],
        file: expect.stringMatching(/a-derived\.yml$/),
        line: 2,
      },
      body: { kind: "python", file: expect.stringMatching(/\/rules\/base\/rule\.py$/) },
      inlineFilters: { file: expect.stringMatching(/base\/rule\.yml$/), value: [{ All: [] }] },
      tests: [{ name: "of the base" }],
      status: "Experimental",
      fields: { RuleID: "Derived", BaseDetection: "Base", DisplayName: "The base", LogTypes: ["Test.Log"] },
    });
  });

  test("has its own keys before those of its base", () => {
    const own = derivedYaml({
      Enabled: "false",
      Severity: "High",
      DisplayName: "Its own",
      Tags: "[own]",
      DedupPeriodMinutes: "5",
      CreateAlert: "true",
      InlineFilters: "[]",
      Status: "Deprecated",
      Tests: "[{Name: its own, ExpectedResult: false, Log: {}}]",
    });
    expect(derivedIn(read(own, { "rules/base/rule.yml": base }))).toMatchObject({
      manifest: {
        enabled: false,
        severity: "high",
        displayName: "Its own",
        tags: ["own"],
        dedupPeriodMs: 300_000,
        createAlert: true,
      },
      inlineFilters: { value: [] },
      tests: [{ name: "its own" }],
      status: "Deprecated",
      fields: { Severity: "High" },
    });
  });

  test("of a simple detection can say its title in another way", () => {
    const simple = ruleYaml({
      RuleID: "Base",
      Filename: undefined,
      Detection: "[{Key: a}]",
      AlertTitle: "one",
      GroupBy: "[{Key: a}]",
    });
    const result = read(derivedYaml({ AlertTitle: "two" }), { "rules/base/rule.yml": simple });
    expect(result.problems).toEqual([]);
    expect(derivedIn(result)?.body).toMatchObject({
      kind: "simple",
      detection: { value: [{ Key: "a" }] },
      extras: { alertTitle: "two", groupBy: { value: [{ Key: "a" }] } },
    });
  });

  test("can be a base itself", () => {
    const middle = yamlOf({ ...derivedKeys, RuleID: "Middle", Severity: "High" });
    const result = read(derivedYaml({ BaseDetection: "Middle" }), { "rules/b-middle.yml": middle });
    expect(result.problems).toEqual([]);
    expect(derivedIn(result)?.manifest.severity).toBe("high");
  });
});

describe("is wrong", () => {
  test.each<[string, Keys, string]>([
    [
      "an unknown base",
      { BaseDetection: "Bose" },
      "3: rule Derived: BaseDetection: there is no detection Bose; did you mean Base?",
    ],
    [
      "a base that is no text",
      { BaseDetection: "5" },
      "3: rule Derived: BaseDetection: it must be an id, not the number 5",
    ],
    [
      "itself as base",
      { BaseDetection: "Derived" },
      "3: rule Derived: BaseDetection: a detection cannot be derived from itself: Derived → Derived",
    ],
    ["log types of its own", { LogTypes: "[a]" }, "4: rule Derived: unknown key LogTypes"],
    ["a file of its own", { Filename: "rule.py" }, "4: rule Derived: unknown key Filename"],
    [
      "another type than its base",
      { AnalysisType: "scheduled_rule" },
      "3: rule Derived: BaseDetection: Base is a rule, and this is a scheduled_rule",
    ],
  ])("%s", (_, keys, problem) => {
    const result = read(derivedYaml(keys), {});
    expect(result.problems).toEqual([`rules/a-derived.yml:${problem}`]);
    expect(derivedIn(result)).toBeUndefined();
  });

  test("a base with problems of its own", () => {
    const result = read(derivedYaml(), {
      "rules/base/rule.yml": ruleYaml({ RuleID: "Base", Severity: "Lo" }),
    });
    expect(result.problems).toEqual([
      "rules/a-derived.yml:3: rule Derived: BaseDetection: Base in rules/base/rule.yml cannot be used itself",
      expect.stringMatching(/^rules\/base\/rule\.yml:6: rule Base: unknown Severity/),
    ]);
  });

  test("a circle of bases", () => {
    const result = read(derivedYaml({ BaseDetection: "Other" }), {
      "rules/b.yml": yamlOf({ ...derivedKeys, RuleID: "Other", BaseDetection: "Derived" }),
    });
    expect(result.problems).toEqual([
      "rules/a-derived.yml:3: rule Derived: BaseDetection: Other in rules/b.yml cannot be used itself",
      "rules/b.yml:3: rule Other: BaseDetection: a detection cannot be derived from itself: Derived → Other → Derived",
    ]);
  });
});
