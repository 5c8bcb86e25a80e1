import { expect, test } from "vitest";

import type { CommittedMessage, RuleInfo } from "../../src/engine/lane-messages.ts";
import { EngineFigures } from "../../src/service/engine-figures.ts";
import { bucketsMs } from "../../src/service/status.ts";
import { committedMessage } from "./fixtures.ts";

const stat = { matches: 3, alerts: 2, ruleErrors: 1, timedEvents: 4, timedMicroseconds: 80.5 };

function info(id: string): RuleInfo {
  return { id, name: `Name of ${id}`, severity: "low" };
}

function figuresOf(ids: readonly string[], ...messages: readonly CommittedMessage[]): EngineFigures {
  const figures = new EngineFigures();
  figures.ruleInfos = ids.map(info);
  for (const [index, message] of messages.entries()) figures.committed(message, 1000 + index);
  return figures;
}

test("before the first commit there is nothing, and rules have done nothing", () => {
  const figures = figuresOf(["A"]);
  expect(figures.last).toBeUndefined();
  const none = bucketsMs.map(() => 0);
  expect(figures.commits()).toEqual({
    count: 0,
    lastMs: undefined,
    batchMsTotal: 0,
    commitMsTotal: 0,
    batchBuckets: none,
    commitBuckets: none,
  });
  const nothing = { matches: 0, alerts: 0, ruleErrors: 0, timedEvents: 0, timedMicroseconds: 0 };
  expect(figures.rules()).toEqual([{ ...info("A"), ...nothing, staged: false, suspended: false }]);
});

test("commits are counted, with sums and in every bucket that their time fits into", () => {
  const durations = [
    { batchMs: 20, commitMs: 0.5 },
    { batchMs: 20.1, commitMs: 3 },
    { batchMs: 60_000, commitMs: 5000 },
  ];
  const messages = durations.map((each) => committedMessage({ durations: each }));
  const commits = figuresOf([], ...messages).commits();
  expect(commits).toMatchObject({ count: 3, lastMs: 1002, batchMsTotal: 60_040.1, commitMsTotal: 5003.5 });
  const batches = Object.fromEntries(bucketsMs.map((ms, index) => [ms, commits.batchBuckets[index]]));
  expect(batches).toMatchObject({ 1: 0, 10: 0, 20: 1, 50: 2, 5000: 2 });
  const alone = Object.fromEntries(bucketsMs.map((ms, index) => [ms, commits.commitBuckets[index]]));
  expect(alone).toMatchObject({ 1: 1, 2: 1, 5: 2, 2000: 2, 5000: 3 });
});

test("what was answered does not change with the next commit", () => {
  const figures = figuresOf([], committedMessage());
  const { batchBuckets } = figures.commits();
  const before = [...batchBuckets];
  figures.committed(committedMessage(), 5);
  expect(batchBuckets).toEqual(before);
});

test("rules are those in use, with what the last commit told of them", () => {
  const figures = figuresOf(
    ["A", "B"],
    committedMessage({ rules: { A: stat, Gone: stat }, staged: ["B", "Gone"], suspended: ["A"] }),
  );
  expect(figures.rules()).toMatchObject([
    { id: "A", name: "Name of A", severity: "low", ...stat, staged: false, suspended: true },
    { id: "B", matches: 0, staged: true, suspended: false },
  ]);
});

test.each(["constructor", "toString", "__proto__"])("a rule may be called %s", (id) => {
  const figures = figuresOf([id], committedMessage());
  expect(figures.rules()).toMatchObject([{ id, matches: 0, alerts: 0, timedMicroseconds: 0 }]);
});
