import { describe, expect, test } from "vitest";

import { generatePlan } from "../../sim/generate.ts";
import { engineParts } from "../../sim/lane.ts";
import { type Fault, faultKinds, type Plan } from "../../sim/plan.ts";
import { deltaIsLost } from "../../sim/planted/delta-is-lost.ts";
import { incrementIsKeptAtOnce } from "../../sim/planted/increment-is-kept-at-once.ts";
import { runSeeds } from "../../sim/run-seeds.ts";
import { shrinkPlan } from "../../sim/shrink.ts";
import { simulate } from "../../sim/simulation.ts";
import { quietPlan } from "./fixtures.ts";

const seeds = Array.from({ length: 100 }, (_, index) => index + 1);

describe("a plan", () => {
  test("follows from its seed alone", () => {
    expect(generatePlan(7)).toEqual(generatePlan(7));
    expect(generatePlan(7)).not.toEqual(generatePlan(8));
  });

  test("is as long as it was asked to be, about", () => {
    const recordsOf = (steps: number): number =>
      seeds.reduce((sum, seed) => sum + generatePlan(seed, steps).records.length, 0);
    expect(recordsOf(400)).toBeGreaterThan(recordsOf(40) * 5);
    expect(generatePlan(1, 1).records.length).toBeGreaterThan(0);
  });

  test("has every fault and every mischief, in one seed or another", () => {
    const plans = seeds.map((seed) => generatePlan(seed));
    const faults = new Set(plans.flatMap((plan) => plan.faults.map(({ what }) => what)));
    expect([...faults].sort()).toEqual([...faultKinds].sort());
    const mischief = new Set(
      plans.flatMap(({ records }) =>
        records.map(({ content }) => (content.kind === "event" ? content.mischief?.what : undefined)),
      ),
    );
    expect(mischief).toEqual(new Set([undefined, "throw", "title", "forget", "hang", "end", "trap", "slow"]));
  });
});

describe("a simulation", () => {
  test("does the same each time", async () => {
    const plan = generatePlan(11);
    expect(await simulate(plan)).toEqual(await simulate(plan));
  });

  test("does the same with a plan that was written down and read again", async () => {
    const plan = generatePlan(12);
    expect(await simulate(JSON.parse(JSON.stringify(plan)) as Plan)).toEqual(await simulate(plan));
  });

  test("has a death for each kill, whether or not the power fails", async () => {
    const plan = quietPlan(generatePlan(13));
    const faults: readonly Fault[] = [
      { step: 3, what: "kill", when: "before" },
      { step: 20, what: "power", when: "after" },
    ];
    const quiet = await simulate(plan);
    const { injected, lives, failure } = await simulate({ ...plan, faults });
    expect(failure).toBeUndefined();
    expect(injected).toMatchObject({ kill: 1, power: 1 });
    expect(lives).toBe(quiet.lives + 2);
  });

  test("examines nothing where there is nothing", async () => {
    const outcome = await simulate({ ...generatePlan(1), records: [], rules: [], faults: [] });
    expect(outcome).toMatchObject({ failure: undefined, records: 0, lives: 1 });
  });
});

describe("a failure", () => {
  test("says at which step and after which commit it was noticed", async () => {
    const { failure } = await runSeeds({ count: 1000, parts: incrementIsKeptAtOnce.parts });
    expect(failure?.step).toBeGreaterThan(0);
    expect(failure?.commit).toBeGreaterThan(0);
    expect(failure?.message).toMatch(/must be/);
  });

  test("shrinks to a smaller plan that fails as well", async () => {
    const parts = { ...engineParts, ...deltaIsLost.parts };
    const { failure } = await runSeeds({ count: 1000, parts });
    const plan = generatePlan(failure?.seed ?? 0);
    const fails = async (smaller: Plan): Promise<boolean> =>
      (await simulate(smaller, parts)).failure !== undefined;
    const smallest = await shrinkPlan(plan, fails);
    expect(await fails(smallest)).toBe(true);
    // What is lost takes a change, a fold that is cut off, and nothing else.
    expect(smallest.faults.length).toBeLessThanOrEqual(2);
    expect(smallest.records.length).toBeLessThan(plan.records.length);
  });
});
