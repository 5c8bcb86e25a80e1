import { describe, expect, test } from "vitest";

import { defaultLimits } from "../../../../src/core/limits.ts";
import { withPython } from "./fixtures.ts";

const newTrial = withPython();

const functions = [
  "get_counter(KEY)",
  "increment_counter(KEY)",
  "reset_counter(KEY)",
  "set_key_expiration(KEY, 60)",
  "get_string_set(KEY)",
  "put_string_set(KEY, ['a'])",
  "add_to_string_set(KEY, ['a'])",
  "remove_from_string_set(KEY, ['a'])",
  "reset_string_set(KEY)",
  "get_dictionary(KEY)",
  "put_dictionary(KEY, {})",
  "evaluate_threshold(KEY)",
];

describe("a key", () => {
  test.each(functions)("%s must be a string", (call) => {
    expect(newTrial().raises(call.replace("KEY", "None"))).toMatchObject({
      classes: expect.arrayContaining(["StateError", "TypeError"]) as unknown,
      code: "STATE_KEY_INVALID",
      message: expect.stringContaining("key must be a string, not None") as unknown,
    });
  });

  test.each(["7", "b'k'", "['k']", "object()"])("%s is none", (key) => {
    expect(newTrial().raises(`increment_counter(${key})`)).toMatchObject({ code: "STATE_KEY_INVALID" });
  });

  test("must not be empty", () => {
    expect(newTrial().raises("increment_counter('')")).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_KEY_INVALID",
      message: expect.stringContaining("increment_counter: key must not be empty") as unknown,
    });
  });

  test("must not be longer than the limit", () => {
    expect(newTrial().raises("increment_counter('ü' * 513)")).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_KEY_INVALID",
      message: expect.stringContaining("Test.Rule") as unknown,
    });
  });

  test("must not hold half a surrogate pair", () => {
    expect(newTrial().raises("increment_counter('\\ud800')")).toMatchObject({ code: "STATE_KEY_INVALID" });
  });

  test("may hold any other character", () => {
    expect(newTrial().ask("increment_counter('a\\x00b\\U0001f600')\nget_counter('a\\x00b\\U0001f600')")).toBe(
      1,
    );
  });
});

describe("an amount and a threshold", () => {
  test.each(["2 ** 53", "-(2 ** 53)", "10 ** 5000", "0.5", "float('nan')", "float('inf')"])(
    "%s is refused",
    (amount) => {
      expect(newTrial().raises(`increment_counter('k', ${amount})`)).toMatchObject({
        classes: expect.arrayContaining(["ValueError"]) as unknown,
        code: "STATE_VALUE_INVALID",
      });
    },
  );

  test.each(["'1'", "None", "True", "[1]"])("%s is of a wrong type", (amount) => {
    expect(newTrial().raises(`increment_counter('k', ${amount})`)).toMatchObject({
      classes: expect.arrayContaining(["TypeError"]) as unknown,
      code: "STATE_VALUE_INVALID",
    });
  });

  test.each(["0", "-1", "2.5", "'2'"])(
    "a threshold of %s is refused, and nothing is counted",
    (threshold) => {
      const trial = newTrial();
      expect(trial.raises(`evaluate_threshold('k', ${threshold})`)).toMatchObject({
        code: "STATE_VALUE_INVALID",
        message: expect.stringContaining("evaluate_threshold: threshold") as unknown,
      });
      expect(trial.item("k")).toBeUndefined();
    },
  );
});

describe("members", () => {
  test.each(["None", "7", "b'ab'", "[b'a']", "['a', 7]", "[['a']]"])("%s are refused", (members) => {
    const trial = newTrial();
    expect(trial.raises(`put_string_set('k', ${members})`)).toMatchObject({
      classes: expect.arrayContaining(["TypeError"]) as unknown,
      code: "STATE_VALUE_INVALID",
      message: expect.stringContaining("put_string_set: ") as unknown,
    });
    expect(trial.item("k")).toBeUndefined();
  });

  test("beyond the limit are refused", () => {
    const trial = newTrial({ ...defaultLimits, setMembersMax: 2 });
    trial.ask("put_string_set('k', ['a', 'b'])");
    expect(trial.raises("add_to_string_set('k', 'c')")).toMatchObject({
      classes: expect.not.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_LIMIT_EXCEEDED",
    });
    expect(trial.ask("get_string_set('k')")).toEqual(["a", "b"]);
  });

  test("reach the engine sorted and once, whatever the order of the set", () => {
    const recorded =
      "import json\nimport stakeout_state\nsent = []\noperate = stakeout_state._operate\n" +
      "stakeout_state._operate = lambda *parts: sent.append(parts[2]) or '{\"ok\": []}'\n" +
      "add_to_string_set('k', ['b', 'a', 'c', 'a'])\nput_string_set('k', {'z', 'y', 'x'})\n" +
      "stakeout_state._operate = operate\n[json.loads(text) for text in sent]";
    expect(newTrial().ask(recorded)).toEqual([
      ["a", "b", "c"],
      ["x", "y", "z"],
    ]);
  });
});

describe("a dictionary", () => {
  test.each(["None", "[]", "'{}'", "[('a', 1)]"])("is not %s", (value) => {
    expect(newTrial().raises(`put_dictionary('k', ${value})`)).toMatchObject({
      classes: expect.arrayContaining(["TypeError"]) as unknown,
      code: "STATE_VALUE_INVALID",
      message: expect.stringContaining("put_dictionary: val must be a dictionary") as unknown,
    });
  });

  test.each([
    ["{'a': {'b': {1}}}", "its field a.b is a value of type set"],
    ["{'a': [1, float('nan')]}", "its field a[1] is nan"],
    ["{'a': float('-inf')}", "its field a is -inf"],
    ["{'a': b'x'}", "its field a is a value of type bytes"],
    ["{'a': 2 ** 53}", "its field a is an integer beyond"],
    ["{'a': __import__('datetime').datetime(2026, 1, 1)}", "its field a is a value of type datetime"],
    ["{'a': __import__('decimal').Decimal(1)}", "its field a is a value of type Decimal"],
    ["{('a', 'b'): 1}", "it is a dictionary with a value of type tuple as a name"],
  ])("cannot hold %s", (value, problem) => {
    const trial = newTrial();
    expect(trial.raises(`put_dictionary('k', ${value})`)).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_VALUE_INVALID",
      message: expect.stringContaining(problem) as unknown,
    });
    expect(trial.item("k")).toBeUndefined();
  });

  test("cannot hold itself", () => {
    expect(
      newTrial().raises("own = {'list': []}\nown['list'].append(own)\nput_dictionary('k', own)"),
    ).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      message: expect.stringContaining("its field list[0] is a reference to what contains it") as unknown,
    });
  });

  test("may have a field __proto__", () => {
    expect(
      newTrial().ask(
        "put_dictionary('k', {'__proto__': {'a': 1}})\nget_dictionary('k') == {'__proto__': {'a': 1}}",
      ),
    ).toBe(true);
  });

  test("may hold the same list twice", () => {
    expect(
      newTrial().ask("same = [1]\nput_dictionary('k', {'a': same, 'b': same})\nget_dictionary('k')"),
    ).toEqual({
      a: [1],
      b: [1],
    });
  });

  test.each([300, 2000])("cannot be nested %i levels deep", (levels) => {
    const nested = `value = {}\nfor _ in range(${levels}):\n    value = {'a': value}\nput_dictionary('k', value)`;
    expect(newTrial().raises(nested)).toMatchObject({ code: "STATE_LIMIT_EXCEEDED" });
  });

  test("has a limit on its length", () => {
    expect(newTrial().raises("put_dictionary('k', {'a': 'x' * 2 ** 20})")).toMatchObject({
      code: "STATE_LIMIT_EXCEEDED",
    });
  });
});

describe("epoch_seconds", () => {
  test.each([
    ["60", 60],
    ["60.5", 60.5],
    ["'60'", 60],
    ["'60.25'", 60.25],
    ["999_999_999", 999_999_999],
    ["__import__('decimal').Decimal(60)", 60],
  ])("%s is so many seconds from now on", (written, seconds) => {
    const trial = newTrial();
    trial.ask(`increment_counter('k', 1, ${written})`);
    expect(trial.item("k")?.expiresAtMs).toBe(trial.nowMs + seconds * 1000);
  });

  test.each([
    ["2_000_000_000", 2_000_000_000_000],
    ["2_000_000_000.5", 2_000_000_000_500],
    ["'2000000000'", 2_000_000_000_000],
  ])("%s is a time", (written, end) => {
    const trial = newTrial();
    trial.ask(`put_string_set('k', ['a'], ${written})`);
    expect(trial.item("k")?.expiresAtMs).toBe(end);
  });

  test("1_000_000_000 is a time, and one that has passed", () => {
    const trial = newTrial();
    trial.ask("put_string_set('k', ['a'], 1_000_000_000)");
    expect(trial.item("k")).toBeUndefined();
  });

  test.each(["-5", "'-5'", "-10 ** 12"])("%s is an end that has passed", (written) => {
    const trial = newTrial();
    trial.ask("increment_counter('k')");
    trial.ask(`set_key_expiration('k', ${written})`);
    expect(trial.item("k")).toBeUndefined();
    expect(trial.ask(`increment_counter('k', 1, ${written})`)).toBe(1);
    expect(trial.item("k")).toBeUndefined();
  });

  test.each([
    "increment_counter('k', 1, 0)",
    "put_string_set('k', ['a'], '0')",
    "put_dictionary('k', {}, 0.0)",
  ])("of 0 is refused in %s", (call) => {
    const trial = newTrial();
    expect(trial.raises(call)).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_LIFETIME_INVALID",
      message: expect.stringContaining("set_key_expiration(key, 0)") as unknown,
    });
    expect(trial.item("k")).toBeUndefined();
  });

  test.each(["'soon'", "''", "float('nan')", "float('inf')", "10 ** 400"])("%s is refused", (written) => {
    expect(newTrial().raises(`increment_counter('k', 1, ${written})`)).toMatchObject({
      classes: expect.arrayContaining(["ValueError"]) as unknown,
      code: "STATE_LIFETIME_INVALID",
    });
  });

  test.each(["True", "[60]", "__import__('datetime').timedelta(hours=1)"])(
    "%s is of a wrong type",
    (written) => {
      expect(newTrial().raises(`increment_counter('k', 1, ${written})`)).toMatchObject({
        classes: expect.arrayContaining(["TypeError"]) as unknown,
        code: "STATE_LIFETIME_INVALID",
      });
    },
  );

  test("in milliseconds is refused", () => {
    expect(newTrial().raises("increment_counter('k', 1, 1_767_225_600_000)")).toMatchObject({
      code: "STATE_LIFETIME_INVALID",
      message: expect.stringContaining("not milliseconds") as unknown,
    });
  });

  test("None is refused where setting the end is all there is to do", () => {
    expect(newTrial().raises("set_key_expiration('k', None)")).toMatchObject({
      code: "STATE_LIFETIME_INVALID",
    });
  });

  test.each(["0", "-1", "'soon'", "None", "10 ** 15"])("a window of %s seconds is refused", (written) => {
    const trial = newTrial();
    expect(trial.raises(`evaluate_threshold('k', 2, ${written})`)).toMatchObject({
      code: "STATE_LIFETIME_INVALID",
      message: expect.stringContaining("expiry_seconds") as unknown,
    });
    expect(trial.item("k")).toBeUndefined();
  });
});

describe("outside an evaluation", () => {
  test("every function says that it works only inside a rule", () => {
    for (const call of functions) {
      expect(newTrial().outside(call.replace("KEY", "'k'")).raised).toMatchObject({
        classes: expect.arrayContaining(["RuntimeError", "StateError"]) as unknown,
        code: "STATE_OUTSIDE_EVALUATION",
      });
    }
  });

  test("the same before the engine is connected", () => {
    const unconnected =
      "import stakeout_state\noperate = stakeout_state._operate\nstakeout_state.connect(None)\n" +
      "try:\n    increment_counter('k')\nexcept RuntimeError as error:\n    problem = str(error)\n" +
      "finally:\n    stakeout_state.connect(operate)\nproblem";
    expect(newTrial().ask(unconnected)).toMatch(/incrementCounter works only inside the functions of a rule/);
  });
});

test("more operations on one event than the limit allows are refused", () => {
  const trial = newTrial({ ...defaultLimits, operationsPerEvaluationMax: 3 });
  expect(trial.raises("[increment_counter('k') for _ in range(4)]")).toMatchObject({
    code: "STATE_LIMIT_EXCEEDED",
  });
  expect(trial.ask("get_counter('k')")).toBe(3);
});
