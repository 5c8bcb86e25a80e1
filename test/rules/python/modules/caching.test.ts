import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { NEVER } from "../../../../src/state/store.ts";
import { DAY_MS, HOUR_MS, withPython } from "./fixtures.ts";

const newTrial = withPython();

describe("get_counter", () => {
  test("answers 0 as an int where nothing was counted", () => {
    expect(newTrial().ask("repr(get_counter('k'))")).toBe("0");
  });

  test("accepts force_ttl_check, by position and by name, without effect", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k')");
    expect(
      trial.ask("[get_counter('k', True), get_counter('k', force_ttl_check=False), get_counter(key='k')]"),
    ).toEqual([1, 1, 1]);
  });
});

describe("increment_counter", () => {
  test("answers the new value as an int, the first time and later", () => {
    expect(newTrial().ask("[repr(increment_counter('k')), repr(increment_counter('k', 2))]")).toEqual([
      "1",
      "3",
    ]);
  });

  test("takes val and epoch_seconds by name, and counts down", () => {
    const trial = newTrial();
    expect(trial.ask("increment_counter(key='k', val=-3, epoch_seconds=60)")).toBe(-3);
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
  });

  test("gives a new counter 90 days", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k')");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 90 * DAY_MS);
  });

  test("counts exactly up to 2^53 - 1, and refuses to go on", () => {
    const trial = newTrial();
    expect(trial.ask(`increment_counter('k', ${Number.MAX_SAFE_INTEGER})`)).toBe(Number.MAX_SAFE_INTEGER);
    expect(trial.raises("increment_counter('k')")).toMatchObject({ code: "STATE_COUNTER_OVERFLOW" });
    expect(trial.ask("get_counter('k')")).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("takes a whole number of another type", () => {
    expect(
      newTrial().ask(
        "from decimal import Decimal\n[increment_counter('k', 2.0), increment_counter('k', Decimal(3))]",
      ),
    ).toEqual([2, 5]);
  });
});

describe("reset_counter", () => {
  test("empties the counter, keeps its end, and answers None", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 5, 3600)");
    const end = trial.nowMs + HOUR_MS;
    trial.nowMs += 60_000;
    expect(trial.ask("[reset_counter('k'), get_counter('k'), increment_counter('k')]")).toEqual([null, 0, 1]);
    expect(trial.item("k")?.expiresAtMs).toBe(end);
  });
});

describe("set_key_expiration", () => {
  test("takes seconds from now on", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k')\nset_key_expiration('k', 3600)");
    trial.nowMs += HOUR_MS - 1;
    expect(trial.ask("get_counter('k')")).toBe(1);
    trial.nowMs += 1;
    expect(trial.ask("get_counter('k')")).toBe(0);
  });

  test("takes a time, by name", () => {
    const trial = newTrial();
    const end = trial.nowMs + HOUR_MS;
    trial.ask(`increment_counter('k')\nset_key_expiration(key='k', epoch_seconds=${end / 1000})`);
    expect(trial.item("k")?.expiresAtMs).toBe(end);
  });
});

describe("put_dictionary and get_dictionary", () => {
  test("answer {} as a dict where nothing was put", () => {
    expect(newTrial().ask("repr(get_dictionary('k', force_ttl_check=True))")).toBe("{}");
  });

  test("give back what was put", () => {
    const trial = newTrial();
    trial.ask("put_dictionary('k', {'a': [1, 2.5, None, True, {'b': 'ü'}]})");
    expect(trial.ask("repr(get_dictionary('k'))")).toBe("{'a': [1, 2.5, None, True, {'b': 'ü'}]}");
  });

  test("give back what was put, whatever JSON it is", () => {
    const trial = newTrial();
    const values = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "grapheme" }));
    fc.assert(
      fc.property(values, fc.boolean(), (value, areFloats) => {
        const text = JSON.stringify(JSON.stringify(value));
        const number = areFloats ? "float" : "lambda text: int(text) if len(text) < 16 else float(text)";
        expect(
          trial.ask(
            `import json\nvalue = json.loads(${text}, parse_int=${number})\n` +
              "put_dictionary('k', value)\nget_dictionary('k') == value",
          ),
        ).toBe(true);
      }),
    );
  });

  test("take any mapping, tuples and sequences of the events too", () => {
    const trial = newTrial();
    const event = [
      "from collections.abc import Mapping, Sequence",
      "class Frozen(Mapping):",
      "    def __init__(self, parts): self.parts = parts",
      "    def __getitem__(self, name): return self.parts[name]",
      "    def __iter__(self): return iter(self.parts)",
      "    def __len__(self): return len(self.parts)",
      "class FrozenList(Sequence):",
      "    def __init__(self, parts): self.parts = parts",
      "    def __getitem__(self, index): return self.parts[index]",
      "    def __len__(self): return len(self.parts)",
      "put_dictionary('k', Frozen({'user': Frozen({'ips': FrozenList(['a', 'b'])}), 'pair': (1, 2)}))",
      "get_dictionary('k')",
    ];
    expect(trial.ask(event.join("\n"))).toEqual({ user: { ips: ["a", "b"] }, pair: [1, 2] });
  });

  test("turn names that are numbers, booleans or None into the text that JSON has for them", () => {
    expect(
      newTrial().ask("put_dictionary('k', {1: 'a', True: 'b', None: 'c', 2.5: 'd'})\nget_dictionary('k')"),
    ).toEqual({
      1: "b",
      null: "c",
      2.5: "d",
    });
  });

  test("hand out copies", () => {
    const trial = newTrial();
    expect(
      trial.ask("put_dictionary('k', {'a': []})\nget_dictionary('k')['a'].append(1)\nget_dictionary('k')"),
    ).toEqual({ a: [] });
  });

  test("take a lifetime by name", () => {
    const trial = newTrial();
    trial.ask("put_dictionary(key='k', val={'a': 1}, epoch_seconds='60')");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
  });
});

describe("put_string_set and get_string_set", () => {
  test("answer an empty set where nothing was put", () => {
    expect(newTrial().ask("repr(get_string_set('k', force_ttl_check=True))")).toBe("set()");
  });

  test.each([
    "['a', 'b', 'a']",
    "('a', 'b')",
    "{'a', 'b'}",
    "(letter for letter in 'ab')",
    "{'a': 1, 'b': 2}",
  ])("take the members %s", (members) => {
    expect(newTrial().ask(`put_string_set('k', ${members})\nget_string_set('k') == {'a', 'b'}`)).toBe(true);
  });

  test("replace the whole set, and give it the lifetime", () => {
    const trial = newTrial();
    trial.ask("put_string_set('k', ['a'])\nput_string_set(key='k', val=['b'], epoch_seconds=60)");
    expect(trial.item("k")).toMatchObject({ strings: ["b"], expiresAtMs: trial.nowMs + 60_000 });
  });

  test.each(["[]", "set()", "''"])("empty the set with %s, and keep its end", (nothing) => {
    const trial = newTrial();
    trial.ask("put_string_set('k', ['a'], 60)");
    expect(trial.ask(`put_string_set('k', ${nothing})\nrepr(get_string_set('k'))`)).toBe("set()");
    expect(trial.ask("add_to_string_set('k', 'b')")).toEqual(["b"]);
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
  });

  test("hand out copies", () => {
    expect(
      newTrial().ask("put_string_set('k', ['a'])\nget_string_set('k').add('b')\nget_string_set('k')"),
    ).toEqual(["a"]);
  });
});

describe("add_to_string_set and remove_from_string_set", () => {
  test("add one string or several, and answer the whole set", () => {
    expect(
      newTrial().ask("[repr(add_to_string_set('k', 'first')), add_to_string_set('k', ('b', 'c'))]"),
    ).toEqual(["{'first'}", ["b", "c", "first"]]);
  });

  test("remove one string or several, and answer what is left", () => {
    expect(
      newTrial().ask(
        "add_to_string_set('k', ['a', 'b', 'c', 'd'])\n" +
          "[remove_from_string_set('k', 'a'), remove_from_string_set('k', ['b', 'c', 'x'])]",
      ),
    ).toEqual([["b", "c", "d"], ["d"]]);
  });

  test("take a lifetime by name", () => {
    const trial = newTrial();
    trial.ask("add_to_string_set(key='k', val=['a', 'b'], epoch_seconds=60)");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
    trial.ask("remove_from_string_set(key='k', val='a', epoch_seconds=120)");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 120_000);
  });

  test("do what a set does, in any order of calls", () => {
    const steps = fc.array(
      fc.record({
        add: fc.boolean(),
        members: fc.array(fc.constantFrom("a", "b", "c", "ü", ""), { maxLength: 3 }),
      }),
    );
    const trial = newTrial();
    fc.assert(
      fc.property(steps, (all) => {
        trial.ask("put_string_set('k', [])");
        const model = new Set<string>();
        for (const { add, members } of all) {
          for (const member of members) {
            if (add) model.add(member);
            else model.delete(member);
          }
          const function_ = add ? "add_to_string_set" : "remove_from_string_set";
          expect(trial.ask(`${function_}('k', ${JSON.stringify(members)})`)).toEqual([...model].sort());
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("reset_string_set", () => {
  test("empties the set, keeps its end and a counter under the same key, and answers None", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k', 7, 60)\nadd_to_string_set('k', 'a')");
    expect(trial.ask("[reset_string_set('k'), repr(get_string_set('k')), get_counter('k')]")).toEqual([
      null,
      "set()",
      7,
    ]);
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 60_000);
  });
});

describe("evaluate_threshold", () => {
  test("answers True at the threshold, by default at 10, and then counts anew", () => {
    const trial = newTrial();
    expect(trial.ask("[evaluate_threshold('k') for _ in range(11)].index(True)")).toBe(9);
    expect(trial.ask("get_counter('k')")).toBe(1);
  });

  test("counts within a window that starts with the first count, by default of an hour", () => {
    const trial = newTrial();
    expect(trial.ask("evaluate_threshold('k', threshold=2)")).toBe(false);
    trial.nowMs += HOUR_MS;
    expect(trial.ask("evaluate_threshold('k', threshold=2)")).toBe(false);
    trial.nowMs += HOUR_MS - 1;
    expect(trial.ask("evaluate_threshold('k', threshold=2)")).toBe(true);
  });

  test("starts a new window after a True", () => {
    const trial = newTrial();
    trial.ask("[evaluate_threshold(key='k', threshold=2, expiry_seconds=60) for _ in range(2)]");
    trial.nowMs += 59_000;
    trial.ask("evaluate_threshold('k', 2, 60)");
    trial.nowMs += 59_000;
    expect(trial.ask("evaluate_threshold('k', 2, 60)")).toBe(true);
  });

  test("takes the length of the window as it is, however long", () => {
    const trial = newTrial();
    trial.ask("evaluate_threshold('k', 2, 2_000_000_000)");
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + 2_000_000_000_000);
  });
});

describe("check_account_age", () => {
  test("is True while something is noted under the key", () => {
    const trial = newTrial();
    expect(trial.ask("check_account_age('alice')")).toBe(false);
    trial.ask("put_string_set('alice', ['event'], 60)");
    expect(trial.ask("check_account_age('alice')")).toBe(true);
    trial.nowMs += 60_000;
    expect(trial.ask("check_account_age('alice')")).toBe(false);
  });

  test.each(["None", "''", "7"])("is False for the key %s", (key) => {
    expect(newTrial().ask(`check_account_age(${key})`)).toBe(false);
  });
});

describe("ttl_expired and kv_table", () => {
  test("ttl_expired compares the end in a DynamoDB answer with the engine clock", () => {
    const trial = newTrial();
    const answer = (expiresAt: number): string => `{'Item': {'expiresAt': ${expiresAt}}}`;
    const now = trial.nowMs / 1000;
    expect(
      trial.ask(`[ttl_expired(${answer(now)}), ttl_expired(${answer(now + 1)}), ttl_expired({})]`),
    ).toEqual([true, false, false]);
  });

  test("kv_table says that there is no table", () => {
    expect(newTrial().raises("kv_table()")).toMatchObject({
      classes: expect.arrayContaining(["NotImplementedError"]) as unknown,
      message: expect.stringContaining("get_counter") as unknown,
    });
  });
});

describe("one item under a key", () => {
  test("has three columns that do not know of each other", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k')\nput_string_set('k', 'a')\nput_dictionary('k', {'b': 1})");
    expect(trial.ask("[get_counter('k'), get_string_set('k'), get_dictionary('k')]")).toEqual([
      1,
      ["a"],
      { b: 1 },
    ]);
  });

  test("can be kept for good", () => {
    const trial = newTrial();
    trial.ask("increment_counter('k')\nset_key_expiration('k', 0)");
    expect(trial.item("k")?.expiresAtMs).toBe(NEVER);
  });
});
