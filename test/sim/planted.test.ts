import { expect, test } from "vitest";

import { generatePlan } from "../../sim/generate.ts";
import { engineParts } from "../../sim/lane.ts";
import { plantedBugs } from "../../sim/planted/planted.ts";
import { runSeeds } from "../../sim/run-seeds.ts";
import { simulate } from "../../sim/simulation.ts";
import { quietPlan } from "./fixtures.ts";

test.each(plantedBugs)(
  "a planted bug is found within 1,000 seeds: $name",
  { timeout: 300_000 },
  async ({ parts }) => {
    const { failure } = await runSeeds({ count: 1000, parts });
    expect(failure?.message).toMatch(/\S/);
    // Not because what was planted fails by itself.
    expect(failure?.message).not.toContain("the simulation failed");
  },
);

test.each(plantedBugs.filter(({ needsFaults }) => needsFaults))(
  "without faults it does not show: $name",
  async ({ parts }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { failure } = await simulate(quietPlan(generatePlan(seed)), { ...engineParts, ...parts });
      expect(failure).toBeUndefined();
    }
  },
);
