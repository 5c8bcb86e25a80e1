import { describe, expect, test } from "vitest";

import { NEVER } from "../../../../src/state/store.ts";
import { DAY_MS, HOUR_MS, withPython } from "./fixtures.ts";

const newTrial = withPython();

/** One test for each way in which Panther's helpers surprise, by its number in docs/panther-compatibility.md. */
describe("where Panther's caching surprises, Stakeout", () => {
  test("1: keeps the hour that set_key_expiration set", () => {
    const trial = newTrial();
    const count = "count = increment_counter('k')\nif count == 1:\n    set_key_expiration('k', 3600)\ncount";
    expect(trial.ask(count)).toBe(1);
    trial.nowMs += HOUR_MS / 2;
    expect(trial.ask(count)).toBe(2);
    trial.nowMs += HOUR_MS / 2;
    expect(trial.ask(count)).toBe(1);
  });

  test("2: counts 1, 2 after a counter of 9 has ended", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 9, 60)");
    trial.nowMs += 60_000;
    expect(trial.ask("[increment_counter('k'), increment_counter('k')]")).toEqual([1, 2]);
  });

  test("3: evaluate_threshold does not go by a counter that has ended", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 9, 60)");
    trial.nowMs += 60_000;
    expect(trial.ask("[evaluate_threshold('k') for _ in range(3)]")).toEqual([false, false, false]);
  });

  test("4: epoch_seconds=None leaves the end alone", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 1, 100)\nincrement_counter('k', epoch_seconds=None)");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 100_000);
  });

  test("4b: a counter without end answers what it holds", () => {
    expect(
      newTrial().ask(
        "increment_counter('k')\nset_key_expiration('k', 0)\n[increment_counter('k', 1, None) for _ in range(2)]",
      ),
    ).toEqual([2, 3]);
  });

  test.each(["0", "0.0", "'0'"])("5: set_key_expiration(key, %s) means no end", (zero) => {
    const trial = newTrial();
    trial.ask(`increment_counter('k')\nset_key_expiration('k', ${zero})`);
    trial.nowMs += 1000 * DAY_MS;
    expect(trial.ask("get_counter('k')")).toBe(1);
    expect(trial.item("k")?.expiresAtMs).toBe(NEVER);
  });

  test("5b: set_key_expiration makes no item", () => {
    const trial = newTrial();
    trial.ask("set_key_expiration('k', 60)");
    expect(trial.item("k")).toBeUndefined();
  });

  test("6: a reset keeps the end, as in Panther", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 1, 60)\nreset_counter('k')\nincrement_counter('k')");
    expect(trial.item("k")).toMatchObject({ count: 1, expiresAtMs: trial.nowMs + 60_000 });
  });

  test.each(["reset_counter('k')", "reset_string_set('k')", "put_string_set('k', [])"])(
    "6b: %s makes no item",
    (call) => {
      const trial = newTrial();
      trial.ask(call);
      expect(trial.item("k")).toBeUndefined();
    },
  );

  test("7: adding to a set that has ended does not bring its members back", () => {
    const trial = newTrial();
    trial.ask("add_to_string_set('k', ['a', 'b'], 60)");
    trial.nowMs += 60_000;
    expect(trial.ask("add_to_string_set('k', 'c')")).toEqual(["c"]);
  });

  test("8: no read answers what has ended", () => {
    const trial = newTrial();
    trial.ask("add_to_string_set('k', 'a', 60)\nput_dictionary('k', {'b': 1})\nincrement_counter('k')");
    trial.nowMs += 60_000;
    expect(trial.ask("[repr(get_string_set('k')), get_dictionary('k'), get_counter('k')]")).toEqual([
      "set()",
      {},
      0,
    ]);
  });

  test("9: removing a member from a set without end removes that member only", () => {
    expect(
      newTrial().ask(
        "add_to_string_set('k', ['a', 'b'])\nset_key_expiration('k', 0)\nremove_from_string_set('k', 'a')",
      ),
    ).toEqual(["b"]);
  });

  test("10: removing leaves the end alone", () => {
    const trial = newTrial();
    trial.ask("add_to_string_set('k', ['a', 'b'], 60)\nremove_from_string_set('k', 'a', None)");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
  });

  test("11: put_string_set of one string stores that string", () => {
    expect(newTrial().ask("put_string_set('k', 'hello')\nget_string_set('k')")).toEqual(["hello"]);
  });

  test("12: put_string_set and put_dictionary leave a counter under the same key alone", () => {
    expect(
      newTrial().ask(
        "increment_counter('k', 3)\nput_string_set('k', ['a'])\nput_dictionary('k', {})\nget_counter('k')",
      ),
    ).toBe(3);
  });

  test("14: counts are ints, never Decimal", () => {
    expect(
      newTrial().ask(
        "[type(each).__name__ for each in (increment_counter('k'), increment_counter('k'), get_counter('k'))]",
      ),
    ).toEqual(["int", "int", "int"]);
  });

  test.each(["add_to_string_set", "remove_from_string_set"])("16: %s of nothing is a read", (call) => {
    const trial = newTrial();
    expect(trial.ask(`${call}('k', [])`)).toEqual([]);
    expect(trial.item("k")).toBeUndefined();
    trial.ask("put_string_set('k', ['a'])");
    expect(trial.ask(`${call}('k', [])`)).toEqual(["a"]);
  });

  test("19: a fractional amount is refused before anything is changed", () => {
    const trial = newTrial();
    expect(trial.raises("increment_counter('k', 1.5)")).toMatchObject({
      code: "STATE_VALUE_INVALID",
      message: expect.stringContaining("increment_counter: val must be a whole number") as unknown,
    });
    expect(trial.item("k")).toBeUndefined();
  });

  test("20: a member that is None is refused, and no other of the call is stored", () => {
    const trial = newTrial();
    expect(trial.raises("add_to_string_set('k', ['a', None])")).toMatchObject({
      classes: expect.arrayContaining(["TypeError"]) as unknown,
      code: "STATE_VALUE_INVALID",
      message: "add_to_string_set: members of a string set must be strings, not None.",
    });
    expect(trial.item("k")).toBeUndefined();
  });

  test("22: an end that has passed: the answer is the true count, and the item is gone", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 4)");
    expect(trial.ask(`increment_counter('k', 1, ${trial.nowMs / 1000 - 3600})`)).toBe(5);
    expect(trial.item("k")).toBeUndefined();
  });

  test("23: writes and reads agree on the moment of the end", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 4, 60)");
    trial.nowMs += 59_999;
    expect(trial.ask("[get_counter('k', True), increment_counter('k')]")).toEqual([4, 5]);
    trial.nowMs += 1;
    expect(trial.ask("[get_counter('k', True), increment_counter('k')]")).toEqual([0, 1]);
  });

  test("24: a read sees the write before it", () => {
    expect(newTrial().ask("put_string_set('k', ['a'])\nget_string_set('k')")).toEqual(["a"]);
  });
});
