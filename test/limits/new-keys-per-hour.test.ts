import { describe, expect, test } from "vitest";

import { HourlyCounts, hourlyKinds } from "../../src/alerts/hourly-counts.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { Evaluation } from "../../src/state/evaluation.ts";
import { addToStringSet, getCounter, incrementCounter } from "../../src/state/helpers.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import type { StateStore } from "../../src/state/store.ts";

const hour = 3_600_000;
const limits = { ...defaultLimits, newKeysPerHourMax: 2 };
const position = { source: "test", stream: "s", offset: 0 };

interface Trial {
  readonly newKeys: HourlyCounts;
  /** Runs this as rule `R`, and answers what it answers or the code of its error. */
  readonly as: <T>(run: () => Promise<T>, options?: { ruleId?: string; nowMs?: number }) => Promise<unknown>;
}

async function createTrial(store: StateStore = createMemoryStore()): Promise<Trial> {
  const newKeys = new HourlyCounts({ store, kind: hourlyKinds.newKeys });
  await newKeys.load();
  const evaluation = new Evaluation(store, limits, newKeys);
  return {
    newKeys,
    as: async (run, { ruleId = "R", nowMs = 1000 } = {}) => {
      evaluation.begin(ruleId, position, nowMs);
      try {
        return await evaluation.waitFor(run());
      } catch (error) {
        return (error as { code: string }).code;
      } finally {
        evaluation.settle();
        evaluation.end();
      }
    },
  };
}

describe("newKeysPerHourMax", () => {
  test("is an error for the first key too many, which is not made", async () => {
    const { as, newKeys } = await createTrial();
    expect(await as(() => incrementCounter("a"))).toBe(1);
    expect(await as(() => addToStringSet("b", "x"))).toEqual(new Set(["x"]));
    expect(await as(() => incrementCounter("c"))).toBe("STATE_LIMIT_EXCEEDED");
    expect(await as(() => addToStringSet("c", "x"))).toBe("STATE_LIMIT_EXCEEDED");
    expect(await as(() => getCounter("c"))).toBe(0);
    expect(newKeys.refused).toBe(2);
  });

  test("leaves keys alone that are there, and other rules", async () => {
    const { as } = await createTrial();
    for (const key of ["a", "b", "c"]) await as(() => incrementCounter(key));
    expect(await as(() => incrementCounter("a"))).toBe(2);
    expect(await as(() => incrementCounter("c"), { ruleId: "Other" })).toBe(1);
  });

  test("begins anew with each hour of the engine clock", async () => {
    const { as } = await createTrial();
    for (const key of ["a", "b", "c"]) await as(() => incrementCounter(key));
    expect(await as(() => incrementCounter("c"), { nowMs: hour - 1 })).toBe("STATE_LIMIT_EXCEEDED");
    expect(await as(() => incrementCounter("c"), { nowMs: hour })).toBe(1);
  });

  test("is counted from one run to the next, but only what was committed", async () => {
    const store = createMemoryStore();
    const first = await createTrial(store);
    await first.as(() => incrementCounter("a"));
    await store.commit({ clockMs: 1000, positions: [], entries: first.newKeys.takeWrites() });
    await first.as(() => incrementCounter("b"));
    const second = await createTrial(store);
    expect(await second.as(() => incrementCounter("c"))).toBe(1);
    expect(await second.as(() => incrementCounter("d"))).toBe("STATE_LIMIT_EXCEEDED");
  });
});
