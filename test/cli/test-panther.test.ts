import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { repositoryOf, ruleFiles, policyFiles } from "../testing/panther/fixtures.ts";
import { cli, type CliResult } from "./fixtures.ts";

const counting = `
from panther_detection_helpers.caching import increment_counter

def rule(event):
    if event.get("action") != "delete":
        return False
    print("looking at", event.get("user"))
    return int(increment_counter(f"Test.Counting:{event.get('user')}")) >= 3

def title(event):
    return event["user"] + " deletes"

def severity(event):
    return "HIGH"

def destinations(event):
    return ["team-a"]

def alert_context(event):
    return {"user": event.get("user")}
`;

const log = { action: "delete", user: "ann" };
const mocks = [{ objectName: "increment_counter", returnValue: "3" }];

const files = {
  ...ruleFiles("Test.Counting", {
    code: counting,
    keys: { Tags: ["Deleting"], Status: "Experimental" },
    tests: [
      { Name: "deletes", ExpectedResult: true, Log: log, Mocks: mocks },
      { Name: "reads", ExpectedResult: false, Log: { action: "read" } },
    ],
  }),
  ...ruleFiles("Test.Off", {
    code: "def rule(event):\n    return True\n",
    keys: { Enabled: false },
    tests: [{ Name: "matches", ExpectedResult: true, Log: {} }],
  }),
  ...policyFiles("Test.Encrypted", {
    code: "def policy(resource):\n    return resource['encrypted']\n",
    tests: [{ Name: "complies", ExpectedResult: true, Resource: { encrypted: true } }],
  }),
  "global_helpers/shared.py": "",
  "global_helpers/shared.yml": "AnalysisType: global\nGlobalID: shared\nFilename: shared.py\n",
  "packs/deleting.yml":
    "AnalysisType: pack\nPackID: Test.Deleting\nDisplayName: Deleting\nPackDefinition: { IDs: [Test.Counting, shared] }\n",
  "rules/script.ts": `import { defineRule } from "stakeout";
export default defineRule({ id: "Test.Script", logTypes: ["Test.Log"], severity: "low", rule: () => false,
  tests: [{ name: "never", event: { a: 1 }, expect: false }] });\n`,
};

const broken = {
  ...ruleFiles("Test.Broken", {
    code: "import nothing_there\n",
    tests: [{ Name: "x", ExpectedResult: true, Log: {} }],
  }),
};

let folder = "";
let brokenFolder = "";
beforeAll(() => {
  folder = repositoryOf(files);
  brokenFolder = repositoryOf({ ...files, ...broken });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(brokenFolder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function run(...options: readonly string[]): Promise<CliResult> {
  return await cli(["test", folder, ...options]);
}

describe("stakeout test on a Panther repository", () => {
  test("shows what Panther's tool shows, rules of both languages side by side", async () => {
    const { status, stdout, stderr } = await run();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "Test.Counting",
        "\t[PASS] deletes",
        "\t\t[PASS] [rule] true",
        "\t\t[PASS] [title] ann deletes",
        '\t\t[PASS] [alertContext] {"user":"ann"}',
        "\t\t[PASS] [severity] HIGH",
        '\t\t[PASS] [destinations] ["team-a"]',
        "\t\t| looking at ann",
        "\t[PASS] reads",
        "\t\t[PASS] [rule] false",
        "",
        "Test.Encrypted",
        "\t[PASS] complies",
        "\t\t[PASS] [policy] true",
        "",
        "Test.Off",
        "\t[PASS] matches",
        "\t\t[PASS] [rule] true",
        "",
        "Test.Script",
        "\t[PASS] never",
        "\t\t[PASS] [rule] false",
        "",
        "--------------------------",
        "Test Summary",
        `\tPath: ${folder}`,
        "\tPassed: 4",
        "\tSkipped: 0",
        "\tFailed: 0",
        "\tInvalid: 0",
        "\tTests: 5 passed, 0 failed in 0.00 s",
        "",
      ].join("\n"),
    );
  });

  test("runs the rest where a file is invalid, and answers 1", async () => {
    const { status, stdout } = await cli(["test", brokenFolder, "--show-failures-only"]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /Invalid Tests Summary\n\t.*test_broken\.py:1\n\t\trule Test\.Broken cannot be loaded: ModuleNotFoundError/,
    );
    expect(stdout).toContain("\tPassed: 4\n\tSkipped: 0\n\tFailed: 0\n\tInvalid: 1\n");
    const other = await cli(["test", brokenFolder, "--filter", "RuleID!=Test.Broken"]);
    expect(other).toMatchObject({ status: 0, stderr: "" });
  });

  test.each<[readonly string[], readonly string[]]>([
    [["--filter", "Status=experimental"], ["Test.Counting"]],
    [["--filter", "AnalysisType=policy"], ["Test.Encrypted"]],
    [
      ["--filter", "Severity=Low"],
      ["Test.Encrypted", "Test.Script"],
    ],
    [
      ["--filter", "Tags!=deleting", "--filter", "Enabled=true"],
      ["Test.Encrypted", "Test.Script"],
    ],
    [["--pack", "Test.Deleting"], ["Test.Counting"]],
    [
      ["--test-names", "reads", "--test-names", "complies"],
      ["Test.Counting", "Test.Encrypted"],
    ],
  ])("%j chooses", async (options, ids) => {
    const { stdout } = await run(...options, "--format", "json");
    const { tests } = JSON.parse(stdout) as { readonly tests: readonly { readonly ruleId: string }[] };
    expect([...new Set(tests.map(({ ruleId }) => ruleId))]).toEqual(ids);
  });

  test("an unknown pack is a usage error", async () => {
    const { status, stderr } = await run("--pack", "Test.Deletin");
    expect(status).toBe(2);
    expect(stderr).toContain("Did you mean Test.Deleting?");
  });

  test("the path can be given as an option", async () => {
    const { status, stdout } = await cli(["test", "--path", folder, "--filter", "RuleID=Test.Off"]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Path: ${folder}`);
  });

  test("without a path, a whole repository is meant", async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      const { stdout } = await cli(["test", "--test-names", "complies"]);
      expect(stdout).toContain("\tPath: .\n\tPassed: 1\n");
    } finally {
      process.chdir(before);
    }
  });

  test.each(["rules/test_off.yml", "rules/test_off.py"])("%s stands for the rule", async (name) => {
    const { status, stdout } = await cli(["test", join(folder, name)]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Test\.Off\n\t\[PASS\] matches\n/);
    expect(stdout).not.toContain("Test.Counting");
  });

  test("destinations that are not available fail", async () => {
    const { status, stdout } = await run("--available-destination", "team-b", "--sort-test-results");
    expect(status).toBe(1);
    expect(stdout).toContain("[FAIL] [destinations] UnknownDestinationError: not among");
    expect(stdout.indexOf("Test.Script\n")).toBeLessThan(stdout.indexOf("Test.Counting\n"));
    expect((await run("--available-destination", "team-b", "--available-destination", "team-a")).status).toBe(
      0,
    );
  });

  test("a minimum of tests holds for Panther's, too", async () => {
    const { status, stdout } = await run("--minimum-tests", "2", "--skip-disabled-tests");
    expect(status).toBe(1);
    expect(stdout).toContain("Insufficient test coverage: 2 tests required but only 1 found");
    expect(stdout).toContain("\tPassed: 1\n\tSkipped: 1\n\tFailed: 2\n");
  });

  test("the same tests in two threads give the same", async () => {
    const [one, two] = [await run("--format", "json"), await run("--format", "json", "--workers", "2")];
    expect(withoutTimes(two.stdout)).toEqual(withoutTimes(one.stdout));
  });

  test("coverage says that it does not count Python", async () => {
    const { status, stdout } = await run("--coverage");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Test\.Script /m);
    expect(stdout).toContain("Not counted: 3 rules in Python or YAML, for which there is no coverage yet.\n");
  });
});

function withoutTimes(report: string): unknown {
  return JSON.parse(report, (key, value: unknown) => (key === "durationMs" ? 0 : value));
}

describe("debug", () => {
  test.each(["Test.Counting", "rules/test_counting.py"])("of %s shows conditions and state", async (rule) => {
    const named = rule.startsWith("rules/") ? join(folder, rule) : rule;
    const { status, stdout } = await cli(["debug", named, "reads", "--rules", folder]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/5 {2}if event\.get\("action"\) != "delete": .*"read" → true/);
  });
});

describe("explain", () => {
  test("tells why a Python rule does not fire", async () => {
    const event = join(folder, "event.json");
    writeFileSync(event, JSON.stringify({ ...log, p_log_type: "Test.Log" }));
    const { status, stdout } = await cli(["explain", "Test.Counting", "--event", event, "--rules", folder]);
    expect(status).toBe(0);
    expect(stdout).toContain("Test.Counting does not fire");
    expect(stdout).toContain("    looking at ann\n");
    expect(stdout).toMatch(/return int\(increment_counter[^]* = 1 → false/);
    expect(stdout).toContain('incrementCounter("Test.Counting:ann", 1) → 1');
  });

  test("tells of a rule whose file cannot be run", async () => {
    const event = join(folder, "event.json");
    writeFileSync(event, JSON.stringify({ ...log, p_log_type: "Test.Log" }));
    const { stdout } = await cli(["explain", "Test.Broken", "--event", event, "--rules", brokenFolder]);
    expect(stdout).toContain("throws ModuleNotFoundError: No module named 'nothing_there'");
  });
});

describe("check", () => {
  test("says what is wrong with the files of Python rules, by file and line", async () => {
    const { status, stdout, stderr } = await cli(["check", "--rules", brokenFolder]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      /test_broken\.py:1: rule Test\.Broken cannot be loaded: ModuleNotFoundError.*\n1 problem/,
    );
  });

  test("says what is wrong with tests and keys in YAML, of which some may be let pass", async () => {
    const extra = { Inventor: "me" };
    const odd = repositoryOf(
      ruleFiles("Test.Odd", { code: "def rule(event):\n    return True\n", keys: extra }),
    );
    const { status, stderr } = await cli(["check", "--rules", odd]);
    const lax = await cli(["check", "--rules", odd, "--ignore-extra-keys"]);
    rmSync(odd, { recursive: true, force: true });
    expect(status).toBe(2);
    expect(stderr).toContain("unknown key Inventor");
    expect(lax).toMatchObject({ status: 0, stdout: "1 rules for 1 log types: no problems.\n" });
  });

  test("finds nothing wrong with what is right", async () => {
    const { status, stdout, stderr } = await cli(["check", "--rules", folder]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("3 rules (and 1 disabled) for 2 log types: no problems.");
  });
});

test("own tests beside a Python rule run in the same run", async () => {
  const own = repositoryOf(files);
  const name = join(own, "rules/test_counting.test.yaml");
  mkdirSync(dirname(name), { recursive: true });
  writeFileSync(name, `- { name: three, events: [${`${JSON.stringify(log)}, `.repeat(3)}], expect: [3] }\n`);
  const { status, stdout } = await cli(["test", name]);
  rmSync(own, { recursive: true, force: true });
  expect(status).toBe(0);
  expect(stdout).toContain("\t[PASS] three\n\t\tevents 1 to 2:\n\t\t[PASS] [rule] false\n\t\tevent 3:\n");
});
