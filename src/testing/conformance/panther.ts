import assert from "node:assert/strict";

import {
  addToStringSet,
  evaluateThreshold,
  getCounter,
  getStringSet,
  incrementCounter,
  putDictionary,
  putStringSet,
  removeFromStringSet,
  resetCounter,
  resetStringSet,
  setKeyExpiration,
} from "../../state/helpers.ts";
import { NEVER } from "../../state/store.ts";
import { DAY_MS, type DeclareTest, HOUR_MS } from "./trial.ts";

/** One test for each way in which Panther's helpers surprise, by the number that docs/state.md lists it under. */
export function pantherTests(test: DeclareTest): void {
  test("1: an increment does not move the hour that setKeyExpiration set", async (trial) => {
    await trial.ask(async () => {
      assert.equal(await incrementCounter("k"), 1);
      await setKeyExpiration("k", { in: "1h" });
    });
    const end = trial.clock.nowMs() + HOUR_MS;
    trial.clock.advance(HOUR_MS / 2);
    assert.equal(await trial.ask(() => incrementCounter("k")), 2);
    assert.equal((await trial.item("k"))?.expiresAtMs, end);
    trial.clock.advance(HOUR_MS / 2);
    assert.equal(await trial.ask(() => incrementCounter("k")), 1);
  });

  test("2: a counter that ended at 9 counts 1, 2", async (trial) => {
    await trial.ask(() => incrementCounter("k", 9, { in: "1h" }));
    trial.clock.advance(HOUR_MS + 1000);
    assert.deepEqual(
      await trial.ask(async () => [await incrementCounter("k"), await incrementCounter("k")]),
      [1, 2],
    );
  });

  test("3: evaluateThreshold over a counter that ended at 9 does not fire on the second event", async (trial) => {
    await trial.ask(() => incrementCounter("k", 9, { in: "1h" }));
    trial.clock.advance(2 * HOUR_MS);
    const answers = await trial.ask(async () => [
      await evaluateThreshold("k"),
      await evaluateThreshold("k"),
      await evaluateThreshold("k"),
    ]);
    assert.deepEqual(answers, [false, false, false]);
  });

  test("4: a write without a lifetime leaves a short one short", async (trial) => {
    await trial.ask(() => incrementCounter("k", 1, { in: 100 }));
    await trial.ask(() => incrementCounter("k"));
    assert.equal((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + 100_000);
  });

  test("4b: a counter without expiry answers what it holds", async (trial) => {
    await trial.ask(() => incrementCounter("k", 1, 0));
    assert.deepEqual(
      await trial.ask(async () => [await incrementCounter("k"), await incrementCounter("k")]),
      [2, 3],
    );
    assert.equal((await trial.item("k"))?.expiresAtMs, NEVER);
  });

  test("5: setKeyExpiration with 0 keeps the item for good", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k");
      await setKeyExpiration("k", 0);
    });
    trial.clock.advance(1000 * DAY_MS);
    assert.equal(await trial.ask(() => getCounter("k")), 1);
  });

  test("5b: setKeyExpiration of a key that is not there leaves no ghost", async (trial) => {
    await trial.ask(() => setKeyExpiration("k", { in: "1h" }));
    assert.equal(await trial.item("k"), undefined);
    assert.equal(await trial.ask(() => incrementCounter("k")), 1);
    assert.equal((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + 90 * DAY_MS);
  });

  test("6: a reset keeps the end, and a window is restarted by setting it", async (trial) => {
    await trial.ask(() => incrementCounter("k", 10, { in: "1h" }));
    const end = trial.clock.nowMs() + HOUR_MS;
    trial.clock.advance(HOUR_MS / 2);
    await trial.ask(() => resetCounter("k"));
    assert.equal(await trial.ask(() => incrementCounter("k")), 1);
    assert.equal((await trial.item("k"))?.expiresAtMs, end);
    await trial.ask(() => setKeyExpiration("k", { in: "1h" }));
    assert.equal((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + HOUR_MS);
  });

  test("6b: a reset of a key that is not there leaves no ghost", async (trial) => {
    await trial.ask(async () => {
      await resetCounter("k");
      await resetStringSet("k");
    });
    assert.equal(await trial.item("k"), undefined);
  });

  test("7: adding to a set that ended brings no old member back", async (trial) => {
    await trial.ask(() => addToStringSet("k", ["old"], { in: "1h" }));
    trial.clock.advance(HOUR_MS);
    assert.deepEqual(await trial.ask(() => addToStringSet("k", ["new"])), new Set(["new"]));
  });

  test("8: a set that ended has no members, without asking specially", async (trial) => {
    await trial.ask(() => addToStringSet("k", ["old"], { in: "1h" }));
    trial.clock.advance(HOUR_MS);
    assert.deepEqual(await trial.ask(() => getStringSet("k")), new Set());
  });

  test("9: removing from a set without expiry removes that member only", async (trial) => {
    await trial.ask(() => putStringSet("k", ["a", "b"], 0));
    assert.deepEqual(await trial.ask(() => removeFromStringSet("k", ["a"])), new Set(["b"]));
    assert.deepEqual(await trial.ask(() => getStringSet("k")), new Set(["b"]));
  });

  test("10: removing does not move the end", async (trial) => {
    await trial.ask(() => putStringSet("k", ["a", "b"], { in: "1h" }));
    await trial.ask(() => removeFromStringSet("k", ["a"]));
    assert.equal((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + HOUR_MS);
  });

  test("11: one string is one member, not its letters", async (trial) => {
    await trial.ask(() => putStringSet("k", "hello"));
    assert.deepEqual((await trial.item("k"))?.strings, ["hello"]);
  });

  test("12: putting a set or a dictionary leaves a counter under the same key", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 3);
      await putStringSet("k", ["a"]);
      await putDictionary("k", { a: 1 });
    });
    assert.equal(await trial.ask(() => getCounter("k")), 3);
    assert.deepEqual(await trial.ask(() => getStringSet("k")), new Set(["a"]));
  });

  test("14: counters are of one type, first and later", async (trial) => {
    const counts = await trial.ask(async () => [await incrementCounter("k"), await incrementCounter("k")]);
    await trial.commit();
    counts.push(await trial.ask(() => getCounter("k")), await trial.ask(() => incrementCounter("k")));
    assert.deepEqual(counts, [1, 2, 2, 3]);
  });

  test("16: adding or removing nothing is a read and changes nothing", async (trial) => {
    await trial.ask(() => putStringSet("k", ["a"], { in: "1h" }));
    const before = await trial.item("k");
    assert.deepEqual(await trial.ask(() => addToStringSet("k", [], { in: "5h" })), new Set(["a"]));
    assert.deepEqual(await trial.ask(() => removeFromStringSet("k", [], { in: "5h" })), new Set(["a"]));
    assert.deepEqual(await trial.item("k"), before);
    assert.deepEqual(await trial.ask(() => addToStringSet("none", [])), new Set());
    assert.equal(await trial.item("none"), undefined);
  });

  test("19: an amount that is not a whole number is refused by name", async (trial) => {
    await trial.fails("STATE_VALUE_INVALID", () => incrementCounter("k", 1.5));
    assert.equal(await trial.item("k"), undefined);
  });

  test("20: a member that is not a string is refused by name, and no other is stored", async (trial) => {
    await trial.fails("STATE_VALUE_INVALID", () => addToStringSet("k", ["a", null as unknown as string]));
    assert.equal(await trial.item("k"), undefined);
  });

  test("22: an end in the past is an end: the item is absent, and the answer is the true count", async (trial) => {
    await trial.ask(() => incrementCounter("k", 4));
    const past = { at: new Date(trial.clock.nowMs() - DAY_MS) };
    assert.equal(await trial.ask(() => incrementCounter("k", 1, past)), 5);
    assert.equal(await trial.item("k"), undefined);
  });

  test("an item ends at one moment for reads and for writes", async (trial) => {
    await trial.ask(() => incrementCounter("k", 9, { in: 10 }));
    trial.clock.advance(9999);
    assert.equal(await trial.ask(() => getCounter("k")), 9);
    assert.equal(await trial.ask(() => incrementCounter("k", 0)), 9);
    trial.clock.advance(1);
    assert.equal(await trial.ask(() => getCounter("k")), 0);
    assert.equal(await trial.ask(() => incrementCounter("k", 0)), 0);
  });

  test("a read after a write sees it", async (trial) => {
    await trial.ask(async () => {
      await putStringSet("k", ["a"]);
      assert.deepEqual(await getStringSet("k"), new Set(["a"]));
    });
  });
}
