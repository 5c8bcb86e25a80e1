import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { testProblems } from "../../../src/cli/serve/test-rules.ts";
import type { Problem } from "../../../src/core/errors.ts";
import { type RulesFolder, withRules } from "../../rules/fixtures.ts";

function folderWith(files: Readonly<Record<string, string>>): RulesFolder {
  const folder = withRules(files);
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

/** A rule for the log type with one test, which passes when the rule answers so. */
function rule(expected: boolean, logType = "AWS.CloudTrail"): string {
  return `import { defineRule } from "stakeout";
console.log("{ this is no report");
export default defineRule({ id: "Tested", logTypes: ["${logType}"], severity: "low",
  rule: () => true,
  tests: [{ name: "matches", event: { eventVersion: "1.08" }, expect: { matches: ${expected} } }] });`;
}

async function problemsOf(
  folder: RulesFolder,
  logTypes: readonly string[] = [],
): Promise<readonly Problem[]> {
  return await testProblems({ rules: [folder.path], logTypes });
}

describe("the tests of rules", () => {
  test("that pass are no problem, whatever rules print", async () => {
    expect(await problemsOf(folderWith({ "a.ts": rule(true) }))).toEqual([]);
  });

  test("that fail are problems with the place of the test and why", async () => {
    const folder = folderWith({ "a.ts": rule(false) });
    expect(await problemsOf(folder)).toEqual([
      {
        file: join(folder.path, "a.ts"),
        line: expect.any(Number) as unknown,
        message: expect.stringMatching(/^the test "matches" of Tested fails: .*match/) as unknown,
      },
    ]);
  });

  test("of rules that cannot be loaded are problems of their files", async () => {
    const folder = folderWith({ "a.ts": rule(true), "b.ts": "const broken = ;" });
    expect(await problemsOf(folder)).toMatchObject([{ file: join(folder.path, "b.ts"), line: 1 }]);
  });

  test("of which there are none are no problem", async () => {
    const text = rule(true).replace(/ {2}tests: .*\]/, "");
    expect(await problemsOf(folderWith({ "a.ts": text }))).toEqual([]);
  });

  test("of an empty folder are no problem", async () => {
    expect(await problemsOf(folderWith({}))).toEqual([]);
  });

  test("know log types of the user's own", async () => {
    const folder = folderWith({ "a.ts": rule(true, "Own.Type") });
    const types = folderWith({
      "own.yaml": "name: Own.Type\nrecognise: [{field: eventVersion, exists: true}]\n",
    });
    expect(await problemsOf(folder, [types.path])).toEqual([]);
  });

  test("that cannot be run at all are one problem that says why", async () => {
    const problems = await testProblems({ rules: ["/nowhere/at/all"], logTypes: [] });
    expect(problems).toMatchObject([{ message: expect.stringMatching(/no such file or folder/) as unknown }]);
  });
});
