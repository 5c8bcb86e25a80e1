import { expect, test } from "vitest";

import { runSeeds } from "../../sim/run-seeds.ts";

test(
  "500 seeds: after every death, and in the end, everything is as the model says",
  { timeout: 300_000 },
  async () => {
    const { seeds, figures, failure } = await runSeeds({ count: 500 });
    expect(failure).toBeUndefined();
    expect(seeds).toBe(500);
    // Otherwise nothing was put to the test.
    expect(Object.values(figures?.injected ?? { none: 0 }).every((count) => count > 0)).toBe(true);
  },
);
