import { describe, expect, test } from "vitest";

import { conformance, repository, ruleFiles } from "./fixtures.ts";

const correlationRule = `AnalysisType: correlation_rule
RuleID: Own.Correlation
Enabled: true
Severity: Low
Detection:
  - Group:
      - {ID: one, RuleID: Own.Rule}
Tests:
  - Name: x
    ExpectedResult: true
    RuleOutputs: []
`;

describe("npm run conformance", () => {
  test("runs the tests of a repository and ends with 0 when all pass", async () => {
    const folder = repository({ ...ruleFiles(), "correlation_rules/own.yml": correlationRule });
    const { status, stdout } = await conformance(folder);
    expect(stdout).toContain("1 rules loaded: 1 rules, 0 scheduled rules, 0 policies\n");
    expect(stdout).toContain("1 correlation rules with 1 tests not run yet\n");
    expect(stdout).toMatch(/\n\d+\.\d s to start, \d+\.\d s for the tests\n/);
    expect(stdout.endsWith("Tests: 2 passed, 0 failed\n")).toBe(true);
    expect(status).toBe(0);
  });

  test("names each failure's rule, test, function and error, and ends with 1", async () => {
    const raises = 'def rule(event):\n    return event["gone"] == 1\n';
    const folder = repository({
      ...ruleFiles({ id: "Own.Wrong", expected: { a: false } }),
      ...ruleFiles({ id: "Own.Raises", python: raises, expected: { a: true } }),
      ...ruleFiles({ id: "Own.Right" }),
    });
    const { status, stdout } = await conformance(folder, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      loaded: { rule: 3 },
      passed: 2,
      failed: [
        {
          ruleId: "Own.Raises",
          name: "event a",
          functions: ["rule"],
          error: expect.stringContaining("KeyError: 'gone'"),
        },
        {
          ruleId: "Own.Wrong",
          name: "event a",
          functions: ["rule"],
          error: "the event matches and should not",
        },
      ],
    });
    expect(status).toBe(1);
  });

  test("says which packages are missing and what to run, and runs the other rules", async () => {
    const folder = repository({
      ...ruleFiles({
        id: "Own.Imports",
        python: "import not_there_at_all\n\ndef rule(event):\n    return True\n",
      }),
      ...ruleFiles(),
    });
    const { status, stdout } = await conformance(folder);
    expect(stdout).toMatch(/^rules\/Own\.Imports\.py:1: .*No module named 'not_there_at_all'$/m);
    expect(stdout).toContain("Rules import modules that are missing: not_there_at_all.");
    expect(stdout).toContain("stakeout python add");
    expect(stdout).toContain("Tests: 2 passed, 0 failed\n");
    expect(status).toBe(1);
  });

  test.each([
    ["nothing", [], "name one folder"],
    ["a folder that is not there", ["/no/such/folder"], "/no/such/folder is not a folder"],
    ["an unknown opponent", [".", "--against", "nobody"], "--against: nobody is not known"],
    ["an unknown option", [".", "--fast"], "--fast"],
  ])("ends with 2 and its usage for %s", async (_, args, message) => {
    const { status, stderr } = await conformance(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("usage: npm run conformance -- PATH");
    expect(status).toBe(2);
  });
});
