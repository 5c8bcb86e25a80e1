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
  resetStringSet,
} from "../../state/helpers.ts";
import type { DeclareTest, Trial } from "./trial.ts";

/** What the three columns of an item hold, each apart from the others. */
export function columnTests(test: DeclareTest): void {
  test("reads of a key that is not there answer 0, no strings and no fields", async (trial) => {
    await trial.ask(async () => {
      assert.equal(await getCounter("k"), 0);
      assert.deepEqual(await getStringSet("k"), new Set());
      assert.deepEqual(await getDictionary("k"), {});
    });
    assert.equal(await trial.item("k"), undefined);
  });

  test("incrementCounter answers the new value, from the first time on", async (trial) => {
    assert.deepEqual(
      await trial.ask(async () => [
        await incrementCounter("k"),
        await incrementCounter("k", 10),
        await incrementCounter("k", -4),
        await incrementCounter("k", 0),
        await getCounter("k"),
      ]),
      [1, 11, 7, 7, 7],
    );
  });

  test("incrementCounter by 0 makes a counter of 0", async (trial) => {
    assert.equal(await trial.ask(() => incrementCounter("k", 0)), 0);
    assert.equal((await trial.item("k"))?.count, 0);
  });

  test("incrementCounter with an end that has passed answers the new value once", async (trial) => {
    await trial.ask(async () => {
      assert.equal(await incrementCounter("k", 5), 5);
      assert.equal(await incrementCounter("k", 1, { at: 0 }), 6);
      assert.equal(await getCounter("k"), 0);
    });
  });

  for (const [amount, start] of [
    [1, Number.MAX_SAFE_INTEGER],
    [-1, Number.MIN_SAFE_INTEGER],
    [Number.MAX_SAFE_INTEGER, 1],
  ] as const) {
    test(`a counter at ${start} refuses ${amount} more and stays as it is`, async (trial) => {
      await trial.ask(() => incrementCounter("k", start));
      await trial.fails("STATE_COUNTER_OVERFLOW", () => incrementCounter("k", amount, { in: "1h" }));
      assert.equal(await trial.ask(() => getCounter("k")), start);
      assert.ok(((await trial.item("k"))?.expiresAtMs ?? 0) > trial.clock.nowMs() + 3_600_000);
    });
  }

  test("counters reach both ends of the exact integers", async (trial) => {
    assert.equal(
      await trial.ask(() => incrementCounter("a", Number.MAX_SAFE_INTEGER)),
      Number.MAX_SAFE_INTEGER,
    );
    assert.equal(
      await trial.ask(() => incrementCounter("b", Number.MIN_SAFE_INTEGER)),
      Number.MIN_SAFE_INTEGER,
    );
  });

  test("resetCounter and resetStringSet empty their own column only", async (trial) => {
    await fill(trial);
    await trial.ask(() => resetCounter("k"));
    assert.deepEqual(await columns(trial), { count: undefined, strings: ["a", "b"], dictionary: { x: 1 } });
    await trial.ask(() => resetStringSet("k"));
    assert.deepEqual(await columns(trial), { count: undefined, strings: undefined, dictionary: { x: 1 } });
  });

  test("putStringSet and putDictionary replace their own column only", async (trial) => {
    await fill(trial);
    await trial.ask(() => putStringSet("k", ["c"]));
    assert.deepEqual(await columns(trial), { count: 7, strings: ["c"], dictionary: { x: 1 } });
    await trial.ask(() => putDictionary("k", { y: 2 }));
    assert.deepEqual(await columns(trial), { count: 7, strings: ["c"], dictionary: { y: 2 } });
  });

  test("putting nothing empties the column", async (trial) => {
    await fill(trial);
    await trial.ask(() => putStringSet("k", []));
    await trial.ask(() => putDictionary("k", {}));
    assert.deepEqual(await columns(trial), { count: 7, strings: undefined, dictionary: undefined });
  });

  test("putStringSet of one string stores that one string", async (trial) => {
    await trial.ask(() => putStringSet("k", "hello"));
    assert.deepEqual(await trial.ask(() => getStringSet("k")), new Set(["hello"]));
  });

  test("members may be a string, an array or a Set, the same member twice, and empty", async (trial) => {
    await trial.ask(() => addToStringSet("k", "hello"));
    await trial.ask(() => addToStringSet("k", ["b", "b", ""]));
    const strings = await trial.ask(() => addToStringSet("k", new Set(["c"])));
    assert.deepEqual(strings, new Set(["hello", "b", "", "c"]));
    assert.deepEqual(await trial.ask(() => removeFromStringSet("k", "hello")), new Set(["b", "", "c"]));
    assert.deepEqual(
      await trial.ask(() => removeFromStringSet("k", new Set(["", "z"]))),
      new Set(["b", "c"]),
    );
  });

  test("addToStringSet answers the whole set, removeFromStringSet what is left", async (trial) => {
    assert.deepEqual(await trial.ask(() => addToStringSet("k", ["a", "b"])), new Set(["a", "b"]));
    assert.deepEqual(await trial.ask(() => addToStringSet("k", ["c"])), new Set(["a", "b", "c"]));
    assert.deepEqual(await trial.ask(() => removeFromStringSet("k", ["a", "c"])), new Set(["b"]));
    assert.deepEqual(await trial.ask(() => removeFromStringSet("k", ["b"])), new Set());
    assert.equal((await trial.item("k"))?.strings, undefined);
  });

  test("members that differ only in letters a database might fold stay apart", async (trial) => {
    const members = ["a", "A", "a ", "a\0", "a\0b", "\ud800", "\ufffd", "é", "e\u0301"];
    await trial.ask(() => putStringSet("k", members));
    await trial.commit();
    assert.deepEqual(await trial.ask(() => getStringSet("k")), new Set(members));
  });

  test("keys that differ only in letters a database might fold stay apart", async (trial) => {
    const keys = ["a", "A", "a ", "a\0", "a\0b", "é", "e\u0301", "%", "_", "'", "__proto__", "constructor"];
    await trial.ask(async () => {
      for (const [index, key] of keys.entries()) await incrementCounter(key, index + 1);
    });
    await trial.commit();
    await trial.ask(async () => {
      for (const [index, key] of keys.entries()) assert.equal(await getCounter(key), index + 1, key);
    });
  });

  test("a dictionary comes back as it was put", async (trial) => {
    const value = JSON.parse(
      '{"__proto__":{"a":1},"constructor":[null,true,-0.5,1e300],"":{"deep":[[{}]]},"\ud83d\ude00":"\\ud800\\u0000","b":[],"a":"x"}',
    ) as Parameters<typeof putDictionary>[1];
    await trial.ask(() => putDictionary("k", value));
    await trial.commit();
    const back = await trial.ask(() => getDictionary("k"));
    assert.equal(JSON.stringify(back), JSON.stringify(value));
    assert.ok(Object.hasOwn(back, "__proto__"));
  });

  test("sets and dictionaries are copies, on the way in and on the way out", async (trial) => {
    const members = new Set(["a"]);
    const value = { list: ["a"] };
    await trial.ask(async () => {
      await putStringSet("k", members);
      await putDictionary("k", value);
      members.add("in");
      value.list.push("in");
      const answers = [
        await getStringSet("k"),
        await addToStringSet("k", ["b"]),
        await removeFromStringSet("k", ["b"]),
      ];
      for (const answer of answers) answer.add("out");
      ((await getDictionary("k"))["list"] as string[]).push("out");
      assert.deepEqual(await getStringSet("k"), new Set(["a"]));
      assert.deepEqual(await getDictionary("k"), { list: ["a"] });
    });
  });

  test("a rule that throws keeps the operations it made before", async (trial) => {
    const thrown = trial.ask(async () => {
      await incrementCounter("k");
      throw new TypeError("the rule's own");
    });
    await assert.rejects(thrown, TypeError);
    assert.equal(await trial.ask(() => getCounter("k")), 1);
  });
}

async function fill(trial: Trial): Promise<void> {
  await trial.ask(async () => {
    await incrementCounter("k", 7);
    await putStringSet("k", ["b", "a"]);
    await putDictionary("k", { x: 1 });
  });
}

async function columns(trial: Trial): Promise<object> {
  const item = await trial.item("k");
  return { count: item?.count, strings: item?.strings, dictionary: item?.dictionary };
}
