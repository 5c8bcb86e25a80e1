import assert from "node:assert/strict";

import {
  addToStringSet,
  evaluateThreshold,
  getCounter,
  getDictionary,
  getStringSet,
  incrementCounter,
  now,
  putDictionary,
  putStringSet,
  removeFromStringSet,
  resetCounter,
  resetStringSet,
  setKeyExpiration,
} from "../../state/helpers.ts";
import { NEVER } from "../../state/store.ts";
import { DAY_MS, type DeclareTest, HOUR_MS } from "./trial.ts";

/** When items end, and what is left of them then: nothing. */
export function lifetimeTests(test: DeclareTest): void {
  test("an item whose expiry has passed is absent on every read", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 5, { in: "1h" });
      await addToStringSet("k", ["a"]);
      await putDictionary("k", { a: 1 });
    });
    trial.clock.advance(HOUR_MS + 1);
    await trial.ask(async () => {
      assert.equal(await getCounter("k"), 0);
      assert.deepEqual(await getStringSet("k"), new Set());
      assert.deepEqual(await getDictionary("k"), {});
    });
    assert.equal(await trial.item("k"), undefined);
  });

  test("an item is there in the millisecond before its expiry and absent at it", async (trial) => {
    await trial.ask(() => incrementCounter("k", 1, { in: "1h" }));
    trial.clock.advance(HOUR_MS - 1);
    assert.equal(await trial.ask(() => getCounter("k")), 1);
    trial.clock.advance(1);
    assert.equal(await trial.ask(() => getCounter("k")), 0);
  });

  test("the first write after the expiry starts afresh, with nothing of any column left", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 9, { in: "1h" });
      await addToStringSet("k", ["old"]);
      await putDictionary("k", { old: true });
    });
    await trial.commit();
    trial.clock.advance(HOUR_MS);
    assert.equal(await trial.ask(() => incrementCounter("k")), 1);
    assert.deepEqual(await trial.item("k"), {
      key: "k",
      count: 1,
      strings: undefined,
      dictionary: undefined,
      expiresAtMs: trial.clock.nowMs() + 90 * DAY_MS,
    });
  });

  for (const [name, write] of Object.entries(creatingWrites)) {
    test(`a new item made by ${name} lives 90 days`, async (trial) => {
      await trial.ask(() => write(undefined));
      trial.clock.advance(90 * DAY_MS - 1);
      assert.notEqual(await trial.item("k"), undefined);
      trial.clock.advance(1);
      assert.equal(await trial.item("k"), undefined);
    });

    test(`${name} without a lifetime leaves the expiry alone`, async (trial) => {
      await trial.ask(() => incrementCounter("k", 1, { in: "1h" }));
      const end = trial.clock.nowMs() + HOUR_MS;
      trial.clock.advance(HOUR_MS / 2);
      await trial.ask(() => write(undefined));
      assert.equal((await trial.item("k"))?.expiresAtMs, end);
    });

    test(`${name} with a lifetime sets the expiry, later or sooner`, async (trial) => {
      await trial.ask(() => incrementCounter("k", 1, { in: "1h" }));
      for (const hours of [5, 2]) {
        await trial.ask(() => write({ in: hours * 3600 }));
        assert.equal((await trial.item("k"))?.expiresAtMs, trial.clock.nowMs() + hours * HOUR_MS);
      }
    });

    test(`${name} with the lifetime 0 never ends`, async (trial) => {
      await trial.ask(() => write(0));
      assert.equal((await trial.item("k"))?.expiresAtMs, NEVER);
      trial.clock.advance(4000 * DAY_MS);
      assert.notEqual(await trial.item("k"), undefined);
    });

    test(`${name} with an end that has passed leaves nothing behind`, async (trial) => {
      await trial.ask(() => write({ at: new Date(trial.clock.nowMs() - 1) }));
      assert.equal(await trial.item("k"), undefined);
      await trial.ask(() => incrementCounter("k"));
      await trial.ask(() => write({ at: new Date(trial.clock.nowMs()) }));
      assert.equal(await trial.item("k"), undefined);
    });
  }

  test("setKeyExpiration with 0 means no expiry", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k");
      await setKeyExpiration("k", 0);
    });
    assert.equal((await trial.item("k"))?.expiresAtMs, NEVER);
  });

  test("a lifetime in seconds, as text, as a Date and as epoch seconds means the same end", async (trial) => {
    const endMs = trial.clock.nowMs() + HOUR_MS;
    const lifetimes = [
      { in: 3600 },
      { in: "1h" },
      { in: "60m" },
      { at: new Date(endMs) },
      { at: endMs / 1000 },
    ];
    for (const lifetime of lifetimes) {
      await trial.ask(() => incrementCounter("k", 1, lifetime));
      assert.equal((await trial.item("k"))?.expiresAtMs, endMs);
      await trial.ask(() => setKeyExpiration("k", 0));
    }
  });

  test("one lifetime belongs to the item, not to a column", async (trial) => {
    await trial.ask(async () => {
      await incrementCounter("k", 1, { in: "1h" });
      await addToStringSet("k", ["a"], { in: "2h" });
    });
    trial.clock.advance(HOUR_MS);
    assert.equal(await trial.ask(() => getCounter("k")), 1);
  });

  for (const [name, empty] of Object.entries(emptyingOperations)) {
    test(`${name} keeps the expiry`, async (trial) => {
      await trial.ask(async () => {
        await incrementCounter("k", 1, { in: "1h" });
        await addToStringSet("k", ["a"]);
        await putDictionary("k", { a: 1 });
      });
      const end = trial.clock.nowMs() + HOUR_MS;
      trial.clock.advance(1000);
      await trial.ask(empty);
      assert.equal((await trial.item("k"))?.expiresAtMs, end);
    });

    test(`${name} never makes an item`, async (trial) => {
      await trial.ask(empty);
      assert.equal(await trial.item("k"), undefined);
    });
  }

  test("setKeyExpiration never makes an item", async (trial) => {
    await trial.ask(() => setKeyExpiration("k", { in: "1h" }));
    assert.equal(await trial.item("k"), undefined);
  });

  test("evaluateThreshold counts in a window that starts at the first count", async (trial) => {
    const count = (): Promise<boolean> => trial.ask(() => evaluateThreshold("k", 3, 3600));
    assert.equal(await count(), false);
    trial.clock.advance(HOUR_MS / 2);
    assert.equal(await count(), false);
    trial.clock.advance(HOUR_MS / 2);
    // The window has passed, so this is the first of a new one.
    assert.deepEqual([await count(), await count(), await count()], [false, false, true]);
  });

  test("evaluateThreshold starts a new window with the count after a true", async (trial) => {
    const count = (): Promise<boolean> => trial.ask(() => evaluateThreshold("k", 2, 3600));
    assert.deepEqual([await count(), await count()], [false, true]);
    trial.clock.advance(HOUR_MS - 1);
    assert.equal(await count(), false);
    trial.clock.advance(HOUR_MS - 1);
    assert.equal(await count(), true);
  });

  test("now answers the engine clock", async (trial) => {
    trial.clock.advance(12_345);
    assert.equal((await trial.ask(() => now())).getTime(), trial.clock.nowMs());
  });
}

type LifetimeArgument = Parameters<typeof incrementCounter>[2];

const creatingWrites: Readonly<Record<string, (lifetime: LifetimeArgument) => Promise<unknown>>> = {
  incrementCounter: (lifetime) => incrementCounter("k", 1, lifetime),
  putStringSet: (lifetime) => putStringSet("k", ["a", "b"], lifetime),
  addToStringSet: (lifetime) => addToStringSet("k", ["a"], lifetime),
  putDictionary: (lifetime) => putDictionary("k", { a: 1 }, lifetime),
};

const emptyingOperations: Readonly<Record<string, () => Promise<unknown>>> = {
  resetCounter: () => resetCounter("k"),
  resetStringSet: () => resetStringSet("k"),
  "putStringSet of nothing": () => putStringSet("k", []),
  "putDictionary of {}": () => putDictionary("k", {}),
  removeFromStringSet: () => removeFromStringSet("k", ["a"]),
};
