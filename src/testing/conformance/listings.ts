import assert from "node:assert/strict";

import { incrementCounter } from "../../state/helpers.ts";
import { type EntryQuery, type Item, type ItemQuery, NEVER, type StateStore } from "../../state/store.ts";
import type { DeclareTest, Trial } from "./trial.ts";

/** Keys in the order of their bytes in UTF-8, which is not that of JavaScript. */
const orderedKeys = ["A", "B", "a", "a\0", "aa", "z", "é", "\ue000", "\uffff", "😀", "😁"];

/** What is looked at, put and deleted from outside of rules. */
export function listingTests(test: DeclareTest): void {
  test("items are listed in the order of their bytes in UTF-8, committed or not", async (trial) => {
    await countAll(trial, orderedKeys.filter((_, index) => index % 2 === 0).toReversed());
    await trial.commit();
    await countAll(trial, orderedKeys.filter((_, index) => index % 2 === 1).toReversed());
    assert.deepEqual(keysOf(await list(trial)), orderedKeys);
  });

  test("pages of items follow each other without a gap", async (trial) => {
    await countAll(trial, orderedKeys.slice(0, 6));
    await trial.commit();
    await countAll(trial, orderedKeys.slice(4));
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      for (let page = await list(trial, { limit }); page.length > 0;) {
        assert.ok(page.length <= limit);
        seen.push(...keysOf(page));
        page = await list(trial, { limit, after: seen.at(-1) ?? "" });
      }
      assert.deepEqual(seen, orderedKeys);
    }
  });

  test("a prefix selects, alone and after a key", async (trial) => {
    await countAll(trial, ["a", "ab", "abc", "abd", "b", "A", "%", "a%"]);
    assert.deepEqual(keysOf(await list(trial, { prefix: "ab" })), ["ab", "abc", "abd"]);
    assert.deepEqual(keysOf(await list(trial, { prefix: "ab", after: "abc" })), ["abd"]);
    assert.deepEqual(keysOf(await list(trial, { prefix: "ab", after: "a" })), ["ab", "abc", "abd"]);
    assert.deepEqual(keysOf(await list(trial, { prefix: "ab", after: "b" })), []);
    assert.deepEqual(keysOf(await list(trial, { prefix: "%" })), ["%"]);
    assert.deepEqual(keysOf(await list(trial, { prefix: "zz" })), []);
    assert.deepEqual(keysOf(await list(trial, { limit: 0 })), []);
  });

  test("items that have ended by the time asked for are left out, and do not shorten a page", async (trial) => {
    await trial.ask(() => incrementCounter("a", 1, { in: 10 }));
    await trial.ask(() => incrementCounter("b", 1, { in: 30 }));
    await trial.commit();
    await trial.ask(() => incrementCounter("c", 1, { in: 20 }));
    const at = (seconds: number): number => trial.clock.nowMs() + seconds * 1000;
    assert.deepEqual(keysOf(await list(trial, { nowMs: at(10), limit: 2 })), ["b", "c"]);
    assert.deepEqual(keysOf(await list(trial, { nowMs: at(20) })), ["b"]);
  });

  test("putItem writes an item as it is, over whatever was there", async (trial) => {
    await trial.ask(() => incrementCounter("k", 5));
    await trial.commit();
    const item: Item = {
      key: "k",
      count: undefined,
      strings: ["a", "b"],
      dictionary: { a: [1] },
      expiresAtMs: trial.clock.nowMs() + 1000,
    };
    await trial.store.putItem(item);
    assert.deepEqual(await trial.item("k"), item);
    await trial.commit();
    assert.deepEqual(await trial.item("k"), item);
  });

  test("putItem takes no expiry, and an empty set or dictionary as none", async (trial) => {
    await trial.store.putItem({ key: "k", count: 0, strings: [], dictionary: {}, expiresAtMs: NEVER });
    assert.deepEqual(await trial.item("k"), {
      key: "k",
      count: 0,
      strings: undefined,
      dictionary: undefined,
      expiresAtMs: NEVER,
    });
  });

  test("deleteItem forgets a key and answers whether there was one", async (trial) => {
    await trial.ask(() => incrementCounter("committed"));
    await trial.commit();
    await trial.ask(() => incrementCounter("fresh"));
    for (const key of ["committed", "fresh"]) {
      assert.equal(await trial.store.deleteItem(key), true);
      assert.equal(await trial.store.deleteItem(key), false);
    }
    assert.equal(await trial.store.deleteItem("none"), false);
    assert.deepEqual(await list(trial), []);
    await trial.commit();
    assert.deepEqual(await list(trial), []);
    assert.equal(await trial.ask(() => incrementCounter("committed")), 1);
  });

  test("deleteItem answers false for an item that had ended by the last commit", async (trial) => {
    await trial.ask(() => incrementCounter("k", 1, { in: 10 }));
    trial.clock.advance(10_000);
    await trial.commit();
    assert.equal(await trial.store.deleteItem("k"), false);
  });

  test("entries are listed by kind in the order of their bytes in UTF-8, both ways and in pages", async (trial) => {
    const entries = orderedKeys.toReversed().map((key) => ({ kind: "alert", key, value: { key } }));
    await trial.commit({ entries: [...entries, { kind: "other", key: "m", value: {} }] });
    const down = { kind: "alert", descending: true };
    assert.deepEqual(await entryKeys(trial.store, { kind: "alert", limit: 100 }), orderedKeys);
    assert.deepEqual(await entryKeys(trial.store, { ...down, limit: 100 }), orderedKeys.toReversed());
    assert.deepEqual(await entryKeys(trial.store, { kind: "alert", limit: 2, after: "\uffff" }), [
      "😀",
      "😁",
    ]);
    assert.deepEqual(await entryKeys(trial.store, { ...down, limit: 2, after: "😀" }), ["\uffff", "\ue000"]);
    assert.deepEqual(await entryKeys(trial.store, { kind: "none", limit: 2 }), []);
  });

  test("a later write of an entry wins, and one without a value removes it", async (trial) => {
    const values = [{ value: 1 }, undefined, { value: 2 }];
    const writes = values.map((value) => ({ kind: "k", key: "a", value }));
    await trial.commit({ entries: writes });
    assert.deepEqual(await trial.store.readEntry("k", "a"), { value: 2 });
    await trial.commit({ entries: writes.slice(0, 2) });
    assert.equal(await trial.store.readEntry("k", "a"), undefined);
    assert.equal(await trial.store.readEntry("other", "a"), undefined);
  });

  test("entries and positions are copies", async (trial) => {
    const value = { list: [1] };
    const position = { source: "s", stream: "t", value };
    await trial.commit({ entries: [{ kind: "k", key: "a", value }], positions: [position] });
    value.list.push(2);
    const read = await trial.store.readEntry("k", "a");
    (read?.["list"] as number[] | undefined)?.push(3);
    assert.deepEqual(await trial.store.readEntry("k", "a"), { list: [1] });
    assert.deepEqual(await trial.store.readPosition("s", "t"), { list: [1] });
  });
}

async function countAll(trial: Trial, keys: readonly string[]): Promise<void> {
  await trial.ask(async () => {
    for (const key of keys) await incrementCounter(key);
  });
}

async function list(trial: Trial, query: Partial<ItemQuery> = {}): Promise<readonly Item[]> {
  return trial.store.listItems({ limit: 100, nowMs: trial.clock.nowMs(), ...query });
}

function keysOf(items: readonly Item[]): readonly string[] {
  return items.map(({ key }) => key);
}

async function entryKeys(store: StateStore, query: EntryQuery): Promise<readonly string[]> {
  return (await store.listEntries(query)).map(({ key }) => key);
}
