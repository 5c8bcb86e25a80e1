import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { executeTests, threadsPay, type ExecuteOptions } from "../../src/cli/test-run.ts";
import { planTests, type PlannedTests } from "../../src/testing/rule-tests/plan.ts";
import { createFailure, createResult, createTest } from "../testing/report/fixtures.ts";
import { tempFolder } from "./fixtures.ts";
import { createPlan } from "./test-fixtures.ts";

function createOptions(overrides: Partial<ExecuteOptions> = {}): ExecuteOptions {
  return {
    plan: { paths: [], logTypes: [] },
    planMs: 100,
    run: {},
    bail: false,
    workers: 1,
    testBudgetMs: 15_000,
    watchdog: undefined,
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    onProgress: () => {},
    ...overrides,
  };
}

/** A plan with tests 0 to 9, of which those with these numbers fail. */
function planOfTen(failing: readonly number[]): PlannedTests {
  const tests = Array.from({ length: 10 }, (_, number) => createTest({ name: String(number) }));
  return {
    ...createPlan([], tests),
    run: async (each) =>
      createResult({
        test: each,
        ...(failing.includes(Number(each.name)) ? { failures: [createFailure()] } : {}),
      }),
  };
}

describe("in this thread", () => {
  test("tests run in order, and progress is told", async () => {
    const plan = planOfTen([3, 5]);
    const progress: [number, number][] = [];
    const results = await executeTests(
      plan,
      plan.tests,
      createOptions({ onProgress: (done, failed) => progress.push([done, failed]) }),
    );
    expect(results.map((result) => result.test.name)).toEqual(plan.tests.map(({ name }) => name));
    expect(progress.at(0)).toEqual([1, 0]);
    expect(progress.at(-1)).toEqual([10, 2]);
  });

  test("bail stops after the first failure", async () => {
    const plan = planOfTen([3, 5]);
    const results = await executeTests(plan, plan.tests, createOptions({ bail: true }));
    expect(results).toHaveLength(4);
  });

  test("the event loop turns while tests take long", async () => {
    const plan = planOfTen([]);
    let turned = false;
    setImmediate(() => (turned = true));
    let nowMs = 0;
    const clock = { nowMs: () => 0, monotonicMs: () => (nowMs += 1000) };
    await executeTests(plan, plan.tests, createOptions({ clock }));
    expect(turned).toBe(true);
  });
});

describe("threads", () => {
  test.each([
    ["before anything is known", { elapsedMs: 0, done: 0, left: 1_000_000 }, false],
    ["for many short tests", { elapsedMs: 1000, done: 8000, left: 8000 }, false],
    ["for very many", { elapsedMs: 1000, done: 8000, left: 400_000 }, true],
    ["while the first tests are slow", { elapsedMs: 500, done: 1, left: 3500 }, false],
    ["for few that take very long", { elapsedMs: 5000, done: 1, left: 10 }, true],
    ["when nothing is left", { elapsedMs: 5000, done: 10, left: 0 }, false],
  ])("pay %s", (_, pace, pays) => {
    expect(threadsPay(pace, { planMs: 5000, threads: 2 })).toBe(pays);
  });

  test("give the same results in the same order as one", async () => {
    const { plan, planned } = await planOfThreeRules();
    const one = await executeTests(planned, planned.tests, createOptions({ plan, workers: 1 }));
    const two = await executeTests(planned, planned.tests, createOptions({ plan, workers: 2 }));
    expect(two.map(withoutTime)).toEqual(one.map(withoutTime));
    expect(one.map(({ passed }) => passed)).toEqual([true, false, true, false, true, false]);
  });

  test("run only what they are told to", async () => {
    const { plan, planned } = await planOfThreeRules();
    const tests = planned.tests.filter(({ ruleId }) => ruleId === "Test.B");
    const results = await executeTests(planned, tests, createOptions({ plan, workers: 2 }));
    expect(results.map((result) => result.test.ruleId)).toEqual(["Test.B", "Test.B"]);
  });

  test("are told apart from those of files that were changed meanwhile", async () => {
    const { folder, plan, planned } = await planOfThreeRules();
    writeFileSync(join(folder, "Test.A.ts"), ruleText("Test.A").replace('"passes"', '"renamed"'));
    const running = executeTests(planned, planned.tests, createOptions({ plan, workers: 2 }));
    await expect(running).rejects.toMatchObject({ code: "RULES_INVALID" });
  });

  test("stop at a failure on request", async () => {
    const { plan, planned } = await planOfThreeRules();
    const results = await executeTests(
      planned,
      planned.tests,
      createOptions({ plan, workers: 2, bail: true }),
    );
    expect(results.some(({ passed }) => !passed)).toBe(true);
  });
});

function withoutTime(result: Awaited<ReturnType<PlannedTests["run"]>>): object {
  return { ...result, durationMs: 0 };
}

async function planOfThreeRules(): Promise<{
  folder: string;
  plan: ExecuteOptions["plan"];
  planned: PlannedTests;
}> {
  const folder = tempFolder();
  for (const id of ["Test.A", "Test.B", "Test.C"]) writeFileSync(join(folder, `${id}.ts`), ruleText(id));
  const plan = { paths: [folder], logTypes: [] };
  const planned = await planTests(plan);
  expect(planned.problems).toEqual([]);
  return { folder, plan, planned };
}

/** A rule with a test that passes and one that fails. */
function ruleText(id: string): string {
  return `import { defineRule } from "stakeout";
export default defineRule({
  id: "${id}",
  logTypes: ["AWS.CloudTrail"],
  severity: "low",
  rule: (event) => event.eventName === "Bad",
  tests: [
    { name: "passes", event: { eventName: "Bad" }, expect: true },
    { name: "fails", event: { eventName: "Good" }, expect: true },
  ],
});
`;
}
