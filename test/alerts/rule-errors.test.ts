import { describe, expect, test } from "vitest";

import {
  createRuleErrorBook,
  listRuleErrors,
  type RuleErrorBook,
  type RuleErrorReport,
} from "../../src/alerts/rule-errors.ts";
import { StakeoutError } from "../../src/core/errors.ts";
import { FakeStore, startMs } from "./fixtures.ts";

async function createErrors(store: FakeStore): Promise<RuleErrorBook> {
  const book = createRuleErrorBook({ store, limits: { alertEventBytesMax: 1000 } });
  await book.load();
  return book;
}

function report(overrides: Partial<RuleErrorReport> = {}): RuleErrorReport {
  return {
    ruleId: "Test.Rule",
    function: "rule",
    error: new TypeError("x is not a function"),
    clockMs: startMs,
    position: { source: "test", stream: "s", offset: 0 },
    event: () => ({ n: 1 }),
    ...overrides,
  };
}

async function groupsOf(...reports: Partial<RuleErrorReport>[]) {
  const store = new FakeStore();
  const book = await createErrors(store);
  for (const one of reports) book.record(report(one));
  store.commit(book.takeWrites());
  return await listRuleErrors(store);
}

/** An error of a class that the rule made up. */
function named(name: string): Partial<RuleErrorReport> {
  const error = new Error("x");
  error.name = name;
  return { error };
}

describe("grouping", () => {
  test("by rule, function and error type, whatever the message", async () => {
    const groups = await groupsOf(
      { error: new TypeError("a") },
      { error: new TypeError("b") },
      { error: new RangeError("a") },
      { function: "title" },
      { ruleId: "Other.Rule" },
    );
    expect(groups.map((group) => [group.ruleId, group.function, group.type, group.count])).toEqual([
      ["Other.Rule", "rule", "TypeError", 1],
      ["Test.Rule", "rule", "RangeError", 1],
      ["Test.Rule", "rule", "TypeError", 2],
      ["Test.Rule", "title", "TypeError", 1],
    ]);
  });

  test("a code is part of the type", async () => {
    const [group] = await groupsOf({ error: new StakeoutError("STATE_KEY_INVALID", "no key") });
    expect(group?.type).toBe("StakeoutError STATE_KEY_INVALID");
  });

  test("a rule that invents types fills 100 groups and one for all others", async () => {
    const groups = await groupsOf(...Array.from({ length: 150 }, (_, n) => named(`E${n}`)), named("E0"));
    expect(groups).toHaveLength(101);
    expect(groups.find(({ type }) => type === "(other types)")).toMatchObject({ count: 50 });
    expect(groups.find(({ type }) => type === "E0")).toMatchObject({ count: 2 });
  });
});

describe("what a group holds", () => {
  test("first and last error, with the event of the first", async () => {
    const [group] = await groupsOf(
      { error: new TypeError("first"), event: () => ({ n: 1 }) },
      { error: new TypeError("second"), clockMs: startMs + 1, event: () => expect.unreachable("called") },
      {
        error: new TypeError("third"),
        clockMs: startMs + 2,
        position: { source: "test", stream: "s", offset: 30 },
      },
    );
    expect(group).toMatchObject({
      count: 3,
      first: { message: "first", time: "2026-01-01T00:00:00.000Z", position: { offset: 0 } },
      last: { message: "third", time: "2026-01-01T00:00:00.002Z", position: { offset: 30 } },
      event: { n: 1 },
    });
    expect(group?.first.stack).toContain("rule-errors.test.ts");
  });

  test("no event that is longer than an alert's events may be", async () => {
    const [group] = await groupsOf({ event: () => ({ text: "x".repeat(2000) }) });
    expect(group?.event).toBeNull();
  });
});

describe("commits", () => {
  test("first tells new groups, also after a restart", async () => {
    const store = new FakeStore();
    const before = await createErrors(store);
    expect(before.record(report())).toEqual({ first: true });
    expect(before.record(report())).toEqual({ first: false });
    store.commit(before.takeWrites());
    const after = await createErrors(store);
    expect(after.record(report())).toEqual({ first: false });
    store.commit(after.takeWrites());
    expect(await listRuleErrors(store)).toMatchObject([
      { count: 3, first: { message: "x is not a function" } },
    ]);
  });

  test("groups are counted towards the limit after a restart", async () => {
    const store = new FakeStore();
    const before = await createErrors(store);
    for (let n = 0; n < 100; n += 1) before.record(report({ function: `f${n}` }));
    store.commit(before.takeWrites());
    const after = await createErrors(store);
    after.record(report({ function: "new" }));
    store.commit(after.takeWrites());
    expect((await listRuleErrors(store)).find((group) => group.function === "new")?.type).toBe(
      "(other types)",
    );
  });

  test("a group hit many times in a batch is written at most twice", async () => {
    const book = await createErrors(new FakeStore());
    for (let n = 0; n < 1000; n += 1) book.record(report());
    expect(book.takeWrites()).toHaveLength(2);
    expect(book.takeWrites()).toHaveLength(0);
    book.record(report());
    expect(book.takeWrites()).toHaveLength(1);
  });
});
