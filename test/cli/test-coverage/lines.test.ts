import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { TestCoverage } from "../../../src/cli/test-coverage/coverage.ts";
import { lineRanges, type LineCoverage } from "../../../src/cli/test-coverage/lines.ts";
import type { Event } from "../../../src/core/event.ts";
import { loadForTesting } from "../../../src/rules/typescript/test-instrument.ts";
import { tempFolder } from "../fixtures.ts";

const ruleFile = `import { defineRule } from "stakeout";

const LIMIT: number = 3; // é ü: characters of two bytes before what is counted

interface Unused {
  readonly field: string;
}

export default defineRule({
  id: "Test.Coverage",
  logTypes: ["Test.Log"],
  severity: "low",
  rule(event) {
    if (event.quiet) return false;
    const level = event.level as number;
    if (level > LIMIT) {
      return helper(level);
    }
    return false;
  },
  title: (event) => \`level \${event.level}\`,
  dedup: () => "never asked",
});

function helper(level: number): boolean {
  return level > 10
    ? true
    : false;
}

function unused(value: Unused): string {
  return value.field;
}
`;

/** What is counted while the rule, loaded as for tests, looks at these events. */
async function cover(events: readonly Record<string, unknown>[]): Promise<LineCoverage> {
  const file = join(tempFolder(), "rule.ts");
  writeFileSync(file, ruleFile);
  await using coverage = await TestCoverage.start();
  const { rules } = await loadForTesting([file]);
  await coverage.begin();
  for (const fields of events) rules[0]?.rule({ kind: "event", fields, logType: "Test.Log" } as Event);
  const [covered] = await coverage.of([{ ruleId: "Test.Coverage", file }]);
  if (covered === undefined) throw new Error("the rule was not loaded");
  const { lines, notReached, partlyReached } = covered;
  return { lines, notReached, partlyReached };
}

const allLines = [14, 15, 16, 17, 19, 21, 22, 26, 27, 28, 32];

test("nothing is reached when no function runs", async () => {
  expect(await cover([])).toEqual({ lines: allLines, notReached: allLines, partlyReached: [] });
});

test("a guard that is never taken is partly reached", async () => {
  const { notReached, partlyReached } = await cover([{ level: 1 }]);
  expect(partlyReached).toEqual([14]);
  expect(notReached).toEqual([17, 21, 22, 26, 27, 28, 32]);
});

test("branches of an expression count by line", async () => {
  const { notReached, partlyReached } = await cover([{ level: 5 }, { quiet: true }]);
  expect(partlyReached).toEqual([]);
  expect(notReached).toEqual([19, 21, 22, 27, 32]);
});

describe("line ranges", () => {
  test.each<[readonly number[], string]>([
    [[], ""],
    [[14], "14"],
    [[14, 15, 16], "14-16"],
    // 18 is a closing brace: nothing to run, so nothing between 17 and 19.
    [[17, 19], "17-19"],
    [[14, 16, 32], "14, 16, 32"],
  ])("%j are %j", (lines, text) => {
    expect(lineRanges(lines, allLines)).toBe(text);
  });
});
