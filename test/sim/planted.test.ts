import { describe, expect, test } from "vitest";

import { generatePlan } from "../../sim/generate.ts";
import { engineParts } from "../../sim/lane.ts";
import { plantedBugs } from "../../sim/planted/planted.ts";
import { runSeeds } from "../../sim/run-seeds.ts";
import { simulate } from "../../sim/simulation.ts";

describe.each(plantedBugs)("a planted bug: $name", ({ parts, needsFaults }) => {
  test("is found within 1,000 seeds", { timeout: 300_000 }, async () => {
    const { failure } = await runSeeds({ count: 1000, parts });
    expect(failure?.message).toMatch(/\S/);
    // Not because what was planted fails by itself.
    expect(failure?.message).not.toContain("the simulation failed");
  });

  test.runIf(needsFaults)("shows itself only where something goes wrong", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const plan = generatePlan(seed);
      const records = plan.records.filter(
        ({ content }) => content.kind !== "event" || content.mischief === undefined,
      );
      const { failure } = await simulate({ ...plan, records, faults: [] }, { ...engineParts, ...parts });
      expect(failure).toBeUndefined();
    }
  });
});
