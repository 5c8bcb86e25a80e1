import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";

import type { Problem } from "../../../../src/core/errors.ts";
import type { JsonValue } from "../../../../src/core/json.ts";
import { readYaml, type YamlFile } from "../../../../src/rules/panther/yaml-file.ts";

function read(text: string): YamlFile | undefined {
  const problems: Problem[] = [];
  const yaml = readYaml("a.yml", text, problems);
  expect(problems).toEqual([]);
  return yaml;
}

function problemsOf(text: string): readonly string[] {
  const problems: Problem[] = [];
  expect(readYaml("a.yml", text, problems)).toBeUndefined();
  return problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe("scalars are those of YAML 1.2", () => {
  test.each<[string, JsonValue, string]>([
    ["true", true, "true"],
    ["True", true, "true"],
    ["FALSE", false, "false"],
    ["yes", "yes", '"yes"'],
    ["no", "no", '"no"'],
    ["On", "On", '"On"'],
    ["off", "off", '"off"'],
    ["null", null, "null"],
    ["~", null, "null"],
    ["", null, "null"],
    ["2024-06-01", "2024-06-01", '"2024-06-01"'],
    ["2024-06-01T10:00:05Z", "2024-06-01T10:00:05Z", '"2024-06-01T10:00:05Z"'],
    ["1:30:00", "1:30:00", '"1:30:00"'],
    ["1_000", "1_000", '"1_000"'],
    ["0644", 644, "644"],
    ["0x1F", 31, "31"],
    ["+1", 1, "1"],
    ["-0", -0, "-0"],
    ["1.0", 1, "1.0"],
    ["1e3", 1000, "1e3"],
    [".5", 0.5, "0.5"],
    ["9007199254740993", 9_007_199_254_740_992, "9007199254740993"],
    ["1234567890123456789012", Number("1234567890123456789012"), "1234567890123456789012"],
    [".nan", null, "null"],
    ["-.inf", null, "null"],
    ["1e999", null, "null"],
    ['"1"', "1", '"1"'],
    ["'it''s'", "it's", '"it\'s"'],
    ["!!str 1", "1", '"1"'],
    ['"\\u0041\\U0001F600"', "A😀", '"A😀"'],
  ])("%s", (text, value, json) => {
    const yaml = read(`a: ${text}`);
    expect(yaml?.value["a"]).toBe(value);
    expect(yaml?.jsonOf(["a"])).toBe(json);
  });
});

describe("keys", () => {
  test("stay what they are", () => {
    expect(read("On: 1\nyes: 2\n1.0: 3\ntrue: 4\n~: 5")?.value).toEqual({
      On: 1,
      yes: 2,
      "1.0": 3,
      true: 4,
      "~": 5,
    });
  });

  test("may have names that objects have of themselves", () => {
    const yaml = read("__proto__: {a: 1}\nconstructor: 2");
    expect(Object.entries(yaml?.value ?? {})).toEqual([
      ["__proto__", { a: 1 }],
      ["constructor", 2],
    ]);
    expect(yaml?.jsonOf([])).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  test("must not stand twice in a mapping", () => {
    expect(problemsOf("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4")).toEqual([
      "a.yml:6: YAML: the key a stands twice in the same mapping",
      "a.yml:5: YAML: the key c stands twice in the same mapping",
    ]);
  });

  test("must not stand twice in an event as JSON", () => {
    expect(problemsOf('Log: {\n  "a": 1,\n  "a": 2\n}')).toEqual([
      "a.yml:3: YAML: the key a stands twice in the same mapping",
    ]);
  });

  test("must be plain text", () => {
    expect(problemsOf("a:\n  [1, 2]: b")).toEqual([
      "a.yml:2: YAML: a key must be plain text, not a list or a mapping",
    ]);
  });
});

describe("aliases", () => {
  test("stand for what has their anchor", () => {
    const yaml = read("a: &x {p: [1.0]}\nb: *x\nc: &x 2\nd: *x");
    expect(yaml?.value).toEqual({ a: { p: [1] }, b: { p: [1] }, c: 2, d: 2 });
    expect(yaml?.jsonOf(["b"])).toBe('{"p":[1.0]}');
    expect(yaml?.lineOf(["b", "p", 0])).toBe(1);
  });

  test("need an anchor before them", () => {
    expect(problemsOf("a: 1\nb: *x\nc: &x 1")).toEqual([
      "a.yml:2: YAML: the alias *x has no anchor before it",
    ]);
  });

  test("cannot stand for what they are part of", () => {
    expect(problemsOf("a: &x\n  b: *x")).toEqual(["a.yml:2: YAML: it is nested deeper than 220 levels"]);
  });

  test("cannot stand for billions of values", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const item = level === 0 ? "1" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 10 }, () => item).join(",")}]`;
    });
    expect(problemsOf(levels.join("\n"))).toEqual([
      expect.stringMatching(/^a\.yml:\d+: YAML: it stands for more than 2000000 values$/),
    ]);
  });
});

describe("merge keys", () => {
  test("bring what the mapping does not have itself", () => {
    const yaml = read("base: &b {p: 1, q: 2}\na:\n  <<: *b\n  q: 3.0\n  r: 4");
    expect(yaml?.value["a"]).toEqual({ p: 1, q: 3, r: 4 });
    expect(yaml?.jsonOf(["a"])).toBe('{"q":3.0,"r":4,"p":1}');
  });

  test("can name several mappings, the first of which counts most", () => {
    expect(read("a: {<<: [{p: 1}, {p: 2, q: 3}]}")?.value["a"]).toEqual({ p: 1, q: 3 });
  });

  test("are ordinary keys in quotes", () => {
    expect(read('a: {"<<": 1}')?.value["a"]).toEqual({ "<<": 1 });
  });

  test("must name a mapping", () => {
    expect(problemsOf("a:\n  <<: 1")).toEqual([
      "a.yml:2: YAML: a merge key << must name a mapping or a list of mappings",
    ]);
  });

  test("cannot lead back to themselves", () => {
    expect(problemsOf("a: &x\n  <<: *x")).toEqual(["a.yml:2: YAML: its merge keys lead back to themselves"]);
  });
});

describe("what cannot be read", () => {
  test.each([
    ["a: [1", /^a\.yml:1: YAML: /],
    ["a: 1\nb: c: d", /^a\.yml:2: YAML: /],
    ["a: 1\n b: 2", /^a\.yml:1: YAML: /],
    ["a: 1\n---\nb: 2", /^a\.yml:2: YAML: a second document starts here/],
    ["a: 1\nb: !secret x", /^a\.yml:2: YAML: Unresolved tag: !secret; write a plain value/],
    ["a: !!binary aGk=", /^a\.yml:1: YAML: Unresolved tag/],
    [`a: ${"[".repeat(300)}${"]".repeat(300)}`, /^a\.yml:1: YAML: it is nested deeper than 220 levels/],
    [`a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, /^a\.yml:1: YAML: it is nested too deeply/],
  ])("%j", (text, message) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(message)]);
  });

  test.each(["- a", "text", "", "# comment"])("%j is no mapping, which is no problem", (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe("lines", () => {
  const text = "a: 1\nb:\n  - x: 1\n    y: 2\n  -\n    x:\n      - 3\n";

  test.each<[(string | number)[], number]>([
    [[], 1],
    [["a"], 1],
    [["b"], 2],
    [["b", 0, "y"], 4],
    [["b", 1], 6],
    [["b", 1, "x"], 6],
    [["b", 1, "x", 0], 7],
    [["b", 1, "x", 9], 6],
    [["b", 0, "missing", "deeper"], 3],
    [["missing"], 1],
  ])("of %j", (path, line) => {
    expect(read(text)?.lineOf(path)).toBe(line);
  });

  test("of a part", () => {
    const part = read(text)?.part("b");
    expect(part).toMatchObject({ file: "a.yml", value: [{ x: 1, y: 2 }, { x: [3] }] });
    expect(part?.lineOf([0, "y"])).toBe(4);
    expect(read(text)?.part("missing")).toBeUndefined();
  });
});

/** JSON values without what YAML and JSON write in another way. */
const json = fc
  .jsonValue({ maxDepth: 4, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe("any JSON value", () => {
  test("comes back from YAML as it was written", () => {
    fc.assert(
      fc.property(json, (value) => {
        const yaml = read(stringify({ Log: value }, { lineWidth: 0 }));
        expect(JSON.stringify(yaml?.value["Log"])).toBe(JSON.stringify(value));
        expect(JSON.parse(yaml?.jsonOf(["Log"]) ?? "")).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
