import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isDeeperThan, shortestBytesDeeperThan } from "../../src/parsers/nesting.ts";

/** Levels of objects and arrays, counted the plain way. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const json = fc.jsonValue({ maxDepth: 8 }).filter((value) => typeof value === "object" && value !== null);

describe("nesting", () => {
  test("agrees with a naive count", () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 10 }), (value, levelsMax) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        if (typeof parsed !== "object" || parsed === null) return;
        expect(isDeeperThan(parsed, levelsMax)).toBe(depthOf(parsed) > levelsMax);
      }),
    );
  });

  test("no text shorter than the shortest can be too deep", () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 10 }), (value, levelsMax) => {
        const short = JSON.stringify(value).length < shortestBytesDeeperThan(levelsMax);
        expect(short && depthOf(value) > levelsMax).toBe(false);
      }),
    );
  });

  test("looks below a field named __proto__", () => {
    expect(isDeeperThan(JSON.parse('{"__proto__":[[]]}') as object, 2)).toBe(true);
  });
});
