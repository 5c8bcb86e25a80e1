import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";

import { mutate } from "../../fuzz/mutate.ts";
import { targets } from "../../fuzz/targets/all.ts";
import { Chance } from "../../sim/chance.ts";

/** A name that hostile input adds to what every object inherits stays for all that follows. */
const inherited = Object.getOwnPropertyNames(Object.prototype).length;

afterEach(() => {
  if (Object.getOwnPropertyNames(Object.prototype).length !== inherited)
    throw new Error("what every object inherits has changed");
});

/** Rounds of those that write files or start decompressors; the others are quicker by far. */
const slowRounds = 150;
const rounds: Readonly<Record<string, number>> = {
  records: 600,
  compressed: slowRounds,
  panther: slowRounds,
  "rule-tests": slowRounds,
  lock: slowRounds,
};

describe.each(Object.entries(targets))("%s", (name, target) => {
  const corpus = target.seeds.map((seed) => Buffer.from(seed));
  const words = target.words.map((word) => Buffer.from(word));

  test("holds for its seeds", async () => {
    expect(corpus.length).toBeGreaterThan(0);
    for (const seed of corpus) await expect(Promise.resolve(target.run(seed))).resolves.toBeUndefined();
  });

  test("holds for whatever they are turned into", async () => {
    const holds = fc.asyncProperty(fc.nat(), async (seed) => {
      await target.run(mutate({ corpus, words }, new Chance(seed, name)));
    });
    const options = { numRuns: rounds[name] ?? 1500, seed: 20260301, endOnFailure: true };
    await expect(fc.assert(holds, options)).resolves.toBeUndefined();
  });

  test("holds for any bytes", async () => {
    const holds = fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
      await target.run(Buffer.from(bytes));
    });
    await expect(fc.assert(holds, { numRuns: slowRounds, seed: 20260301 })).resolves.toBeUndefined();
  });
});
