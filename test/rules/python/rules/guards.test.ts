import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import type { Event } from "../../../../src/core/event.ts";
import type { JsonObject, JsonValue } from "../../../../src/core/json.ts";
import { eventOf, type PythonFile, withPythonRules } from "./fixtures.ts";

const file = withPythonRules();

/** Rules of many shapes. Each counts how often it was really asked, so that a test can see what was left out. */
const sources: readonly string[] = [
  `def rule(event):\n    return event.get("name") == "a"\n`,
  `def rule(event):\n    return event.get("name") in ("a", "b")\n`,
  `NAMES = {"a", "b"}\n\ndef rule(event):\n    return event.get("name") in NAMES\n`,
  `def rule(event):\n    return event.get("name", "").startswith("a")\n`,
  `def rule(event):\n    if event.get("name") != "a":\n        return False\n    return bool(event.get("other"))\n`,
  `def rule(event):\n    if event.get("name") not in ["a", "b"] or event.get("other"):\n        return False\n    return True\n`,
  `def rule(event):\n    name = event.get("name", "a")\n    if name == "a":\n        return True\n    return False\n`,
  `def rule(event):\n    if event.get("name") == "a":\n        return event["other"] == "b"\n    elif event.get("name") == "b":\n        return True\n    return False\n`,
  `def rule(event):\n    return event.get("other") and event.get("name") == "a"\n`,
  `def rule(event):\n    return all([event.get("name") == "a", event.get("other") == "b"])\n`,
  `def rule(event):\n    return all([event.get("name") == "a", event["other"] == "b"])\n`,
  `def rule(event):\n    return event["other"] == "b" and event.get("name") == "a"\n`,
  `def rule(event):\n    return not (event.get("name") == "a" or event.deep_get("deep", "type") == "b")\n`,
  `def rule(event):\n    return event.deep_get("deep", "type", default="b") == "b" and event.get("name") != "a"\n`,
  `def quiet(event):\n    if event.get("other") or event.get("name", ""):\n        return False\n    return True\n\ndef rule(event):\n    return not quiet(event) and event.get("name") == "b"\n`,
  `SEEN = []\n\ndef loud(event):\n    SEEN.append(1)\n    return True\n\ndef rule(event):\n    return loud(event) and event.get("name") == "b"\n`,
  `NAMES = ["a"]\n\ndef rule(event):\n    if event.get("other") == "b":\n        NAMES.append("b")\n    return event.get("name") in NAMES\n`,
  `NAME = "a"\n\ndef rule(event):\n    global NAME\n    if event.get("other") == "b":\n        NAME = "b"\n    return event.get("name") == NAME\n`,
  `def rule(event):\n    return event.get("name") == "a" and event.get("other").startswith("b")\n`,
  `def rule(event):\n    return event.get("name") in event.get("other")\n`,
  `def rule(event):\n    return "a" in event.get("name", "")\n`,
  `def rule(event):\n    return event.get("name") is None\n`,
  `def rule(event):\n    return event["name"] == "a"\n`,
  `def rule(event):\n    return event.get("NAME") == "a"\n`,
  `def all(parts):\n    return True\n\ndef rule(event):\n    return all([event.get("name") == "a"])\n`,
  `def rule(event):\n    return event.get("name") == "a"\n\ndef rule(event):\n    return event.get("name") == "b"\n`,
  `def rule(event):\n    if event.get("name") == "a":\n        print("x")\n    return event.get("other") == "a"\n`,
  `def rule(event):\n    try:\n        return event["name"] == "a"\n    except KeyError:\n        return True\n`,
  `def rule(event):\n    event = {"name": "a"}\n    return event.get("name") == "a"\n`,
  `def rule(event):\n    other = event.get("other")\n    if event.get("name") != "a":\n        return False\n    return other == "b"\n`,
  `def rule(event):\n    return event.udm("kind") == "a"\n`,
  `def rule(event):\n    return event.udm("kind", default="b") != "b" and event.get("name") == "a"\n`,
  `def rule(event):\n    return event.get("name") == "a" and event.udm("touchy") == "b"\n`,
  `def rule(event):\n    return event.udm("touchy") == "b" and event.get("name") == "a"\n`,
  `import kinds\n\ndef rule(event):\n    return event.udm("touchy") == kinds.B\n`,
  `import kinds\n\ndef rule(event):\n    return event.get("name") == kinds.CHANGING\n`,
];

/** One method of the data model raises for some events, and answers None for others. */
const methods = {
  path: "/data_models/guards.py",
  source:
    "def get_touchy(event):\n    if event.get('other') == 'a':\n        raise ValueError('a')\n    return event.get('other')\n",
};

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "ab", "", "x".repeat(300)) },
  { weight: 3, arbitrary: fc.constantFrom<JsonValue[]>(null, 0, 1, true, false, [], ["a"], { a: 1 }) },
);

const fieldsArbitrary: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      name: value,
      other: value,
      NAME: value,
      deep: fc.oneof(value, fc.record({ type: value }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  )
  .map((fields) => fields as JsonObject);

/** What a rule does, by itself: true, false, or the class of what it raises. */
function outcome(ask: () => boolean): boolean | string {
  try {
    return ask();
  } catch (error) {
    return error instanceof Error ? error.name : "unknown";
  }
}

/** What a scan of a group says about each of its rules. */
function scanned(
  { rules }: PythonFile,
  { group, numbers }: Warm,
  event: Event,
): readonly (boolean | string)[] {
  const answers: (boolean | string)[] = numbers.map(() => false);
  for (let from = 0; from < numbers.length;) {
    const { index, failed } = rules.scan(group, from, event);
    if (index < numbers.length) answers[index] = failed ? rules.failure(numbers[index] ?? 0).name : true;
    from = index + 1;
  }
  return answers;
}

interface Warm {
  readonly group: number;
  readonly numbers: readonly number[];
}

/** A group that has seen enough events to have read the guards of its rules. */
function warm(python: PythonFile, rules: readonly string[]): Warm {
  const numbers = rules.map((source) => python.load(source));
  const group = python.rules.openGroup(numbers);
  for (let count = 0; count < 300; count++)
    scanned(python, { group, numbers }, eventOf({ name: "zz", count }));
  return { group, numbers };
}

describe("guards", () => {
  let group: Warm;
  let alone: readonly number[];
  beforeAll(() => {
    const { rules } = file();
    const mappings = [
      { name: "kind", path: "deep.type" },
      { name: "touchy", method: "get_touchy" },
    ];
    rules.addDataModel({ id: "Guards", logTypes: ["Test.Log"], mappings, methods });
    const source = "B = 'b'\nCHANGING = 'a'\n\ndef change():\n    global CHANGING\n    CHANGING = 'b'\n";
    rules.addHelper("kinds", { path: "/helpers/kinds.py", source });
    group = warm(file(), sources);
    alone = sources.map((source) => file().load(source));
    // Rules with a memory of their own must have seen the same.
    for (let count = 0; count < 300; count++) {
      for (const number of alone) outcome(() => file().rules.ask(number, eventOf({ name: "zz", count })));
    }
  });

  test("never change what a rule answers or raises", () => {
    fc.assert(
      fc.property(fieldsArbitrary, (fields) => {
        const event = eventOf(fields);
        const expected = alone.map((number) => outcome(() => file().rules.ask(number, event)));
        expect(scanned(file(), group, event)).toStrictEqual(expected);
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    ["a comparison", `def rule(event):\n    return event.get("name") == "a" and look(event)\n`],
    ["a list of names", `def rule(event):\n    return event.get("name") in ("a", "b") and look(event)\n`],
    [
      "a constant of the module",
      `NAMES = ["a"]\n\ndef rule(event):\n    return event.get("name") in NAMES and look(event)\n`,
    ],
    [
      "an early return",
      `def rule(event):\n    if event.get("name") != "a":\n        return False\n    return look(event)\n`,
    ],
    [
      "a late return",
      `def rule(event):\n    if event.get("name") == "a":\n        return look(event)\n    return False\n`,
    ],
    [
      "a harmless helper before it",
      `def fine(event):\n    return not event.get("error")\n\ndef rule(event):\n    return fine(event) and event.get("name") == "a" and look(event)\n`,
    ],
    [
      "the start of a text",
      `def rule(event):\n    return event.get("name", "").startswith("a") and look(event)\n`,
    ],
  ])("leave a rule out for %s", (_, body) => {
    const look = `COUNT = []\n\ndef look(event):\n    COUNT.append(1)\n    return False\n\ndef title(event):\n    return str(len(COUNT))\n\n`;
    const python = file();
    const tested = warm(python, [look + body]);
    const [number = 0] = tested.numbers;
    const asked = (fields: JsonObject): number => {
      const before = Number(python.rules.call(number, "title", eventOf(fields)));
      scanned(python, tested, eventOf(fields));
      return Number(python.rules.call(number, "title", eventOf(fields))) - before;
    };
    expect(asked({ name: "a" })).toBe(1);
    expect(asked({ name: "zz" })).toBe(0);
  });
});
