import { describe, expect, test } from "vitest";

import { policyYaml, python, readRule, readYaml, ruleYaml, shown, withRepository } from "./fixtures.ts";

describe("a rule with only what it must have", () => {
  test("gets the defaults", () => {
    const { detection, problems, warnings } = readRule();
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(detection).toMatchObject({
      kind: "rule",
      manifest: {
        id: "Test.Rule",
        displayName: undefined,
        enabled: true,
        createAlert: true,
        logTypes: ["Test.Log"],
        severity: "low",
        description: "",
        reference: "",
        runbook: "",
        tags: [],
        reports: {},
        dedupPeriodMs: 3_600_000,
        threshold: 1,
        destinations: undefined,
        summaryAttributes: [],
        file: expect.stringMatching(/\/rules\/rule\.yml$/),
        line: 2,
      },
      body: { kind: "python", file: expect.stringMatching(/\/rules\/rule\.py$/) },
      inlineFilters: undefined,
      tests: [],
      status: "",
      fields: { AnalysisType: "rule", Enabled: true, LogTypes: ["Test.Log"] },
    });
  });
});

describe("a rule with everything", () => {
  const { detection, problems, warnings } = readRule({
    Enabled: "false",
    Severity: "Critical",
    DisplayName: "A rule",
    Description: "Says what",
    Reference: "https://example.com",
    Runbook: "Do this",
    DedupPeriodMinutes: "15",
    Threshold: "3",
    CreateAlert: "false",
    InlineFilters: "[{All: []}]",
    OutputIds: "[team-a]",
    SummaryAttributes: "[user, 'a:b']",
    Tags: "[One, Two]",
    Reports: "{MITRE ATT&CK: ['TA0001:T1078'], CIS: [1.1, 1.10, 2]}",
    Status: "Experimental",
    OnlyUseBaseRiskScore: "true",
    CreatedBy: "Somebody",
    BaseVersion: "2",
    Tests: "[]",
  });

  test("is without problems", () => {
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  });

  test("has them in its manifest", () => {
    expect(detection?.manifest).toMatchObject({
      enabled: false,
      severity: "critical",
      displayName: "A rule",
      description: "Says what",
      reference: "https://example.com",
      runbook: "Do this",
      dedupPeriodMs: 900_000,
      threshold: 3,
      createAlert: false,
      destinations: ["team-a"],
      summaryAttributes: ["user", "a:b"],
      tags: ["One", "Two"],
    });
  });

  test("has numbers of reports as they are written", () => {
    const reports = { "MITRE ATT&CK": ["TA0001:T1078"], CIS: ["1.1", "1.10", "2"] };
    expect(detection?.manifest.reports).toEqual(reports);
  });

  test("has its status and inline filters", () => {
    expect(detection).toMatchObject({ status: "Experimental", inlineFilters: { value: [{ All: [] }] } });
  });

  test("keeps every key as written, but not its tests", () => {
    expect(detection?.fields).toMatchObject({ Status: "Experimental", Threshold: 3, Enabled: false });
    expect(detection?.fields).not.toHaveProperty("Tests");
  });
});

test.each(["Info", "Low", "Medium", "High", "Critical"])("severity %s", (Severity) => {
  expect(readRule({ Severity }).detection?.manifest.severity).toBe(Severity.toLowerCase());
});

test("no destinations are the default ones", () => {
  expect(readRule({ OutputIds: "[]" }).detection?.manifest.destinations).toBeUndefined();
});

describe("a simple detection", () => {
  test("has its parts with their lines", () => {
    const { detection, problems } = readRule({
      Filename: undefined,
      Detection: "\n  - Key: a\n    Condition: Exists",
      AlertTitle: "Title {a}",
      GroupBy: "[Key: a]",
    });
    expect(problems).toEqual([]);
    expect(detection?.body).toMatchObject({
      kind: "simple",
      detection: { value: [{ Key: "a", Condition: "Exists" }] },
      extras: {
        alertTitle: "Title {a}",
        alertContext: undefined,
        groupBy: { value: [{ Key: "a" }] },
        dynamicSeverities: undefined,
      },
    });
    const line = detection?.body.kind === "simple" ? detection.body.detection.lineOf([0, "Condition"]) : 0;
    expect(line).toBe(8);
  });

  test("its keys have no effect on Python", () => {
    const { detection, warnings } = readRule({ AlertTitle: "a" });
    expect(detection?.body.kind).toBe("python");
    expect(warnings).toEqual([
      "7: rule Test.Rule: AlertTitle has no effect: it is for simple detections, and this one is written in Python",
    ]);
  });
});

test("a scheduled rule has its queries as log types", () => {
  const { detection, problems } = readRule({
    AnalysisType: "scheduled_rule",
    LogTypes: undefined,
    ScheduledQueries: "[A query]",
  });
  expect(problems).toEqual([]);
  expect(detection).toMatchObject({ kind: "scheduled_rule", manifest: { logTypes: ["A query"] } });
});

describe("a policy", () => {
  test("has its resource types as log types that no log has", () => {
    const { detection, problems } = readYaml(
      policyYaml({
        ResourceTypes: "[AWS.S3.Bucket]",
        Suppressions: "[a]",
        ActionDelaySeconds: "5",
        AutoRemediationID: "x",
        AutoRemediationParameters: "{a: 1}",
      }),
    );
    expect(problems).toEqual([]);
    expect(detection).toMatchObject({
      kind: "policy",
      manifest: { id: "Test.Policy", logTypes: ["Resource.AWS.S3.Bucket"] },
    });
  });

  test.each([undefined, "[]"])("without any is for no type in particular", (ResourceTypes) => {
    expect(readYaml(policyYaml({ ResourceTypes })).detection?.manifest.logTypes).toEqual(["Resource.*"]);
  });

  test("must be in Python", () => {
    const text = policyYaml({ Filename: undefined });
    expect(readYaml(text).problems).toEqual(["2: policy Test.Policy: Filename is missing"]);
  });
});

describe("DedupPeriodMinutes", () => {
  test("0 is ignored, as Panther does", () => {
    const { detection, problems, warnings } = readRule({ DedupPeriodMinutes: "0" });
    expect(problems).toEqual([]);
    expect(detection?.manifest.dedupPeriodMs).toBe(3_600_000);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^7: rule Test\.Rule: DedupPeriodMinutes 0 is ignored, as Panther does, and 60 used/,
      ),
    ]);
  });

  test("less than 5 counts as 5", () => {
    const { detection, warnings } = readRule({ DedupPeriodMinutes: "4" });
    expect(detection?.manifest.dedupPeriodMs).toBe(300_000);
    expect(warnings).toEqual([
      "7: rule Test.Rule: DedupPeriodMinutes 4 counts as 5, the least that Panther has",
    ]);
  });
});

describe("is wrong", () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ["without an id", { RuleID: undefined }, "1: rule: RuleID is missing"],
    ["an empty id", { RuleID: "''" }, "2: rule: RuleID is empty"],
    ["a number as id", { RuleID: "5" }, "2: rule: RuleID must be text, not the number 5"],
    [
      "a forbidden character in the id",
      { RuleID: "a&b" },
      `2: rule a&b: RuleID must not contain any of < > & " %`,
    ],
    [
      "one in the name",
      { DisplayName: "50%" },
      `7: rule Test.Rule: DisplayName must not contain any of < > & " %`,
    ],
    ["without Enabled", { Enabled: undefined }, "2: rule Test.Rule: Enabled is missing"],
    ["yes for Enabled", { Enabled: "yes" }, `3: rule Test.Rule: Enabled must be true or false, not "yes"`],
    ["without Severity", { Severity: undefined }, "2: rule Test.Rule: Severity is missing"],
    [
      "a severity in lower case",
      { Severity: "low" },
      '6: rule Test.Rule: unknown Severity "low"; did you mean Low?; it must be one of Info, Low, Medium, High, Critical',
    ],
    [
      "a number as severity",
      { Severity: "3" },
      "6: rule Test.Rule: unknown Severity the number 3; it must be one of Info, Low, Medium, High, Critical",
    ],
    [
      "neither Filename nor Detection",
      { Filename: undefined },
      "2: rule Test.Rule: it has neither Filename nor Detection; give one of them",
    ],
    ["both", { Detection: "[]" }, "7: rule Test.Rule: it has both Filename and Detection; give one of them"],
    [
      "neither LogTypes nor ScheduledQueries",
      { LogTypes: undefined },
      "2: rule Test.Rule: it has neither LogTypes nor ScheduledQueries; give one of them",
    ],
    [
      "both of those",
      { ScheduledQueries: "[a]" },
      "7: rule Test.Rule: it has both LogTypes and ScheduledQueries; give one of them",
    ],
    ["no log type", { LogTypes: "[]" }, "5: rule Test.Rule: LogTypes is empty; name at least one"],
    ["an empty log type", { LogTypes: "['']" }, "5: rule Test.Rule: LogTypes has an empty entry"],
    ["text for a list", { LogTypes: "a" }, '5: rule Test.Rule: LogTypes must be a list, not "a"'],
    [
      "a number in it",
      { LogTypes: "[1]" },
      "5: rule Test.Rule: LogTypes must be a list of texts, not of the number 1",
    ],
    ["a log type twice", { LogTypes: "[a, a]" }, '5: rule Test.Rule: LogTypes names "a" twice'],
    ["an output twice", { OutputIds: "[a, a]" }, '7: rule Test.Rule: OutputIds names "a" twice'],
    [
      "an attribute twice",
      { SummaryAttributes: "[a, a]" },
      '7: rule Test.Rule: SummaryAttributes names "a" twice',
    ],
    ["a tag twice in another case", { Tags: "[a, A]" }, '7: rule Test.Rule: Tags names "A" twice'],
    [
      "a period of text",
      { DedupPeriodMinutes: "1h" },
      '7: rule Test.Rule: DedupPeriodMinutes must be a whole number of at least 0, not "1h"',
    ],
    [
      "a period with a fraction",
      { DedupPeriodMinutes: "1.5" },
      "7: rule Test.Rule: DedupPeriodMinutes must be a whole number of at least 0, not the number 1.5",
    ],
    [
      "a negative period",
      { DedupPeriodMinutes: "-5" },
      "7: rule Test.Rule: DedupPeriodMinutes must be a whole number of at least 0, not the number -5",
    ],
    [
      "a threshold of 0",
      { Threshold: "0" },
      "7: rule Test.Rule: Threshold must be a whole number of at least 1, not the number 0",
    ],
    [
      "CreateAlert no",
      { CreateAlert: "no" },
      '7: rule Test.Rule: CreateAlert must be true or false, not "no"',
    ],
    [
      "a description of nothing",
      { Description: "" },
      "7: rule Test.Rule: Description must be text, not null",
    ],
    ["a number as status", { Status: "1" }, "7: rule Test.Rule: Status must be text, not the number 1"],
    [
      "reports as a list",
      { Reports: "[a]" },
      "7: rule Test.Rule: Reports must be a mapping, not a list of 1",
    ],
    ["a report that is text", { Reports: "{a: b}" }, '7: rule Test.Rule: Reports.a must be a list, not "b"'],
    [
      "a report of mappings",
      { Reports: "{a: [{b: c}]}" },
      "7: rule Test.Rule: Reports.a must be a list of texts or numbers, not of an object",
    ],
    ["an unknown key", { Treshold: "1" }, "7: rule Test.Rule: unknown key Treshold; did you mean Threshold?"],
    [
      "a file that is not there",
      { Filename: "no.py" },
      "4: rule Test.Rule: Filename no.py: there is no such file beside it",
    ],
    ["a folder as file", { Filename: "." }, "4: rule Test.Rule: Filename .: there is no such file beside it"],
    ["tests that are no list", { Tests: "{}" }, "7: rule Test.Rule: Tests must be a list, not an object"],
  ])("%s", (_, keys, problem) => {
    const { detection, problems } = readRule(keys);
    expect(problems).toEqual([problem]);
    expect(detection).toBeUndefined();
  });

  test("a suppression twice", () => {
    const { problems } = readYaml(policyYaml({ Suppressions: "[a, a]" }));
    expect(problems).toEqual(['6: policy Test.Policy: Suppressions names "a" twice']);
  });

  test("a period for a policy", () => {
    const { problems } = readYaml(policyYaml({ DedupPeriodMinutes: "5" }));
    expect(problems).toEqual(["6: policy Test.Policy: unknown key DedupPeriodMinutes"]);
  });

  test("an unknown type", () => {
    expect(readRule({ AnalysisType: "ruel" }).problems).toEqual([
      expect.stringMatching(/^1: unknown AnalysisType "ruel"; did you mean rule\?; it must be one of rule, /),
    ]);
  });

  test("everything at once, by line", () => {
    const { problems } = readRule({ Enabled: "1", Severity: "Lo", Foo: "1", Bar: "2" });
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["3", "6", "7", "8"]);
  });
});

test("extra keys can be passed over", () => {
  const { detection, problems } = readRule({ Foo: "1" }, { ignoreExtraKeys: true });
  expect(problems).toEqual([]);
  expect(detection?.fields).toMatchObject({ Foo: 1 });
});

describe("the file that a rule names", () => {
  test("can be elsewhere in the repository", () => {
    using repository = withRepository({
      "rules/deep/a.yml": ruleYaml({ Filename: "../../shared/rule.py" }),
      "shared/rule.py": python,
    });
    const { detections, problems } = repository.read(["rules"]);
    expect(problems).toEqual([]);
    expect(detections[0]?.body).toEqual({ kind: "python", file: `${repository.path}/shared/rule.py` });
  });

  test.each(["../../outside.py", "/etc/hosts"])("cannot be outside: %s", (Filename) => {
    using repository = withRepository({ "rules/a.yml": ruleYaml({ Filename }) });
    expect(shown(repository.read(["rules"]).problems, repository)).toEqual([
      expect.stringContaining(`rules/a.yml:4: rule Test.Rule: Filename ${Filename} leaves the folder`),
    ]);
  });
});
