import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { JsonValue } from "../../../../src/core/json.ts";
import { cutJsonEvents } from "../../../../src/rules/panther/json-events.ts";
import { numberText } from "../../../../src/rules/panther/number-text.ts";
import { readYaml } from "../../../../src/rules/panther/yaml-file.ts";

describe("events that are JSON are cut out", () => {
  test.each([
    ['Log: {"a": 1.0}', '{"a":1.0}'],
    ['  Resource: { "a": [1, 2,], "b": {}, }', '{"a":[1,2],"b":{}}'],
    ['Log:\n  {\n    "a": "x, } \\" y",\n  }\nNext: 1', '{"a":"x, } \\" y"}'],
    ['Log: {\n"a": 9007199254740993\n}', '{"a":9007199254740993}'],
  ])("%j", (text, json) => {
    const { text: rest, events } = cutJsonEvents(text);
    expect(events).toEqual([{ json, value: JSON.parse(json) }]);
    expect(rest).not.toContain("a");
    expect(rest.split("\n")).toHaveLength(text.split("\n").length);
  });
});

describe("all else stays", () => {
  test.each([
    ["Log: {a: 1}"],
    ["Log: {'a': 1}"],
    ['Log: {"a": yes}'],
    ['Log: {"a": 1, "a": 2}'],
    ['Log: {"a": 1} # comment'],
    ['Log: {"a": 1 # comment\n}'],
    ['Log: {"a": "b\n c"}'],
    ['Log: {"a": 1e999}'],
    ['Log: {"a": 01}'],
    ['Log: {"a": 1'],
    ['Log: {"a": 1}}'],
    ["Log: [1]"],
    ['# Log: {"a": 1}'],
    ['Other: {"a": 1}'],
    [`Log: {"a": ${"[".repeat(300)}${"]".repeat(300)}}`],
    ['Description: "\uE0000"\nLog: {"a": 1}'],
  ])("%j", (text) => {
    expect(cutJsonEvents(text)).toEqual({ text, events: [] });
  });
});

describe("a file with such events", () => {
  test("is read as one without", () => {
    const text =
      'Tests:\n  - Name: a\n    Log: {\n      "a": [1.0, {"b": null}]\n    }\n  - Name: b\n    Log: {b: 2.0}';
    const yaml = readYaml("a.yml", text, []);
    expect(yaml?.value).toEqual({
      Tests: [
        { Name: "a", Log: { a: [1, { b: null }] } },
        { Name: "b", Log: { b: 2 } },
      ],
    });
    expect(yaml?.jsonOf(["Tests", 0, "Log"])).toBe('{"a":[1.0,{"b":null}]}');
    expect(yaml?.jsonOf(["Tests"])).toBe(
      '[{"Name":"a","Log":{"a":[1.0,{"b":null}]}},{"Name":"b","Log":{"b":2.0}}]',
    );
    expect(yaml?.lineOf(["Tests", 1])).toBe(6);
  });

  test("keeps what only looks like one as part of a text", () => {
    const text = 'Description: |\n  Log: {"a": 1}\nTests:\n  - Log: {"b": 1}';
    expect(readYaml("a.yml", text, [])?.value["Description"]).toBe('Log: {"a": 1}\n');
  });
});

test("any JSON object is read from an event as from plain YAML", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1, 2), (value, indent) => {
      const body = JSON.stringify(value, undefined, indent).replaceAll("\n", "\n    ");
      const yaml = readYaml("a.yml", `Log: ${body}\nOther: ${body}`, []);
      expect(yaml?.value["Log"]).toEqual(JSON.parse(body));
      expect(yaml?.value["Log"]).toEqual(yaml?.value["Other"]);
      expect(yaml?.jsonOf(["Log"])).toBe(yaml?.jsonOf(["Other"]));
    }),
  );
});

describe("numbers as JSON writes them", () => {
  test.each([
    ["1", "1"],
    ["-1.50", "-1.50"],
    ["+12", "12"],
    ["0644", "644"],
    ["000", "0"],
    ["-007.5", "-7.5"],
    ["1.", "1.0"],
    [".5", "0.5"],
    ["-.5e-3", "-0.5e-3"],
    ["1E+5", "1E+5"],
    ["0o17", "15"],
    ["0xff", "255"],
    ["0xffffffffffffffff", "18446744073709551615"],
    [".inf", "null"],
    ["-.INF", "null"],
    [".NaN", "null"],
    ["1e400", "null"],
    ["+1e400", "null"],
  ])("%s is %s", (source, text) => {
    expect(numberText(source)).toBe(text);
  });

  test("any number of JSON stays as it is", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const source = JSON.stringify(number);
        expect(numberText(source)).toBe(source);
      }),
    );
  });
});
