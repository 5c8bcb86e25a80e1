import assert from "node:assert/strict";

import {
  addToStringSet,
  getCounter,
  getDictionary,
  getStringSet,
  incrementCounter,
  putDictionary,
  putStringSet,
  removeFromStringSet,
  resetCounter,
  setKeyExpiration,
} from "../../state/helpers.ts";
import { NEVER } from "../../state/store.ts";
import { DAY_MS, type DeclareTest, HOUR_MS } from "./trial.ts";

/** What every store does at a commit. */
export function commitTests(test: DeclareTest): void {
  test("a new store has the clock 0, no positions and no entries", async (trial) => {
    assert.equal(trial.store.clockMs, 0);
    assert.equal(await trial.store.readPosition("s", "t"), undefined);
    assert.equal(await trial.store.readEntry("k", "a"), undefined);
    assert.deepEqual(await trial.store.listEntries({ kind: "k", limit: 1 }), []);
  });

  test("a commit keeps the clock, and positions of each stream of each source apart", async (trial) => {
    const streams = [
      ["s", "t"],
      ["s", "u"],
      ["t", "t"],
      ["st", ""],
    ] as const;
    const positions = streams.map(([source, stream], index) => ({ source, stream, value: { index } }));
    await trial.commit({ positions });
    assert.equal(trial.store.clockMs, trial.clock.nowMs());
    for (const [index, [source, stream]] of streams.entries()) {
      assert.deepEqual(await trial.store.readPosition(source, stream), { index });
    }
    await trial.commit({ positions: [{ source: "s", stream: "t", value: { index: 9 } }] });
    assert.deepEqual(await trial.store.readPosition("s", "t"), { index: 9 });
    assert.deepEqual(await trial.store.readPosition("s", "u"), { index: 1 });
  });

  test("nothing is pending after a commit", async (trial) => {
    await trial.ask(() => addToStringSet("k", ["a"]));
    assert.ok(trial.store.pendingBytes >= 0);
    await trial.commit();
    assert.equal(trial.store.pendingBytes, 0);
  });

  test("operations go on across commits as if there were none", async (trial) => {
    const counts: number[] = [];
    for (let round = 0; round < 5; round++) {
      counts.push(await trial.ask(() => incrementCounter("k")));
      await trial.ask(() => addToStringSet("k", [String(round)]));
      await trial.commit();
    }
    assert.deepEqual(counts, [1, 2, 3, 4, 5]);
    assert.equal((await trial.ask(() => getStringSet("k"))).size, 5);
  });
}

/** What a commit leaves after the store has ended in any way. */
export function durabilityTests(test: DeclareTest): void {
  test("everything committed is there after reopening", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 3, { in: "1h" });
      await putStringSet("k", ["b", "a"]);
      await putDictionary("k", { a: [1] });
      await incrementCounter("never", -1, 0);
    });
    await trial.commit({
      positions: [{ source: "s", stream: "t", value: { offset: 7 } }],
      entries: [{ kind: "alert", key: "a", value: { n: 1 } }],
    });
    await trial.reopen();
    assert.deepEqual(await trial.item("k"), {
      key: "k",
      count: 3,
      strings: ["a", "b"],
      dictionary: { a: [1] },
      expiresAtMs: trial.clock.nowMs() + HOUR_MS,
    });
    assert.equal((await trial.item("never"))?.expiresAtMs, NEVER);
    assert.equal(trial.store.clockMs, trial.clock.nowMs());
    assert.deepEqual(await trial.store.readPosition("s", "t"), { offset: 7 });
    assert.deepEqual(await trial.store.readEntry("alert", "a"), { n: 1 });
  });

  test("nothing uncommitted is there after reopening", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 3);
      await putStringSet("k", ["a"]);
      await incrementCounter("gone");
    });
    await trial.commit();
    const before = await trial.item("k");
    await trial.ask(async () => {
      await incrementCounter("k", 100, { in: "1h" });
      await addToStringSet("k", ["b"]);
      await putDictionary("k", { a: 1 });
      await incrementCounter("new");
    });
    await trial.store.deleteItem("gone");
    await trial.reopen();
    assert.deepEqual(await trial.item("k"), before);
    assert.equal(await trial.item("new"), undefined);
    assert.equal(await trial.ask(() => getCounter("gone")), 1);
  });

  test("every kind of change survives, each in a commit of its own", async (trial) => {
    const end = trial.clock.nowMs() + HOUR_MS;
    const steps: readonly (() => Promise<unknown>)[] = [
      () => incrementCounter("k", 5),
      () =>
        addToStringSet(
          "k",
          Array.from({ length: 20 }, (_, index) => `m${index}`),
        ),
      () => addToStringSet("k", ["one more"]),
      () => removeFromStringSet("k", ["m3"]),
      () => putDictionary("k", { a: 1 }),
      () => setKeyExpiration("k", { at: new Date(end) }),
      () => resetCounter("k"),
      () => putDictionary("k", {}),
    ];
    for (const step of steps) {
      await trial.ask(step);
      const before = await trial.item("k");
      await trial.commit();
      assert.deepEqual(await trial.item("k"), before);
      await trial.reopen();
      assert.deepEqual(await trial.item("k"), before);
    }
    assert.equal((await trial.item("k"))?.expiresAtMs, end);
    assert.equal((await trial.item("k"))?.strings?.length, 20);
  });

  test("an item that ended, began anew or was deleted is so after reopening", async (trial) => {
    await trial.ask(async () => {
      for (const key of ["ended", "anew", "deleted", "past"]) {
        await incrementCounter(key, 9, { in: "1h" });
        await addToStringSet(key, ["old"]);
      }
    });
    await trial.commit();
    trial.clock.advance(HOUR_MS);
    await trial.ask(() => incrementCounter("anew"));
    await trial.store.deleteItem("deleted");
    await trial.ask(() => incrementCounter("past", 1, { at: 0 }));
    await trial.commit();
    await trial.reopen();
    await trial.ask(async () => {
      assert.equal(await getCounter("anew"), 1);
      assert.deepEqual(await getStringSet("anew"), new Set());
      for (const key of ["ended", "deleted", "past"]) assert.equal(await getCounter(key), 0);
    });
  });

  test("an item whose end was moved on in time outlives its first end", async (trial) => {
    await trial.ask(() => putDictionary("k", { a: 1 }, { in: "1h" }));
    await trial.commit();
    trial.clock.advance(HOUR_MS / 2);
    await trial.ask(() => setKeyExpiration("k", { in: "2d" }));
    await trial.commit();
    trial.clock.advance(DAY_MS);
    await trial.commit();
    await trial.reopen();
    assert.deepEqual(await trial.ask(() => getDictionary("k")), { a: 1 });
  });

  test("a removed entry stays removed", async (trial) => {
    await trial.commit({ entries: [{ kind: "k", key: "a", value: {} }] });
    await trial.commit({ entries: [{ kind: "k", key: "a", value: undefined }] });
    await trial.reopen();
    assert.equal(await trial.store.readEntry("k", "a"), undefined);
  });
}
