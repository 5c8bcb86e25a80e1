import { describe, expect, test } from "vitest";

import { type Keys, readYaml, shown, withRepository, yamlOf } from "./fixtures.ts";

const globalKeys: Keys = { AnalysisType: "global", GlobalID: "a_helper", Filename: "rule.py" };
const modelKeys: Keys = {
  AnalysisType: "datamodel",
  DataModelID: "Test.Model",
  LogTypes: "[Test.Log]",
  Enabled: "true",
  Mappings: "\n  - {Name: user, Path: actor.name}\n  - {Name: admin, Method: is_admin}",
  Filename: "rule.py",
};
const packKeys: Keys = {
  AnalysisType: "pack",
  PackID: "Test.Pack",
  DisplayName: "A pack",
  Description: "Some rules",
  PackDefinition: "{IDs: [A, B, A]}",
};
const correlationKeys: Keys = {
  AnalysisType: "correlation_rule",
  RuleID: "Test.Correlation",
  Enabled: "true",
  Severity: "High",
  Detection: "[{Group: []}]",
  Tests: "[{Name: a}, {Name: b}]",
};

describe("a global helper", () => {
  test("has the name under which rules import it, and its file", () => {
    const { content, problems } = readYaml(yamlOf({ ...globalKeys, Description: "Helps", Tags: "[a]" }));
    expect(problems).toEqual([]);
    expect(content.globals).toEqual([
      {
        id: "a_helper",
        file: expect.stringMatching(/\/rules\/rule\.py$/),
        yamlFile: expect.stringMatching(/\/rules\/rule\.yml$/),
      },
    ]);
  });

  test.each(["a-helper", "a.b", "../a", "1a"])("that cannot be imported is left out: %s", (GlobalID) => {
    const { content, problems, warnings } = readYaml(yamlOf({ ...globalKeys, GlobalID }));
    expect(problems).toEqual([]);
    expect(content.globals).toEqual([]);
    expect(warnings).toEqual([
      `2: global helper ${GlobalID}: it is left out, because no rule can import it: its id is not a name in Python`,
    ]);
  });

  test.each<[string, Keys, string]>([
    ["no id", { GlobalID: undefined }, "1: global helper: GlobalID is missing"],
    ["no file", { Filename: undefined }, "2: global helper a_helper: Filename is missing"],
    [
      "a file that is not there",
      { Filename: "no.py" },
      "3: global helper a_helper: Filename no.py: there is no such file beside it",
    ],
    ["an unknown key", { Enabled: "true" }, "4: global helper a_helper: unknown key Enabled"],
  ])("is wrong with %s", (_, keys, problem) => {
    const { content, problems } = readYaml(yamlOf({ ...globalKeys, ...keys }));
    expect(problems).toEqual([problem]);
    expect(content.globals).toEqual([]);
  });
});

describe("a data model", () => {
  test("has its mappings with their lines", () => {
    const { content, problems } = readYaml(yamlOf(modelKeys));
    expect(problems).toEqual([]);
    expect(content.dataModels).toEqual([
      {
        id: "Test.Model",
        yamlFile: expect.stringMatching(/\/rules\/rule\.yml$/),
        enabled: true,
        logTypes: ["Test.Log"],
        mappings: [
          { name: "user", path: "actor.name", method: undefined, line: 6 },
          { name: "admin", path: undefined, method: "is_admin", line: 7 },
        ],
        file: expect.stringMatching(/\/rules\/rule\.py$/),
      },
    ]);
  });

  test("needs no file without methods", () => {
    const keys = { ...modelKeys, Filename: undefined, Mappings: "[{Name: user, Path: actor}]" };
    const { content, problems } = readYaml(yamlOf(keys));
    expect(problems).toEqual([]);
    expect(content.dataModels[0]?.file).toBeUndefined();
  });

  test.each<[string, Keys, string]>([
    ["no log types", { LogTypes: undefined }, "2: data model Test.Model: LogTypes is missing"],
    ["no mappings", { Mappings: undefined }, "2: data model Test.Model: Mappings is missing"],
    ["without Enabled", { Enabled: undefined }, "2: data model Test.Model: Enabled is missing"],
    [
      "a method but no file",
      { Filename: undefined },
      "5: data model Test.Model: admin is a method, so Filename must name the Python file that defines it",
    ],
    [
      "a mapping that is text",
      { Mappings: "[a]" },
      '5: data model Test.Model: a mapping must be an object, not "a"',
    ],
    [
      "a mapping without a name",
      { Mappings: "[{Path: a}]" },
      "5: data model Test.Model: a mapping needs a Name, which is text, not undefined",
    ],
    [
      "neither path nor method",
      { Mappings: "[{Name: a}]" },
      "5: data model Test.Model: mapping a has neither Path nor Method; give one of them",
    ],
    [
      "both",
      { Mappings: "[{Name: a, Path: b, Method: c}]" },
      "5: data model Test.Model: mapping a has both Path and Method; give one of them",
    ],
    [
      "a number as path",
      { Mappings: "[{Name: a, Path: 1}]" },
      "5: data model Test.Model: mapping a: Path must be text, not the number 1",
    ],
    [
      "an unknown key",
      { Mappings: "[{Name: a, Path: b, Pfad: c}]" },
      "5: data model Test.Model: unknown key Mappings.0.Pfad",
    ],
  ])("is wrong with %s", (_, keys, problem) => {
    const { content, problems } = readYaml(yamlOf({ ...modelKeys, ...keys }));
    expect(problems).toEqual([problem]);
    expect(content.dataModels).toEqual([]);
  });

  function models(second: Keys): readonly string[] {
    using repository = withRepository({
      "data_models/a.yml": yamlOf({ ...modelKeys, DataModelID: "A" }),
      "data_models/b.yml": yamlOf({ ...modelKeys, DataModelID: "B", ...second }),
      "data_models/rule.py": "",
    });
    const { dataModels, problems } = repository.read();
    return [...dataModels.map(({ id }) => id), ...shown(problems, repository)];
  }

  test("cannot share a log type with another one", () => {
    expect(models({ LogTypes: "[Other.Log, Test.Log]" })).toEqual([
      "data_models/a.yml:2: data model A: Test.Log has another enabled data model, B in data_models/b.yml:2; disable one of them",
      "data_models/b.yml:2: data model B: Test.Log has another enabled data model, A in data_models/a.yml:2; disable one of them",
    ]);
  });

  test("can share it with a disabled one", () => {
    expect(models({ Enabled: "false" })).toEqual(["A", "B"]);
  });
});

describe("a pack", () => {
  test("has the ids that belong to it", () => {
    const { content, problems } = readYaml(yamlOf(packKeys));
    expect(problems).toEqual([]);
    expect(content.packs).toEqual([
      { id: "Test.Pack", yamlFile: expect.stringMatching(/rule\.yml$/), ids: ["A", "B"] },
    ]);
  });

  test.each<[string, Keys, string]>([
    ["no definition", { PackDefinition: undefined }, "2: pack Test.Pack: PackDefinition is missing"],
    ["no ids", { PackDefinition: "{}" }, "5: pack Test.Pack: PackDefinition.IDs must be a list of ids"],
    [
      "a number as id",
      { PackDefinition: "{IDs: [1]}" },
      "5: pack Test.Pack: IDs must be a list of texts, not of the number 1",
    ],
    [
      "an unknown key",
      { PackDefinition: "{IDs: [], Name: a}" },
      "5: pack Test.Pack: unknown key PackDefinition.Name",
    ],
  ])("is wrong with %s", (_, keys, problem) => {
    const { content, problems } = readYaml(yamlOf({ ...packKeys, ...keys }));
    expect(problems).toEqual([problem]);
    expect(content.packs).toEqual([]);
  });
});

describe("a correlation rule", () => {
  test.each([true, false])("is recognised, and said not to be run (tests: %s)", (tests) => {
    const { content, problems, warnings } = readYaml(yamlOf(correlationKeys), { tests });
    expect(problems).toEqual([]);
    expect(content.correlationRules).toMatchObject([{ id: "Test.Correlation", tests: 2 }]);
    expect(content.detections).toEqual([]);
    expect(warnings).toEqual([
      "2: correlation rule Test.Correlation: it is not run yet: Stakeout reads correlation rules, but cannot evaluate them",
    ]);
  });

  test("is wrong without Detection", () => {
    const { problems } = readYaml(yamlOf({ ...correlationKeys, Detection: undefined }));
    expect(problems).toEqual(["2: correlation rule Test.Correlation: Detection is missing"]);
  });
});

test.each(["saved_query", "scheduled_query", "scheduled_prompt"])(
  "a %s is recognised, and not read",
  (type) => {
    const { content, problems, warnings } = readYaml(`AnalysisType: ${type}\nQuery: [unread\n`);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(content.files).toHaveLength(1);
  },
);
