import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isExpected, patternProblems } from "../../../src/testing/rule-tests/expected-value.ts";

describe("exact values", () => {
  test.each<[unknown, unknown, boolean]>([
    [1, 1, true],
    [1, "1", false],
    [null, null, true],
    [null, undefined, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ toString: 1 }, {}, false],
    [{}, [], false],
  ])("%j and %j", (expected, actual, equal) => {
    expect(isExpected(expected, actual)).toBe(equal);
  });

  test("any JSON value is equal to itself, and not to itself with something more", () => {
    // An object with nothing but "contains" or "matches" would be a matcher.
    const values = fc
      .jsonValue({ noUnicodeString: true })
      .filter((value) => !/"(contains|matches)":/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(values, (value) => {
        expect(isExpected(value, structuredClone(value))).toBe(true);
        expect(isExpected({ value }, { value, more: 1 })).toBe(false);
        expect(isExpected([value], [value, value])).toBe(false);
      }),
    );
  });
});

describe("contains", () => {
  test.each<[unknown, unknown, boolean]>([
    ["denied", "was denied 10 times", true],
    ["Denied", "was denied 10 times", false],
    [{ a: 1 }, { a: 1, b: 2 }, true],
    [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{ a: undefined }, {}, false],
    [{ a: [1] }, { a: [1, 2] }, false],
    [{ a: { contains: [1] } }, { a: [1, 2] }, true],
    [[2, 1], [1, 2, 3], true],
    [[4], [1, 2, 3], false],
    [2, [1, 2], true],
    [[{ a: 1 }], [{ a: 1, b: 1 }], false],
    [[{ contains: { a: 1 } }], [{ a: 1, b: 1 }], true],
    [5, 5, true],
    ["a", 5, false],
    [{}, null, false],
  ])("{ contains: %j } and %j", (expected, actual, contained) => {
    expect(isExpected({ contains: expected }, actual)).toBe(contained);
  });
});

describe("matches", () => {
  test("a regular expression that a text fits somewhere", () => {
    expect(isExpected({ matches: "^a.*z$" }, "abcz")).toBe(true);
    expect(isExpected({ matches: "b" }, "abcz")).toBe(true);
    expect(isExpected({ matches: "^b" }, "abcz")).toBe(false);
    expect(isExpected({ matches: "5" }, 5)).toBe(false);
  });

  test("one that never ends is ended, with a sentence that says which", () => {
    const text = `${"a".repeat(60)}b`;
    expect(() => isExpected({ matches: "^(a+)+$" }, text)).toThrow(
      /the pattern "\^\(a\+\)\+\$" cannot be used: .*timed out/,
    );
  });

  test("broken ones are found beforehand, at any depth", () => {
    expect(patternProblems({ a: [{ contains: { b: { matches: "(" } } }, { matches: 5 }] })).toEqual([
      "Invalid regular expression: /(/u: Unterminated group",
      "a pattern is text",
    ]);
    expect(patternProblems({ matches: "(", more: 1 })).toEqual([]);
  });
});
