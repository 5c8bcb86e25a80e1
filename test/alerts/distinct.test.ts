import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DistinctCounter } from "../../src/alerts/distinct.ts";
import type { JsonObject } from "../../src/core/json.ts";

function counted(values: Iterable<string>, exactMax: number): DistinctCounter {
  const counter = new DistinctCounter(exactMax);
  for (const value of values) counter.add(value);
  return counter;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `value ${index}`);
}

describe("up to exactMax", () => {
  test("the count is that of a set", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 }), (values) => {
        const counter = counted(values, 200);
        expect(counter.count).toBe(new Set(values).size);
        expect(counter.estimated).toBe(false);
      }),
    );
  });

  test("the last exact count is exactMax itself", () => {
    const counter = counted(numbered(1024), 1024);
    expect([counter.count, counter.estimated]).toEqual([1024, false]);
    counter.add("value 0");
    expect([counter.count, counter.estimated]).toEqual([1024, false]);
  });

  test("add tells whether there is something to store", () => {
    const counter = new DistinctCounter(8);
    expect(counter.add("a")).toBe(true);
    expect(counter.add("a")).toBe(false);
  });
});

describe("beyond exactMax", () => {
  test("one value more makes it an estimate that is higher than exactMax", () => {
    const counter = counted(numbered(1025), 1024);
    expect(counter.estimated).toBe(true);
    expect(counter.count).toBeGreaterThan(1024);
  });

  test("the estimate of 50,000 values is within 10%", () => {
    const counter = counted(numbered(50_000), 1024);
    expect(counter.count).toBeGreaterThan(45_000);
    expect(counter.count).toBeLessThan(55_000);
  });

  test("the count never goes down", () => {
    const counter = new DistinctCounter(16);
    let before = 0;
    for (const value of numbered(2000)) {
      counter.add(value);
      expect(counter.count).toBeGreaterThanOrEqual(before);
      before = counter.count;
    }
  });

  test("neither the order of values nor storing in between changes anything", () => {
    const values = fc.uniqueArray(fc.string(), { maxLength: 60 });
    fc.assert(
      fc.property(values, fc.nat(60), fc.constantFrom(1, 3, 16, 100), (all, cut, exactMax) => {
        const straight = counted(all, exactMax);
        const first = counted(all.toReversed().slice(0, cut), exactMax);
        const second = DistinctCounter.fromJson(JSON.parse(JSON.stringify(first.toJson())) as JsonObject);
        for (const value of all) second.add(value);
        expect(second.toJson()).toEqual(straight.toJson());
        expect(second.count).toBe(straight.count);
      }),
    );
  });

  test("exactly the changes that have to be stored are reported", () => {
    const values = fc.array(fc.string({ maxLength: 2 }), { maxLength: 100 });
    fc.assert(
      fc.property(values, (all) => {
        const counter = new DistinctCounter(4);
        for (const value of all) {
          const before = JSON.stringify(counter.toJson());
          const reported = counter.add(value);
          expect(reported).toBe(JSON.stringify(counter.toJson()) !== before);
        }
      }),
    );
  });
});
