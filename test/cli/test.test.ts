import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { cli, tempFolder } from "./fixtures.ts";

/** A rule that counts sign-ins of one user and matches at the second; `tests` as they stand in its file. */
function ruleText(id: string, tests: string, fields = ""): string {
  return `import { defineRule, incrementCounter } from "stakeout";

export default defineRule({
  id: "${id}",
  logTypes: ["AWS.CloudTrail"],
  severity: "high",
  ${fields}
  async rule(event) {
    if (event.eventName !== "ConsoleLogin") return false;
    const count = await incrementCounter(\`${id}:\${event.user}\`);
    return count === 2;
  },
  title: (event) => \`\${event.user} signed in twice\`,
  tests: [${tests}],
});
`;
}

const login = '{ eventName: "ConsoleLogin", user: "ann" }';
const positive = `{ name: "signs in twice", events: [${login}, ${login}], expect: [false, true] },`;
const negative = '{ name: "reads", event: { eventName: "GetObject" }, expect: false },';
const failing = `{ name: "signs in once", event: ${login}, expect: true },`;

/** A folder with these files, and what a command line says when the folder stands at its end. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const good = { "good.ts": ruleText("Test.Good", positive + negative) };
const bad = { "bad.ts": ruleText("Test.Bad", failing + negative) };

describe("exit status and report", () => {
  test("0 when everything passes", async () => {
    const folder = folderWith(good);
    const { status, stdout, stderr } = await cli(["test", folder]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "Test.Good",
        "\t[PASS] signs in twice",
        "\t\tevent 1:",
        "\t\t[PASS] [rule] false",
        "\t\tevent 2:",
        "\t\t[PASS] [rule] true",
        "\t\t[PASS] [title] ann signed in twice",
        "\t[PASS] reads",
        "\t\t[PASS] [rule] false",
        "",
        "--------------------------",
        "Test Summary",
        `\tPath: ${folder}`,
        "\tPassed: 1",
        "\tSkipped: 0",
        "\tFailed: 0",
        "\tInvalid: 0",
        "\tTests: 2 passed, 0 failed in 0.00 s",
        "",
      ].join("\n"),
    );
  });

  test("1 when a test fails, with what was expected, what came, and why", async () => {
    const { status, stdout } = await cli(["test", folderWith({ ...good, ...bad })]);
    expect(status).toBe(1);
    expect(stdout).toContain("\t[FAIL] signs in once\n\t\t[FAIL] [rule] false\n");
    expect(stdout).toContain("- true\n\t\t\t+ false\n");
    expect(stdout).toMatch(
      /Why:[^]*11 .*return count === 2;.*count = 1[^]*incrementCounter\("Test\.Bad:ann", 1\)/,
    );
    expect(stdout).toContain("Failed Tests Summary\n\tTest.Bad\n\t\t['signs in once:rule']\n");
  });

  test("1 when there is nothing", async () => {
    const folder = tempFolder();
    const { status, stderr } = await cli(["test", folder]);
    expect(status).toBe(1);
    expect(stderr).toContain(`Nothing to test in ${folder}`);
  });

  test("1 when no rule has a test", async () => {
    const { status, stdout, stderr } = await cli(["test", folderWith({ "a.ts": ruleText("Test.A", "") })]);
    expect(status).toBe(1);
    expect(stdout).toContain("No tests configured for Test.A");
    expect(stderr).toContain("no rule has a test to run");
  });
});

test("what is invalid keeps nothing else from being run, and the status is 1", async () => {
  const files = { ...good, "broken.ts": "const = 1;\n", "good.test.yaml": "tests:\n  - name: [x\n" };
  const { status, stdout } = await cli(["test", folderWith(files)]);
  expect(status).toBe(1);
  expect(stdout).toContain("[PASS] signs in twice");
  expect(stdout).toMatch(
    /Invalid Tests Summary\n\t.*broken\.ts:1\n\t\tsyntax error.*\n\t.*good\.test\.yaml:3\n/,
  );
  expect(stdout).toMatch(/Passed: 1\n.*\n\tFailed: 0\n\tInvalid: 2\n/);
});

describe("exit status 2, with the place, where nothing can be run", () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["a rule that cannot be read", { "a.ts": "const = 1;\n" }, "a.ts:1: syntax error"],
    ["a test without a name", { "a.ts": ruleText("A", "{ event: {}, expect: true }") }, "a.ts:14: "],
    [
      "YAML that cannot be read",
      { "a.ts": ruleText("A", ""), "a.test.yaml": "tests:\n  - name: [x\n" },
      "a.test.yaml:",
    ],
    [
      "tests for an unknown rule",
      {
        "good.ts": ruleText("Test.Good", ""),
        "x.test.yaml": "rule: Test.God\ntests:\n  - name: x\n    event: {}\n    expect: true\n",
      },
      "did you mean Test.Good",
    ],
  ])("for %s", async (_, files, message) => {
    const { status, stdout, stderr } = await cli(["test", folderWith(files)]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\d problems? in \d file/);
  });

  test("for a path that does not exist", async () => {
    const missing = join(tempFolder(), "missing");
    const { status, stderr } = await cli(["test", missing]);
    expect(status).toBe(2);
    expect(stderr).toContain(`${missing}: no such file or folder`);
  });

  test.each([
    [["--filter", "Sevrity=high"], "Did you mean severity?"],
    [["--format", "xml"], "Allowed choices"],
    [["--minimum-tests", "0"], "at least 1"],
    [["--workers", "x"], "at least 1"],
    [["--coverage", "--workers", "2"], "leave --workers out"],
    [["--bale"], "--bail"],
  ])("for the options %j", async (options, message) => {
    const { status, stderr } = await cli(["test", folderWith(good), ...options]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  test("also for programs that read the report", async () => {
    const { status, stdout } = await cli([
      "test",
      folderWith({ "a.ts": "const = 1;\n" }),
      "--format",
      "json",
    ]);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ passed: 0, failed: 0, problems: [{ line: 1 }] });
  });
});

test("what a rule leaves running and fails later does not pass unseen", async () => {
  const text = ruleText("Test.A", negative).replace(
    "async rule(event) {",
    "async rule(event) { void Promise.reject(new Error('nobody waits'));",
  );
  const { status, stdout, stderr } = await cli(["test", folderWith({ "a.ts": text })]);
  expect(status).toBe(1);
  expect(stdout).toContain("1 passed, 0 failed");
  expect(stderr).toMatch(/is an await missing\?\nError: nobody waits\n.*a\.ts.*:8:/);
});

describe("paths", () => {
  const files = { "a.ts": ruleText("Test.A", positive), "b.ts": ruleText("Test.B", ""), ...bad };
  const outside = "tests:\n  - name: from outside\n    event: { eventName: X }\n    expect: false\n";

  test("a rule file", async () => {
    const { status, stdout } = await cli(["test", join(folderWith(files), "a.ts")]);
    expect(status).toBe(0);
    expect(stdout).not.toContain("Test.Bad");
  });

  test("a test file stands for its rule", async () => {
    const folder = folderWith({ ...files, "b.test.yaml": outside });
    const { status, stdout } = await cli(["test", join(folder, "b.test.yaml")]);
    expect(status).toBe(0);
    expect(stdout).toContain("Test.B\n\t[PASS] from outside\n");
  });
});

describe("what is run", () => {
  const files = {
    ...good,
    ...bad,
    "off.ts": ruleText("Test.Off", failing, 'enabled: false, tags: ["Identity"],'),
  };
  const run = async (...options: readonly string[]): Promise<{ status: number; stdout: string }> =>
    cli(["test", folderWith(files), ...options]);

  test("filters, all of which must hold", async () => {
    const { status, stdout } = await run("--filter", "RuleID!=Test.Bad", "--filter", "Enabled=true");
    expect(status).toBe(0);
    expect(stdout).toContain("Tests: 2 passed, 0 failed");
  });

  test("filters that nothing passes", async () => {
    const { status, stderr } = await cli(["test", folderWith(files), "--filter", "Severity=Low"]);
    expect(status).toBe(1);
    expect(stderr).toContain("no rule matches the filters Severity=Low");
  });

  test("names", async () => {
    const { status, stdout } = await run("--test-names", "reads", "signs in twice");
    expect(status).toBe(0);
    expect(stdout).toContain("Tests: 3 passed, 0 failed");
  });

  test("names that no test has", async () => {
    const { status, stderr } = await cli(["test", folderWith(files), "--test-names", "x"]);
    expect(status).toBe(1);
    expect(stderr).toContain("no test is named x");
  });

  test("without disabled rules", async () => {
    const { stdout } = await run("--skip-disabled-tests");
    expect(stdout).toMatch(/Skipped Tests Summary\n\t.*off\.ts\n\t\tTest\.Off\n/);
    expect(stdout).toContain("Skipped: 1");
  });

  test("up to the first failure", async () => {
    const { status, stdout } = await run("--bail");
    expect(status).toBe(1);
    expect(stdout).toContain("0 passed, 1 failed, 4 not run");
  });

  test("a minimum of tests for each rule", async () => {
    const { status, stdout } = await cli(["test", folderWith(good), "--minimum-tests", "3"]);
    expect(status).toBe(1);
    expect(stdout).toContain("Insufficient test coverage: 3 tests required but only 2 found");
    expect(stdout).toContain("Failed: 1");
  });

  test("auxiliary functions of events that do not match, on request", async () => {
    const tests = '{ name: "reads", event: { eventName: "X" }, expect: false },';
    const text = ruleText("Test.A", tests).replace("`${event.user} signed", "`${event.user.name} signed");
    const folder = folderWith({ "a.ts": text });
    expect((await cli(["test", folder])).status).toBe(0);
    const { status, stdout } = await cli(["test", folder, "--strict-auxiliary"]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\[FAIL\] \[title\] TypeError/);
  });
});

describe("how it is shown", () => {
  test("only failures", async () => {
    const { stdout } = await cli(["test", folderWith({ ...good, ...bad }), "--show-failures-only"]);
    expect(stdout).not.toContain("[PASS] reads");
    expect(stdout).not.toContain("Test.Good");
    expect(stdout).toContain("3 passed, 1 failed");
  });

  test("in colour on a terminal", async () => {
    const { stdout } = await cli(["test", folderWith({ ...good, ...bad })], { terminal: true });
    expect(stdout).toContain("[\u001b[32mPASS\u001b[39m]");
    expect(stdout).toContain("[\u001b[31mFAIL\u001b[39m]");
  });

  test("as JSON", async () => {
    const { status, stdout } = await cli(["test", folderWith({ ...good, ...bad }), "--format", "json"]);
    expect(status).toBe(1);
    const report = JSON.parse(stdout) as { tests: readonly object[] };
    expect(report).toMatchObject({ passed: 3, failed: 1 });
    expect(report.tests).toMatchObject([
      { ruleId: "Test.Bad", name: "signs in once", expected: true, actual: false, passed: false },
      { name: "reads", expected: false, actual: false, passed: true, outputs: { rule: false }, error: null },
      {
        ruleId: "Test.Good",
        expected: [false, true],
        actual: [false, true],
        outputs: { rule: [false, true], title: ["ann signed in twice"] },
      },
      {},
    ]);
  });

  test("in a file, and as text besides", async () => {
    const folder = folderWith(good);
    const output = join(folder, "junit.xml");
    const { status, stdout } = await cli(["test", folder, "--format", "junit", "--output", output]);
    expect(status).toBe(0);
    expect(stdout).toContain("[PASS] reads");
    expect(readFileSync(output, "utf8")).toContain('<testsuite name="Test.Good"');
  });

  test("in a file that cannot be written: before anything is run", async () => {
    const folder = folderWith(good);
    const { status, stdout, stderr } = await cli(["test", folder, "--output", join(folder, "no", "x.txt")]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("Cannot write");
    expect(existsSync(join(folder, "no"))).toBe(false);
  });

  test("with the lines that no test reached", async () => {
    const text = ruleText("Test.A", negative);
    const { status, stdout } = await cli(["test", folderWith({ "a.ts": text }), "--coverage"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Test\.A +4 +25% +10-13$/m);
  });

  test("with these lines in JSON", async () => {
    const { stdout } = await cli(["test", folderWith(good), "--coverage", "--format", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      coverage: [{ ruleId: "Test.Good", lines: [9, 10, 11, 13], notReached: [], partlyReached: [] }],
    });
  });
});
