import assert from "node:assert/strict";

import {
  addToStringSet,
  evaluateThreshold,
  getCounter,
  getDictionary,
  getStringSet,
  incrementCounter,
  putDictionary,
  putStringSet,
  removeFromStringSet,
  resetCounter,
  resetStringSet,
  setKeyExpiration,
} from "../../state/helpers.ts";
import type { DeclareTest } from "./trial.ts";

/** What is refused, with an error that names the rule, and changes nothing. */
export function argumentTests(test: DeclareTest): void {
  for (const [name, call] of Object.entries(callsWithKey)) {
    test(`${name} refuses what is no key`, async (trial) => {
      const half = "\ud83d";
      for (const key of [
        undefined,
        null,
        7,
        {},
        [],
        Symbol("k"),
        true,
        "",
        half,
        "k".repeat(1025),
        "é".repeat(513),
      ]) {
        await trial.fails("STATE_KEY_INVALID", () => call(key as string));
      }
      assert.deepEqual(await trial.store.listItems({ limit: 10, nowMs: 0 }), []);
    });
  }

  test("a key may have 1,024 bytes of UTF-8", async (trial) => {
    for (const key of ["k".repeat(1024), "é".repeat(512), "😀".repeat(256)]) {
      assert.equal(await trial.ask(() => incrementCounter(key)), 1);
      await trial.commit();
      assert.equal(await trial.ask(() => incrementCounter(key)), 2);
    }
  });

  test("amounts and thresholds must be whole numbers", async (trial) => {
    for (const amount of [0.5, Number.NaN, Infinity, 2 ** 53, "1", null, 1n]) {
      await trial.fails("STATE_VALUE_INVALID", () => incrementCounter("k", amount as number));
      await trial.fails("STATE_VALUE_INVALID", () => evaluateThreshold("k", amount as number));
    }
    await trial.fails("STATE_VALUE_INVALID", () => evaluateThreshold("k", 0));
    assert.equal(await trial.item("k"), undefined);
  });

  test("members must be strings", async (trial) => {
    for (const members of [
      undefined,
      null,
      5,
      { a: 1 },
      [1],
      ["a", undefined],
      [["a"]],
      new Map(),
      new Set([1]),
    ]) {
      await trial.fails("STATE_VALUE_INVALID", () => putStringSet("k", members as string[]));
      await trial.fails("STATE_VALUE_INVALID", () => addToStringSet("k", members as string[]));
      await trial.fails("STATE_VALUE_INVALID", () => removeFromStringSet("k", members as string[]));
    }
    assert.equal(await trial.item("k"), undefined);
  });

  test("dictionaries must be what JSON can hold", async (trial) => {
    const cycle: Record<string, unknown> = { a: [] };
    cycle["b"] = { cycle };
    class Session {
      user = "a";
    }
    const values = [
      undefined,
      null,
      5,
      "text",
      [],
      new Map(),
      new Date(0),
      new Session(),
      cycle,
      { a: Array.from({ length: 2 }) },
    ];
    const fields = [
      undefined,
      Number.NaN,
      Infinity,
      1n,
      Symbol("s"),
      () => 1,
      new Date(0),
      new Map(),
      new Set(),
    ];
    const nested = fields.flatMap((field) => [{ field }, { a: [field] }, { a: { b: field } }]);
    for (const value of [...values, ...nested, { [Symbol("s")]: 1 }]) {
      await trial.fails("STATE_VALUE_INVALID", () => putDictionary("k", value as never));
    }
    assert.equal(await trial.item("k"), undefined);
  });

  test("an object may occur twice in a dictionary, and may have no prototype", async (trial) => {
    const shared = { a: 1 };
    const value = Object.assign(Object.create(null) as object, { first: shared, second: [shared] });
    await trial.ask(() => putDictionary("k", value));
    assert.deepEqual(await trial.ask(() => getDictionary("k")), { first: { a: 1 }, second: [{ a: 1 }] });
  });

  test("lifetimes must be lifetimes", async (trial) => {
    const shapes = [
      null,
      3600,
      -1,
      Number.NaN,
      "1h",
      true,
      {},
      [],
      { in: "1h", at: 5 },
      { for: "1h" },
      new Date(0),
    ];
    const lifetimes = [
      ...shapes,
      ...[0, -5, Number.NaN, Infinity, "", "1 hour", "0s", null, 1e12].map((value) => ({ in: value })),
      ...[-1, Number.NaN, Infinity, "2026-01-01", null, new Date(Number.NaN)].map((value) => ({ at: value })),
      // Milliseconds where seconds were meant.
      { at: Date.UTC(2026, 0, 1) },
    ];
    await trial.ask(() => incrementCounter("k"));
    const before = await trial.item("k");
    for (const lifetime of lifetimes) {
      await trial.fails("STATE_LIFETIME_INVALID", () => incrementCounter("k", 1, lifetime as never));
      await trial.fails("STATE_LIFETIME_INVALID", () => setKeyExpiration("k", lifetime as never));
    }
    await trial.fails("STATE_LIFETIME_INVALID", () => setKeyExpiration("k", undefined as never));
    await trial.fails("STATE_LIFETIME_INVALID", () => evaluateThreshold("k", 2, 0));
    assert.deepEqual(await trial.item("k"), before);
  });

  test(
    "a set over its limit is refused and stays as it is",
    async (trial) => {
      await trial.ask(() => putStringSet("k", ["a", "b"]));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => addToStringSet("k", ["c", "d"], { in: "1h" }));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => putStringSet("k", ["c", "d", "e", "f"], { in: "1h" }));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => addToStringSet("new", ["c", "d", "e", "f"]));
      assert.deepEqual((await trial.item("k"))?.strings, ["a", "b"]);
      assert.notEqual((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + 3_600_000);
      assert.equal(await trial.item("new"), undefined);
      // What is in it already, or twice in the call, does not count again.
      assert.equal((await trial.ask(() => addToStringSet("k", ["a", "b", "c", "c"]))).size, 3);
      await trial.ask(() => putStringSet("k", ["x", "x", "y", "z"]));
    },
    { setMembersMax: 3 },
  );

  test(
    "a set over its limit in bytes is refused and stays as it is",
    async (trial) => {
      await trial.ask(() => putStringSet("k", ["aaaa", "éé"]));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => addToStringSet("k", "bbb", { in: "1h" }));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => putStringSet("k", ["aaaa", "bbbb", "ccc"]));
      assert.deepEqual((await trial.item("k"))?.strings, ["aaaa", "éé"]);
      assert.equal((await trial.ask(() => addToStringSet("k", ["bb", "éé"]))).size, 3);
    },
    { setBytesMax: 10 },
  );

  test(
    "a member over its limit is refused",
    async (trial) => {
      await trial.fails("STATE_LIMIT_EXCEEDED", () => addToStringSet("k", ["a", "ééé"]));
      assert.equal(await trial.item("k"), undefined);
      await trial.ask(() => addToStringSet("k", ["éé", "abcd"]));
    },
    { setMemberBytesMax: 4 },
  );

  test(
    "a dictionary over its limit is refused and stays as it is",
    async (trial) => {
      await trial.ask(() => putDictionary("k", { a: "12345678901" }));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => putDictionary("k", { a: "éééééé" }, { in: "1h" }));
      assert.deepEqual(await trial.ask(() => getDictionary("k")), { a: "12345678901" });
      assert.notEqual((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + 3_600_000);
    },
    { dictionaryBytesMax: 19 },
  );

  test(
    "a dictionary nested too deep is refused",
    async (trial) => {
      await trial.ask(() => putDictionary("k", { a: [1] }));
      await trial.fails("STATE_LIMIT_EXCEEDED", () => putDictionary("k", { a: [[1]] }));
    },
    { nestingMax: 2 },
  );

  test(
    "an evaluation over its number of operations is refused",
    async (trial) => {
      await trial.fails("STATE_LIMIT_EXCEEDED", async () => {
        for (;;) await incrementCounter("k");
      });
      assert.equal(await trial.ask(() => getCounter("k")), 3);
    },
    { operationsPerEvaluationMax: 3 },
  );
}

const callsWithKey: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  getCounter: (key) => getCounter(key),
  incrementCounter: (key) => incrementCounter(key),
  resetCounter: (key) => resetCounter(key),
  setKeyExpiration: (key) => setKeyExpiration(key, 0),
  getStringSet: (key) => getStringSet(key),
  putStringSet: (key) => putStringSet(key, ["a"]),
  addToStringSet: (key) => addToStringSet(key, ["a"]),
  removeFromStringSet: (key) => removeFromStringSet(key, ["a"]),
  resetStringSet: (key) => resetStringSet(key),
  getDictionary: (key) => getDictionary(key),
  putDictionary: (key) => putDictionary(key, { a: 1 }),
  evaluateThreshold: (key) => evaluateThreshold(key),
};
