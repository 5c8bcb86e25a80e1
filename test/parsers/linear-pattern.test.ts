import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compileLinear } from "../../src/parsers/linear-pattern.ts";
import { compileNative } from "../../src/parsers/whole-pattern.ts";

function problemOf(source: string): string {
  try {
    compileLinear(source);
  } catch (error) {
    return error instanceof Error ? error.message : "not an error";
  }
  return "no problem";
}

/** What a pattern says of a text: its groups, or `undefined`. */
function native(source: string, text: string): unknown {
  const groups = new RegExp(`^(?:${source})$`, "u").exec(text)?.groups;
  return groups && { ...groups };
}

function linear(source: string, text: string): unknown {
  const groups = compileLinear(source).groupsOf(text);
  return groups && { ...groups };
}

const character = fc.constantFrom(
  ...Array.from('abzAZ019_- \t\n\r\v[]/."é\u00A0\u0085\u2028\uFEFF\u3000ß😀'),
);
const classMember = fc.constantFrom(
  ...Array.from("abz09é😀"),
  ..."a-z 0-9 \\d \\D \\w \\W \\s \\S \\. \\] \\[ \\- \\^ \\\\ \\/ \\t \\n \\v \\b \\x41 \\u0041 \\u{1F600}".split(
    " ",
  ),
);
const classes = fc
  .tuple(fc.boolean(), fc.array(classMember, { maxLength: 4 }))
  .map(([negated, members]) => `[${negated ? "^" : ""}${members.join("")}]`);
const consuming = fc.oneof(
  fc.constantFrom(
    ...Array.from("abz019_ é😀"),
    ".",
    "\\.",
    "\\[",
    "\\]",
    "\\/",
    "\\\\",
    "\\t",
    "\\n",
    "\\r",
    "\\v",
    "\\f",
  ),
  fc.constantFrom("\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\x41", "\\u00e9", "\\u{1F600}"),
  classes,
);
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{1,}?");
const { alternative } = fc.letrec<{ alternative: string; group: string; piece: string }>((tie) => ({
  // What may be repeated never fits nothing: there the two engines differ, and nobody means it.
  alternative: fc
    .tuple(consuming, fc.array(tie("piece"), { maxLength: 3, depthIdentifier: "pattern" }))
    .map(([first, pieces]) => first + pieces.join("")),
  group: fc.tuple(tie("alternative"), tie("alternative")).map(([left, right]) => `(?:${left}|${right})`),
  piece: fc.oneof(
    { depthIdentifier: "pattern", maxDepth: 3 },
    fc.tuple(consuming, quantifier).map(([one, times]) => one + times),
    fc.constantFrom("\\b", "\\B", "^", "$"),
    fc.tuple(tie("group"), quantifier).map(([one, times]) => one + times),
  ),
}));
/** Groups stand where nothing repeats them: there the two engines keep different ones. */
const pattern = fc
  .array(fc.tuple(alternative, fc.constantFrom("", "?")), { minLength: 1, maxLength: 4 })
  .map((groups) => groups.map(([parts, times], index) => `(?<g${index}>${parts})${times}`).join(""));
const text = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(""));

describe("a pattern of a user", () => {
  test("means what it means to JavaScript", () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { maxLength: 5 }), (source, samples) => {
        for (const sample of samples) expect(linear(source, sample)).toEqual(native(source, sample));
      }),
      { numRuns: 1000, seed: 20260301 },
    );
  });

  test.each([
    ["(?<a>a+) (?<b>x)?", "aa ", { a: "aa", b: undefined }],
    ["(?<a>[^]*)", "one\ntwo", { a: "one\ntwo" }],
    ["(?<a>[]?)b", "b", { a: "" }],
    ["(?<a>[[:x]+)", "[:x", { a: "[:x" }],
    ["(?<a>\\p{L}+) .*", "Größe 5", { a: "Größe" }],
    ["(?<a>(?i:get)) .*", "GeT /", { a: "GeT" }],
    ["(?<a>a{,2})", "a{,2}", { a: "a{,2}" }],
    ['(?<a>\\"\\-\\_\\é)', '"-_é', { a: '"-_é' }],
    ["(?<a>.)", "😀", { a: "😀" }],
    ["(?:(?<a>x)|(?<b>y))+", "xy", { a: "x", b: "y" }],
    [
      "(?<__proto__>a)(?<constructor>b)(?<toString>c)?",
      "ab",
      JSON.parse('{"__proto__":"a","constructor":"b"}'),
    ],
  ])("%s reads %j", (source, sample, groups) => {
    expect(linear(source, sample)).toEqual(groups);
  });

  test.each([
    ["(?= is a look-ahead", "(?=a)(?<a>.)"],
    ["(?! is a look-ahead", "(?!a)(?<a>.)"],
    ["(?<= is a look-behind", "(?<=a)(?<a>.)"],
    ["(?<! is a look-behind", "(?<!a)(?<a>.)"],
    ["\\1 refers back", "(?<a>.)\\1"],
    ["\\k refers back", "(?<a>.)\\k<a>"],
    ["\\z has no meaning", "(?<a>.)\\z"],
    ["\\Q has no meaning", "\\Q(?<a>.)"],
    ["only i is possible", "(?<a>(?s:.))"],
    ["invalid repeat count", "(?<a>x{1001})"],
    ["duplicate capture group name", "(?<a>x)|(?<a>y)"],
    ["invalid repeat count", "(?<a>(?:\\w{1,100} ){1,10}){1,10}"],
    ["too large", "(?<a>(?:\\w{1,50} ){1,20})(?:\\w{1,50} ){1,20}"],
    ["more than the 10000", "(?<a>".repeat(6000)],
    ["not a regular expression", "(?<a>"],
    ["(?<name>…)", "(?P<a>.)"],
    ["nests too deeply", `${"(".repeat(4000)}a${")".repeat(4000)}`],
    ["too large", "a{1000}".repeat(1400)],
  ])("is refused: %s", (words, source) => {
    expect(problemOf(source)).toContain(words);
  });

  test("takes a time that grows with the text only", () => {
    const length = 200_000;
    for (const source of ["(?<a>(?:a+)+)!", "(?<a>(?:a|aa)+)!", "(?<a>.*.*.*.*)!", "(?<a>(?:a*)*)b"]) {
      expect(linear(source, `${"a".repeat(length)}?`)).toBeUndefined();
    }
  });

  test("is never tried while it is read", () => {
    // On an empty text a backtracking engine would go through 3 to the power of 40 ways.
    expect(compileLinear("(?<a>(?:a?|b?|c?){40}x)").names).toEqual(["a"]);
  });
});

test("a built-in pattern names its groups also where they take no part", () => {
  const pattern = compileNative("(?<a>x)|(?<b>y)");
  expect(pattern.names).toEqual(["a", "b"]);
  expect({ ...pattern.groupsOf("y") }).toEqual({ a: undefined, b: "y" });
  expect(pattern.test("xy")).toBe(false);
});
