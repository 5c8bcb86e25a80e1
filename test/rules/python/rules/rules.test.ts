import { afterEach, describe, expect, test, vi } from "vitest";

import { StakeoutError } from "../../../../src/core/errors.ts";
import { ContextText } from "../../../../src/rules/context.ts";
import { PythonError } from "../../../../src/rules/python/python-error.ts";
import { createMemoryStore } from "../../../../src/state/memory/memory-store.ts";
import { newEvaluation, position, startMs } from "../../../state/fixtures.ts";
import { eventOf, withPythonRules } from "./fixtures.ts";

const file = withPythonRules();
const event = eventOf({ name: "a", list: [1, 2] });

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("what a rule answers", () => {
  test.each([
    ["return True", true],
    ["return False", false],
  ])("%s is %s", (body, answer) => {
    const number = file().load(`def rule(event):\n    ${body}\n`);
    expect(file().rules.ask(number, event)).toBe(answer);
  });

  test.each([
    ["'yes'", "str 'yes'"],
    ["1", "int 1"],
    ["None", "None"],
    ["event.get('list')", "ImmutableList ImmutableList((1, 2))"],
  ])("%s is a rule error, truthy or not", (value, shown) => {
    const number = file().load(`def rule(event):\n    return ${value}\n`);
    const error = thrownBy(() => file().rules.ask(number, event));
    expect(error).toBeInstanceOf(StakeoutError);
    expect(error).toMatchObject({
      code: "RULE_RESULT_INVALID",
      message: `Rule Rule.${number}: rule() must answer True or False, not ${shown}.`,
    });
  });

  test("a policy matches what does not comply", () => {
    const number = file().load("def policy(resource):\n    return resource.get('name') == 'a'\n", "policy");
    expect(file().rules.ask(number, event)).toBe(false);
    expect(file().rules.ask(number, eventOf({ name: "b" }))).toBe(true);
  });

  test("a policy gets its resource as a plain dict, the same in all its functions", () => {
    const source =
      "def policy(resource):\n    resource['seen'] = True\n    return not isinstance(resource['list'], list)\n\n" +
      "def title(resource):\n    return f\"{type(resource).__name__} {resource['seen']}\"\n";
    const number = file().load(source, "policy");
    const resource = eventOf({ list: [1] });
    expect(file().rules.ask(number, resource)).toBe(true);
    expect(file().rules.call(number, "title", resource)).toBe("dict True");
  });
});

describe("what a rule raises", () => {
  test("carries its class, its message, and where it was raised", () => {
    const number = file().load(
      "def rule(event):\n    return helper(event)\n\ndef helper(event):\n    return event['zz']\n",
    );
    const error = thrownBy(() => file().rules.ask(number, event));
    expect(error).toBeInstanceOf(PythonError);
    expect(error).toMatchObject({
      name: "KeyError",
      message: "'zz'",
      failure: { file: `/rules/${number}.py`, line: 5, shown: "KeyError('zz')" },
      stack: [
        "Traceback (most recent call last):",
        `  File "/rules/${number}.py", line 2, in rule`,
        "    return helper(event)",
        `  File "/rules/${number}.py", line 5, in helper`,
        "    return event['zz']",
        "KeyError: 'zz'",
      ].join("\n"),
    });
  });

  test.each([
    ["exit()", "exit()", "SystemExit"],
    ["endless recursion", "rule(event)", "RecursionError"],
    ["too much memory", "bytearray(900_000_000)", "MemoryError"],
    ["an exception that cannot be shown", "bad()", "Bad"],
    ["an exception outside Exception", "stop()", "KeyboardInterrupt"],
  ])("%s fails that rule on that event and nothing else", (_, call, name) => {
    const source = `class Bad(Exception):\n    def __str__(self):\n        raise ValueError\n    __repr__ = __str__\n\ndef bad():\n    raise Bad\n\ndef stop():\n    raise KeyboardInterrupt\n\ndef rule(event):\n    ${call}\n    return True\n`;
    const { rules, load } = file();
    const numbers = [
      load("def rule(event):\n    return True\n"),
      load(source),
      load("def rule(event):\n    return True\n"),
    ];
    const group = rules.openGroup(numbers);
    expect(rules.scan(group, 0, event)).toStrictEqual({ index: 0, failed: false });
    expect(rules.scan(group, 1, event)).toStrictEqual({ index: 1, failed: true });
    expect(rules.failure(numbers[1] ?? 0).name).toBe(name);
    expect(rules.scan(group, 2, event)).toStrictEqual({ index: 2, failed: false });
  });
});

describe("a file that cannot be loaded", () => {
  test.each([
    ["a syntax error", "def rule(event)\n    return True\n", "SyntaxError", 1],
    ["an import that does not exist", "import re\nimport not_there\n", "ModuleNotFoundError", 2],
    ["an exception at the top", "x = {}\ny = x['z']\n", "KeyError", 2],
    ["exit() at the top", "\nexit()\n", "SystemExit", 2],
    ["no rule function", "x = 1\n", "AttributeError", 0],
    ["a rule that is no function", "rule = 5\n", "AttributeError", 0],
  ])("for %s says where and why", (...[, source, name, line]) => {
    const error = thrownBy(() => file().load(source));
    expect(error).toMatchObject({ name, failure: { line } });
  });

  test("is asked all the same, and fails each time with the reason", () => {
    const { rules } = file();
    const broken = { number: 9001, id: "Broken", kind: "rule" };
    thrownBy(() => rules.load(broken, { path: "/rules/broken.py", source: "import not_there\n" }));
    const group = rules.openGroup([9001]);
    expect(rules.scan(group, 0, event)).toStrictEqual({ index: 0, failed: true });
    expect(rules.failure(9001)).toMatchObject({
      name: "ModuleNotFoundError",
      failure: { file: "/rules/broken.py", line: 1 },
    });
  });
});

describe("the other functions of a rule", () => {
  const source = (name: string, value: string): string =>
    `def rule(event):\n    return True\n\ndef ${name}(event):\n    return ${value}\n`;

  test.each([
    ["title", "'é'", "é"],
    ["severity", "'HIGH'", "HIGH"],
    ["destinations", "['a', True]", ["a", true]],
    ["destinations", "None", null],
    ["unique", "None", null],
    ["alert_context", "{'a': event.get('list'), 'b': {'c': 1.5}}", { a: [1, 2], b: { c: 1.5 } }],
    ["alert_context", "event", { name: "a", list: [1, 2] }],
  ] as const)("%s answers %s", (name, value, answer) => {
    const number = file().load(source(name, value));
    const called = name === "alert_context" ? "alertContext" : name;
    const answered = file().rules.call(number, called, event);
    expect(answered instanceof ContextText ? answered.parse() : answered).toStrictEqual(answer);
  });

  test.each([
    ["title", "5", "title() must answer text, not int 5"],
    ["title", "None", "title() must answer text, not None"],
    ["destinations", "'a'", "destinations() must answer a list of names, not str 'a'"],
    ["alert_context", "[1]", "alert_context() must answer a mapping, not list [1]"],
    ["alert_context", "{'a': 'x' * 300_000}", "alert_context size is [300009] characters"],
  ] as const)("%s refuses %s", (name, value, message) => {
    const number = file().load(source(name, value));
    const called = name === "alert_context" ? "alertContext" : name;
    const error = thrownBy(() => file().rules.call(number, called, event));
    expect(error).toMatchObject({
      code: "RULE_RESULT_INVALID",
      message: expect.stringContaining(message) as string,
    });
  });

  test.each([
    ["a set", "{'a': {1, 2}}", "TypeError"],
    ["NaN", "{'a': float('nan')}", "ValueError"],
  ])("alert_context fails for %s in it", (_, value, name) => {
    const number = file().load(source("alert_context", value));
    expect(thrownBy(() => file().rules.call(number, "alertContext", event))).toMatchObject({ name });
  });

  test("share the module's globals with rule()", () => {
    const number = file().load(
      "FOUND = None\n\ndef rule(event):\n    global FOUND\n    FOUND = event.get('name')\n    return True\n\ndef title(event):\n    return FOUND\n",
    );
    file().rules.ask(number, event);
    expect(file().rules.call(number, "title", event)).toBe("a");
  });
});

describe("mocks", () => {
  afterEach(() => file().rules.clearMocks());

  test("answer the value for any arguments", () => {
    const number = file().load("def seen(key):\n    return False\n\ndef rule(event):\n    return seen(1)\n");
    file()
      .rules.inspect()
      .mock(number, "seen", () => true);
    expect(file().rules.ask(number, event)).toBe(true);
    file().rules.clearMocks();
    expect(file().rules.ask(number, event)).toBe(false);
  });

  test("stand for constants as a MagicMock", () => {
    const number = file().load(
      "from unittest.mock import MagicMock\nimport json\nLIST = []\n\ndef rule(event):\n    global LIST\n    if isinstance(LIST, MagicMock):\n        LIST = json.loads(LIST())\n    return 'a' in LIST\n",
    );
    file()
      .rules.inspect()
      .mock(number, "LIST", () => '["a"]');
    expect(file().rules.ask(number, event)).toBe(true);
  });

  test("can stand for the rule's own functions", () => {
    const number = file().load("def rule(event):\n    return False\n");
    file()
      .rules.inspect()
      .mock(number, "rule", () => true);
    expect(file().rules.ask(number, event)).toBe(true);
  });

  test("of a name that is not there are an error", () => {
    const number = file().load("def rule(event):\n    return False\n");
    const inspection = file().rules.inspect();
    expect(() => inspection.mock(number, "nothing", () => true)).toThrow("nothing");
  });
});

describe("state", () => {
  const counting = (key: string): string =>
    `from panther_detection_helpers.caching import increment_counter\n\ndef rule(event):\n    return increment_counter("${key}") > 99\n`;

  test("is that of the rule which asks for it, also in a scan that the engine began for another", async () => {
    const { rules, load } = file();
    const made: [string, number][] = [];
    const store = createMemoryStore();
    const watched = new Proxy(store, {
      get: (target, name) =>
        name === "incrementCounter"
          ? (context: { ruleId: string; sequence: number }, ...rest: [string, { amount: number }]) => {
              made.push([context.ruleId, context.sequence]);
              return target.incrementCounter(context as never, ...rest);
            }
          : Reflect.get(target, name),
    });
    const evaluation = newEvaluation({ store: watched });
    const numbers = [load("def rule(event):\n    return False\n"), load(counting("x")), load(counting("x"))];
    const group = rules.openGroup(numbers);
    evaluation.begin(`Rule.${numbers[0]}`, position, startMs);
    expect(rules.scan(group, 0, eventOf({ name: "s" })).index).toBe(3);
    evaluation.end();
    expect(made).toStrictEqual([
      [`Rule.${numbers[1]}`, 1],
      [`Rule.${numbers[2]}`, 1],
    ]);
    expect(await store.listItems({ limit: 10, nowMs: startMs })).toMatchObject([{ key: "x", count: 2 }]);
  });

  test("outside an evaluation is an error", () => {
    const number = file().load(counting("y"));
    expect(thrownBy(() => file().rules.ask(number, event))).toMatchObject({
      code: "STATE_OUTSIDE_EVALUATION",
    });
  });
});

describe("time", () => {
  test.each([
    ["time.time()", "1767225600.0"],
    ["int(time.time_ns() // 10**6)", "1767225600000"],
    ["datetime.datetime.now(datetime.timezone.utc).isoformat()", "'2026-01-01T00:00:00+00:00'"],
    ["datetime.datetime.utcnow().isoformat()", "'2026-01-01T00:00:00'"],
    ["datetime.date.today().isoformat()", "'2026-01-01'"],
    ["time.strftime('%Y', time.gmtime())", "'2026'"],
  ])("%s is that of the engine clock", (expression, shown) => {
    const { rules, load } = file();
    const number = load(
      `import datetime, time, warnings\nwarnings.simplefilter("ignore")\n\ndef rule(event):\n    return True\n\ndef title(event):\n    return repr(${expression})\n`,
    );
    const evaluation = newEvaluation();
    evaluation.begin(`Rule.${number}`, position, Date.UTC(2026, 0, 1));
    try {
      expect(rules.call(number, "title", event)).toBe(shown);
    } finally {
      evaluation.end();
    }
  });
});

describe("what a rule prints", () => {
  test("comes line by line, also over several calls, halves of characters replaced", () => {
    const lines: string[] = [];
    const shown = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    try {
      const number = file().load(
        "import sys\n\ndef rule(event):\n    print('a', 1)\n    print('b', end='')\n    print('c\\nd\\ud800')\n    sys.stderr.write('e\\n')\n    print('x' * 20_000)\n    return True\n",
      );
      file().rules.ask(number, eventOf({ printed: 1 }));
    } finally {
      shown.mockRestore();
    }
    expect(lines.slice(0, 4)).toStrictEqual(["a 1", "bc", "d?", "e"]);
    expect(lines.slice(4).join("")).toBe("x".repeat(20_000));
  });
});
