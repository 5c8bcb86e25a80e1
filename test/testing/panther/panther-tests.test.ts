import { beforeAll, describe, expect, test } from "vitest";

import type { PlannedTests } from "../../../src/testing/rule-tests/plan.ts";
import { answers, planRepository, policyFiles, ruleFiles, runNamed, shownProblems } from "./fixtures.ts";

const signIn = `
from caching_helper import remember
COUNTRIES = ["DE"]

def lookup(address):
    raise ValueError("no network in a test")

def rule(event):
    if event.get("action") == "text":
        return "yes"
    if event.get("action") == "raise":
        return event["missing"]
    if event.get("address") and lookup(event.get("address")) == "XX":
        return True
    return event.get("action") == "sign-in" and COUNTRIES != ["XX"]

def title(event):
    return f"{event['user']} signed in"

def dedup(event):
    return event.get("user", "")

def alert_context(event):
    return {"exact": event.get("exact"), "big": str(event.get("big"))}

def unique(event):
    return None
`;

const helper = `
def remember(key):
    return key
`;

const clock = `
from datetime import datetime, timezone

def rule(event):
    return datetime.now(timezone.utc).isoformat() == event.get("expected")
`;

const signal = `
def rule(event):
    return True

def title(event):
    raise ValueError("a signal has no title")

def alert_context(event):
    return {"user": event.get("user")}
`;

const compliant = `
def policy(resource):
    return resource["encrypted"]

def title(resource):
    return "not encrypted"
`;

const user = { action: "sign-in", user: "ann" };

const files = {
  ...ruleFiles("Test.SignIn", {
    code: signIn,
    tests: [
      { Name: "signs in", ExpectedResult: true, Log: { ...user, exact: 1, big: 2 } },
      { Name: "reads", ExpectedResult: false, Log: { action: "read" } },
      { Name: "wrongly expected", ExpectedResult: true, Log: { action: "read" } },
      { Name: "wrongly not expected", ExpectedResult: false, Log: user },
      { Name: "raises in title", ExpectedResult: true, Log: { action: "sign-in" } },
      { Name: "raises in rule", ExpectedResult: false, Log: { action: "raise" } },
      { Name: "answers text", ExpectedResult: false, Log: { action: "text" } },
      {
        Name: "mocks a function",
        ExpectedResult: true,
        Log: { address: "192.0.2.1", user: "ann" },
        Mocks: [{ objectName: "lookup", returnValue: "XX" }],
      },
      {
        Name: "mocks what it imports, and never calls it",
        ExpectedResult: false,
        Log: { action: "read" },
        Mocks: [{ objectName: "remember", returnValue: "x" }],
      },
      {
        Name: "mocks a constant",
        ExpectedResult: true,
        Log: user,
        Mocks: [{ objectName: "COUNTRIES", returnValue: "x" }],
      },
      {
        Name: "mocks nothing",
        ExpectedResult: false,
        Log: { action: "read" },
        Mocks: [{ objectName: "lookupp", returnValue: "x" }],
      },
      { Name: "twice", ExpectedResult: false, Log: {} },
      { Name: "twice", ExpectedResult: false, Log: {} },
    ],
  }),
  ...ruleFiles("Test.Exact", {
    code: `
def rule(event):
    return repr(event["float"]) == "1.0" and event["big"] == 12345678901234567890 and list(event) == ["float", "big"]
`,
    tests: "  - Name: numbers\n    ExpectedResult: true\n    Log: {float: 1.0, big: 12345678901234567890}\n",
  }),
  ...ruleFiles("Test.Clock", {
    code: clock,
    keys: { LogTypes: ["AWS.CloudTrail"] },
    tests: [
      {
        Name: "time of the event",
        ExpectedResult: true,
        Log: { eventTime: "2024-02-03T04:05:06Z", expected: "2024-02-03T04:05:06+00:00" },
      },
      {
        Name: "p_event_time",
        ExpectedResult: true,
        Log: { p_event_time: "2023-01-01 00:00:00.000", expected: "2023-01-01T00:00:00+00:00" },
      },
      { Name: "no time", ExpectedResult: true, Log: { expected: "2026-01-01T00:00:00+00:00" } },
    ],
  }),
  ...ruleFiles("Test.Signal", {
    code: signal,
    keys: { CreateAlert: false },
    tests: [{ Name: "matches", ExpectedResult: true, Log: { user: "ann" } }],
  }),
  ...ruleFiles("Test.OtherLogType", {
    code: "def rule(event):\n    return event.get('p_log_type') == 'Other.Log'\n",
    keys: { Enabled: false },
    tests: [{ Name: "comes all the same", ExpectedResult: true, Log: { p_log_type: "Other.Log" } }],
  }),
  ...policyFiles("Test.Encrypted", {
    code: compliant,
    tests: [
      { Name: "complies", ExpectedResult: true, Resource: { encrypted: true } },
      { Name: "does not comply", ExpectedResult: false, Resource: { encrypted: false } },
      { Name: "wrongly expected", ExpectedResult: true, Resource: { encrypted: false } },
    ],
  }),
  ...ruleFiles("Test.Simple", {
    keys: {
      Detection: [{ Key: "action", Condition: "Equals", Value: "delete" }],
      AlertTitle: "{user} deleted it",
    },
    tests: [
      { Name: "deletes", ExpectedResult: true, Log: { action: "delete", user: "ann" } },
      { Name: "reads", ExpectedResult: false, Log: { action: "read" } },
    ],
  }),
  ...ruleFiles("Test.Untested", { code: "def rule(event):\n    return False\n" }),
  "global_helpers/caching_helper.py": helper,
  "global_helpers/caching_helper.yml":
    "AnalysisType: global\nGlobalID: caching_helper\nFilename: caching_helper.py\n",
};

describe("what a test in Panther's form asserts", () => {
  let plan: PlannedTests;
  beforeAll(async () => {
    plan = await planRepository(files);
  });

  test("everything is found, and nothing is wrong", () => {
    expect(shownProblems(plan)).toEqual([]);
    expect(plan.tests).toHaveLength(24);
    expect(plan.untested).toEqual(["Test.Untested"]);
  });

  test("a match with every function, where a match is expected", async () => {
    const result = await runNamed(plan, ["Test.SignIn", "signs in"]);
    expect(result).toMatchObject({ passed: true, trace: undefined });
    expect(answers(result)).toEqual({
      rule: true,
      title: "ann signed in",
      dedup: "ann",
      alertContext: { exact: 1, big: "2" },
      unique: null,
    });
  });

  test("no match, with no other function asked, where none is expected", async () => {
    const result = await runNamed(plan, ["Test.SignIn", "reads"]);
    expect(result.passed).toBe(true);
    expect(answers(result)).toEqual({ rule: false });
  });

  test.each([
    ["wrongly expected", ["the event should match and does not"]],
    ["wrongly not expected", ["the event matches and should not"]],
    ["raises in title", ["the rule failed: event 1, title: KeyError: 'user'"]],
    ["raises in rule", ["the rule failed: event 1, rule: KeyError: 'missing'"]],
    ["answers text", [expect.stringContaining("rule() must answer True or False, not str 'yes'")]],
    ["mocks nothing", [expect.stringContaining("the mock lookupp names nothing")]],
  ])("%s: fails", async (name, messages) => {
    const { passed, failures } = await runNamed(plan, ["Test.SignIn", name]);
    expect(passed).toBe(false);
    expect(failures.map(({ message }) => message)).toEqual(messages);
  });

  test.each(["mocks a function", "mocks what it imports, and never calls it", "mocks a constant", "twice"])(
    "%s: passes",
    async (name) => {
      expect(await runNamed(plan, ["Test.SignIn", name])).toMatchObject({ passed: true, failures: [] });
    },
  );

  test("a mock ends with its test", async () => {
    await runNamed(plan, ["Test.SignIn", "mocks a function"]);
    const unmocked = await runNamed(plan, ["Test.SignIn", "signs in"]);
    expect(unmocked.passed).toBe(true);
  });

  test("numbers reach Python as they are written, and no standard field of the engine does", async () => {
    expect((await runNamed(plan, ["Test.Exact", "numbers"])).failures).toEqual([]);
  });

  test.each(["time of the event", "p_event_time", "no time"])("the clock: %s", async (name) => {
    expect((await runNamed(plan, ["Test.Clock", name])).passed).toBe(true);
  });

  test("of a rule that raises no alerts only the context is asked", async () => {
    const result = await runNamed(plan, ["Test.Signal", "matches"]);
    expect(result.passed).toBe(true);
    expect(answers(result)).toEqual({ rule: true, alertContext: { user: "ann" } });
  });

  test("an event of another log type gets to the rule, and so it does to a disabled one", async () => {
    expect((await runNamed(plan, ["Test.OtherLogType", "comes all the same"])).passed).toBe(true);
  });

  test("a policy answers whether a resource complies, and one that does not is a match", async () => {
    const complies = await runNamed(plan, ["Test.Encrypted", "complies"]);
    expect(complies).toMatchObject({ passed: true, matches: [false] });
    expect(answers(complies)).toEqual({ policy: true });
    const other = await runNamed(plan, ["Test.Encrypted", "does not comply"]);
    expect(other).toMatchObject({ passed: true, matches: [true] });
    expect(answers(other)).toEqual({ policy: false, title: "not encrypted" });
  });

  test("what is wrong with a policy is told in its own words", async () => {
    expect((await runNamed(plan, ["Test.Encrypted", "wrongly expected"])).failures).toEqual([
      {
        what: "matches",
        message: "the resource should comply and does not",
        expected: true,
        actual: false,
      },
    ]);
  });

  test("simple detections have tests, too", async () => {
    const result = await runNamed(plan, ["Test.Simple", "deletes"]);
    expect(result.passed).toBe(true);
    expect(answers(result)).toMatchObject({ rule: true, title: "ann deleted it" });
    expect((await runNamed(plan, ["Test.Simple", "reads"])).passed).toBe(true);
  });

  test("functions of events that do not match are asked on request", async () => {
    const result = await runNamed(plan, ["Test.SignIn", "reads"], { strictAuxiliary: true });
    expect(result.passed).toBe(false);
    expect(answers(result)).toMatchObject({ rule: false, title: { error: "KeyError: 'user'" } });
  });
});

describe("what cannot be run", () => {
  const good = ruleFiles("Test.Good", {
    code: "def rule(event):\n    return True\n",
    tests: [{ Name: "matches", ExpectedResult: true, Log: {} }],
  });

  test("a file with a mistake is invalid, and the others are run", async () => {
    const tests = [{ Name: "x", ExpectedResult: true, Log: {} }];
    const plan = await planRepository({
      ...good,
      ...ruleFiles("Test.Import", { code: "\nimport nothing_there\n", tests }),
      ...ruleFiles("Test.Syntax", { code: "def rule(event)\n    return True\n", tests }),
      ...ruleFiles("Test.NoRule", { code: "def roole(event):\n    return True\n", tests }),
      ...ruleFiles("Test.Severity", { code: "", keys: { Severity: "Mild" }, tests }),
    });
    expect(plan.rules.map(({ manifest }) => manifest.id)).toEqual(["Test.Good"]);
    expect(plan.tests.map(({ ruleId }) => ruleId)).toEqual(["Test.Good"]);
    expect((await runNamed(plan, ["Test.Good", "matches"])).passed).toBe(true);
    expect(shownProblems(plan)).toEqual([
      expect.stringMatching(/^rules\/test_severity\.yml:4: .*Severity/),
      expect.stringMatching(/^rules\/test_import\.py:2: rule Test\.Import .*No module named 'nothing_there'/),
      expect.stringMatching(/^rules\/test_norule\.py:\d+: rule Test\.NoRule .*no function rule\(\)/),
      expect.stringMatching(/^rules\/test_syntax\.py:1: rule Test\.Syntax .*SyntaxError/),
    ]);
    expect(plan.problems.map(({ ruleId }) => ruleId)).toEqual([
      undefined,
      "Test.Import",
      "Test.NoRule",
      "Test.Syntax",
    ]);
  });

  test("unknown keys pass on request", async () => {
    const keys = { Inventor: "me" };
    const files = ruleFiles("Test.Extra", { code: "def rule(event):\n    return True\n", keys });
    expect(shownProblems(await planRepository(files))).toEqual([expect.stringContaining("Inventor")]);
    expect(shownProblems(await planRepository(files, { ignoreExtraKeys: true }))).toEqual([]);
  });

  test("of two rules with one id neither is run", async () => {
    const script = `import { defineRule } from "stakeout";
export default defineRule({ id: "Test.Good", logTypes: ["X"], severity: "low", rule: () => true });\n`;
    const plan = await planRepository({ ...good, "rules/same.ts": script });
    expect(plan.tests).toEqual([]);
    expect(shownProblems(plan)).toEqual([expect.stringContaining("rule id Test.Good is used in")]);
  });

  test("correlation rules are counted", async () => {
    const correlation = `AnalysisType: correlation_rule
RuleID: Test.Together
Enabled: true
Severity: High
Detection:
  - Group: [{ ID: One, RuleID: Test.Good }]
    LookbackWindowMinutes: 15
    Schedule: { RateMinutes: 10, TimeoutMinutes: 2 }
Tests:
  - { Name: a, ExpectedResult: true, RuleOutputs: [] }
  - { Name: b, ExpectedResult: false, RuleOutputs: [] }
`;
    const plan = await planRepository({ ...good, "correlation_rules/together.yml": correlation });
    expect(plan.notRunYet).toEqual([
      { id: "Test.Together", file: expect.stringMatching(/together\.yml$/), tests: 2 },
    ]);
    expect(plan.tests).toHaveLength(1);
  });
});
