import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { ids, python, type Repository, ruleYaml, shown, withRepository, yamlOf } from "./fixtures.ts";

const helper = yamlOf({ AnalysisType: "global", GlobalID: "a_helper", Filename: "a_helper.py" });
const model = yamlOf({
  AnalysisType: "datamodel",
  DataModelID: "Test.Model",
  LogTypes: "[Test.Log]",
  Enabled: "true",
  Mappings: "[{Name: user, Path: actor}]",
});

/** Files of a rule with this id in this folder. */
function rule(folder: string, id: string): Record<string, string> {
  return { [`${folder}/${id}.yml`]: ruleYaml({ RuleID: id }), [`${folder}/rule.py`]: python };
}

describe("which files are read", () => {
  test("those below a folder, sorted by id", () => {
    using repository = withRepository({ ...rule("rules", "B"), ...rule("rules/deep/er", "A") });
    expect(ids(repository.read(["rules"]))).toEqual(["A", "B"]);
  });

  test.each(["a.yml", "a.yaml", "a.y_ml"])("%s", (name) => {
    using repository = withRepository({ [`rules/${name}`]: ruleYaml(), "rules/rule.py": python });
    expect(ids(repository.read(["rules"]))).toEqual(["Test.Rule"]);
  });

  test.each(["a.json", "a.yml.txt", "ayml", ".a.yml", ".hidden/a.yml", "node_modules/a.yml"])(
    "not %s",
    (name) => {
      using repository = withRepository({ [`rules/${name}`]: ruleYaml() });
      expect(repository.read(["rules"])).toMatchObject({ detections: [], files: [], problems: [] });
    },
  );

  test("a file that is named itself", () => {
    using repository = withRepository({ ...rule("rules", "A"), ...rule("rules", "B") });
    expect(ids(repository.read(["rules/B.yml"]))).toEqual(["B"]);
  });

  test("one that is named twice, once", () => {
    using repository = withRepository(rule("rules", "A"));
    const content = repository.read(["rules", "rules/A.yml"]);
    expect(content.problems).toEqual([]);
    expect(ids(content)).toEqual(["A"]);
  });

  test("YAML without AnalysisType belongs to somebody else, broken or not", () => {
    using repository = withRepository({
      "rules/a.test.yaml": "- name: some test\n  event: {}\n",
      "rules/types.yml": "logType: Custom.Log\n",
      "rules/broken.yml": "a: [\n# AnalysisType: rule\n",
      "rules/text.yml": "about: AnalysisType is a key of Panther\n",
      "rules/empty.yml": "",
    });
    expect(repository.read()).toMatchObject({ detections: [], files: [], problems: [], warnings: [] });
  });

  test("a mapping in braces, too", () => {
    const text = `{"RuleID": "A", "AnalysisType": "rule", "Enabled": true, "Filename": "rule.py", "LogTypes": ["L"], "Severity": "Low"}`;
    using repository = withRepository({ "rules/a.yml": text, "rules/rule.py": python });
    expect(ids(repository.read(["rules"]))).toEqual(["A"]);
  });

  test("a file that is no content is no problem when it is named", () => {
    using repository = withRepository({ "rules/a.ts": "", "rules/b.yml": "a: 1" });
    expect(repository.read(["rules/a.ts", "rules/b.yml"])).toMatchObject({ files: [], problems: [] });
  });

  test("all that belong to the content are told, for watching", () => {
    using repository = withRepository({
      ...rule("rules", "A"),
      "rules/query.yml": "AnalysisType: saved_query\n",
      "rules/other.yml": "a: 1",
      "rules/broken.yml": "AnalysisType: [\n",
    });
    const { files } = repository.read(["rules"]);
    const names = ["A.yml", "broken.yml", "query.yml", "rule.py"];
    expect(files).toEqual(names.map((name) => `${repository.path}/rules/${name}`));
  });

  test("a path that is not there is a problem", () => {
    using repository = withRepository({});
    const { problems } = repository.read(["rules"]);
    expect(shown(problems, repository)).toEqual(["rules:0: no such file or folder"]);
  });

  test("links are followed, but not round in circles", () => {
    using repository = withRepository(rule("elsewhere", "A"));
    mkdirSync(join(repository.path, "rules"));
    symlinkSync("../elsewhere", join(repository.path, "rules/linked"));
    symlinkSync("..", join(repository.path, "elsewhere/up"));
    const content = repository.read(["rules"]);
    expect(content.problems).toEqual([]);
    expect(ids(content)).toEqual(["A"]);
  });

  test("a link to nothing is a problem", () => {
    using repository = withRepository(rule("rules", "A"));
    symlinkSync("nowhere", join(repository.path, "rules/b.yml"));
    expect(shown(repository.read(["rules"]).problems, repository)).toEqual([
      "rules/b.yml:0: no such file or folder",
    ]);
  });

  test("a file beyond the limit is a problem, and the others are read", () => {
    using repository = withRepository({
      ...rule("rules", "A"),
      "rules/big.yml": `${ruleYaml({ RuleID: "B" })}Description: ${"x".repeat(16 * 1024 * 1024)}`,
    });
    const content = repository.read(["rules"]);
    expect(ids(content)).toEqual(["A"]);
    expect(shown(content.problems, repository)).toEqual([
      expect.stringMatching(/^rules\/big\.yml:0: it has \d+ bytes, more than the 16777216/),
    ]);
  });
});

describe("a whole repository", () => {
  const inFolders = [
    "rules/aws",
    "my_rules",
    "policies",
    "queries",
    "data_models/edr",
    "lookup_tables/x",
    "packs",
    "global_helpers",
  ];
  const files = Object.assign(
    { "global_helpers/a_helper.yml": helper, "global_helpers/a_helper.py": "" },
    ...[...inFolders, "templates", "packs/deep", "docs"].map((folder) =>
      rule(folder, folder.replace("/", ".")),
    ),
  );

  test("is read in Panther's folders only when it is named by its path", () => {
    using repository = withRepository(files);
    expect(new Set(ids(repository.read()))).toEqual(
      new Set(inFolders.map((folder) => folder.replace("/", "."))),
    );
  });

  test("warns of what is in other folders", () => {
    using repository = withRepository({ ...files, "docs/b.yml": ruleYaml(), "docs/c.yml": "a: 1" });
    const why =
      "not read, as Panther does not look into this folder of a repository; to read it, name it too";
    expect(shown(repository.read().warnings, repository)).toEqual([
      `docs:0: 2 files with an AnalysisType ${why}`,
      `packs/deep:0: 1 file with an AnalysisType ${why}`,
      `templates:0: 1 file with an AnalysisType ${why}`,
    ]);
    expect(repository.read(["", "docs", "packs/deep", "templates"]).warnings).toEqual([]);
  });

  test("is only one where rules or policies lie beside helpers", () => {
    using repository = withRepository({ "global_helpers/a_helper.yml": helper, ...rule("aws", "A") });
    writeFileSync(join(repository.path, "global_helpers/a_helper.py"), "");
    expect(ids(repository.read())).toEqual(["A"]);
  });

  test("has its files at the top read, too", () => {
    using repository = withRepository({
      ...files,
      "top.yml": ruleYaml({ RuleID: "Top" }),
      "rule.py": python,
    });
    expect(ids(repository.read())).toContain("Top");
  });

  test("has another folder read when that is named too", () => {
    using repository = withRepository(files);
    expect(ids(repository.read(["", "templates"]))).toContain("templates");
  });

  const workingFolder = process.cwd();
  afterEach(() => process.chdir(workingFolder));

  test("is the working folder", () => {
    using repository = withRepository({ ...rule("rules", "A"), ...rule("templates", "B") });
    expect(ids(repository.read())).toEqual(["A", "B"]);
    process.chdir(repository.path);
    expect(ids(repository.read())).toEqual(["A"]);
    process.chdir(workingFolder);
  });
});

describe("helpers and data models of a folder", () => {
  const helpers = { "global_helpers/a_helper.yml": helper, "global_helpers/a_helper.py": "" };

  function globals(repository: Repository, name: string): readonly string[] {
    return repository.read([name]).globals.map(({ yamlFile }) => yamlFile.replace(`${repository.path}/`, ""));
  }

  test("are those beside it", () => {
    using repository = withRepository({ ...helpers, ...rule("rules", "A"), "data_models/deep/m.yml": model });
    const { globals, dataModels } = repository.read(["rules"]);
    expect(globals.map(({ id }) => id)).toEqual(["a_helper"]);
    expect(dataModels.map(({ id }) => id)).toEqual(["Test.Model"]);
  });

  test("are those in it", () => {
    using repository = withRepository({
      ...rule("mine/rules", "A"),
      "mine/global_helpers/a_helper.yml": helper,
    });
    writeFileSync(join(repository.path, "mine/global_helpers/a_helper.py"), "");
    expect(globals(repository, "mine")).toEqual(["mine/global_helpers/a_helper.yml"]);
  });

  test("are those of the repository around it", () => {
    using repository = withRepository({ ...helpers, ...rule("rules/aws/deep", "A") });
    expect(globals(repository, "rules/aws/deep")).toEqual(["global_helpers/a_helper.yml"]);
    expect(globals(repository, "rules/aws/deep/A.yml")).toEqual(["global_helpers/a_helper.yml"]);
  });

  test("are not those above the repository", () => {
    using repository = withRepository({ ...helpers, ...rule("inner/rules", "A") });
    mkdirSync(join(repository.path, "inner/.git"));
    expect(globals(repository, "inner/rules")).toEqual([]);
  });
});
