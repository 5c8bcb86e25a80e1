import { expect, test } from "vitest";

import { RuleSampling, RuleStats } from "../../src/engine/rule-stats.ts";

const nothing = { matches: 0, alerts: 0, ruleErrors: 0, timedEvents: 0, timedMicroseconds: 0 };

test("counts what each rule does, and leaves out those that did nothing", () => {
  const stats = new RuleStats();
  stats.add("A", "matches");
  stats.add("A", "matches");
  stats.add("B", "timedMicroseconds", 12.5);
  expect(stats.read()).toEqual({ A: { ...nothing, matches: 2 }, B: { ...nothing, timedMicroseconds: 12.5 } });
  expect([stats.matchesOf("A"), stats.matchesOf("C")]).toEqual([2, 0]);
});

test("goes on after an earlier lane, without changing what that told", () => {
  const earlier = { A: { ...nothing, alerts: 3 } };
  const stats = new RuleStats(earlier);
  stats.add("A", "alerts");
  expect(stats.read()).toEqual({ A: { ...nothing, alerts: 4 } });
  expect(earlier.A.alerts).toBe(3);
});

test("what was read does not change any more", () => {
  const stats = new RuleStats();
  stats.add("A", "matches");
  const read = stats.read();
  stats.add("A", "matches");
  expect(read["A"]?.matches).toBe(1);
});

test("takes any id, those too that objects have names for", () => {
  const ids = ["__proto__", "constructor", "toString"];
  const stats = new RuleStats();
  for (const id of ids) stats.add(id, "ruleErrors");
  const again = new RuleStats(structuredClone(stats.read()));
  for (const id of ids) again.add(id, "ruleErrors");
  const read = again.read();
  expect(Object.keys(read).toSorted()).toEqual(ids.toSorted());
  for (const id of ids) expect(Object.entries(read).find(([key]) => key === id)?.[1].ruleErrors).toBe(2);
});

test("one event in 1,021 is measured, a number that no batch is a multiple of", () => {
  const sampling = new RuleSampling();
  const taken = Array.from({ length: 3 * 1021 }, (_, index) => index + 1).filter(() => sampling.takes());
  expect(taken).toEqual([1021, 2042, 3063]);
});
