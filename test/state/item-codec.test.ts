import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../src/core/errors.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { decodeItem, encodeItem } from "../../src/state/item-codec.ts";
import { type Item, NEVER } from "../../src/state/store.ts";

const whole = {
  key: "k",
  count: 1,
  strings: ["a"],
  dictionary: { a: 1 },
  expiresAt: "2026-03-02T12:00:00.000Z",
};

/** The message of the refusal. */
function problemOf(fields: unknown): string {
  try {
    decodeItem(typeof fields === "string" ? fields : JSON.stringify(fields));
  } catch (error) {
    if (error instanceof StakeoutError && error.code === "STATE_IMPORT_INVALID") return error.message;
    throw error;
  }
  return "nothing is wrong";
}

function orNothing<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

describe("an item as a line", () => {
  test("has all fields, with null for what is not there", () => {
    const item: Item = {
      key: "k",
      count: undefined,
      strings: undefined,
      dictionary: undefined,
      expiresAtMs: NEVER,
    };
    expect(encodeItem(item)).toBe(
      '{"key":"k","count":null,"strings":null,"dictionary":null,"expiresAt":null}',
    );
    expect(decodeItem(encodeItem(item))).toEqual(item);
  });

  test("comes back as it was", () => {
    const item = fc.record({
      key: fc.string({ minLength: 1, unit: "grapheme" }),
      count: orNothing(fc.maxSafeInteger()),
      strings: orNothing(fc.uniqueArray(fc.string({ unit: "binary" })).map((strings) => strings.sort())),
      dictionary: orNothing(
        fc.dictionary(fc.string(), fc.constantFrom(1, "x", null, [true]), { noNullPrototype: true }),
      ),
      expiresAtMs: fc.oneof(fc.constant(NEVER), fc.integer({ min: 0, max: 253_402_300_799_999 })),
    });
    fc.assert(
      fc.property(item, (given) => {
        expect(decodeItem(encodeItem(given))).toEqual(given);
      }),
    );
  });

  test("may leave columns out, in any order, with members twice", () => {
    expect(decodeItem('{"expiresAt":null,"strings":["b","a","b"],"key":"k"}')).toEqual({
      key: "k",
      count: undefined,
      strings: ["a", "b"],
      dictionary: undefined,
      expiresAtMs: NEVER,
    });
  });
});

describe("a line that is refused", () => {
  const lines: readonly (readonly [string, unknown])[] = [
    ["is not JSON", "{"],
    ["must be a JSON object", "[]"],
    ["must be a JSON object", "null"],
    ["unknown field", { ...whole, ttl: 5 }],
    ["key must be a string", { ...whole, key: 5 }],
    ["key must be a string", { ...whole, key: undefined }],
    ["key must not be empty", { ...whole, key: "" }],
    ["keyBytesMax", { ...whole, key: "x".repeat(1025) }],
    ["valid Unicode", '{"key":"\\ud800","expiresAt":null}'],
    ["count must be a whole number", { ...whole, count: 1.5 }],
    ["count must be a whole number", { ...whole, count: "1" }],
    ["count must be a whole number", '{"key":"k","count":9007199254740993,"expiresAt":null}'],
    ["strings must be an array", { ...whole, strings: "a" }],
    ["must be strings", { ...whole, strings: ["a", 1] }],
    ["setMemberBytesMax", { ...whole, strings: ["x".repeat(8 * 1024 + 1)] }],
    ["setBytesMax", { ...whole, strings: Array.from({ length: 2049 }, (_, n) => String(n).padEnd(8192)) }],
    ["setMembersMax", { ...whole, strings: Array.from({ length: 100_001 }, String) }],
    ["dictionary must be an object", { ...whole, dictionary: [1] }],
    ["dictionaryBytesMax", { ...whole, dictionary: { a: "x".repeat(1024 * 1024) } }],
    ["nestingMax", `{"key":"k","expiresAt":null,"dictionary":{"a":${"[".repeat(200)}${"]".repeat(200)}}}`],
    ["expiresAt must be a time", { ...whole, expiresAt: undefined }],
    ["expiresAt must be a time", { ...whole, expiresAt: 1_772_452_800 }],
    ["expiresAt must be a time", { ...whole, expiresAt: "tomorrow" }],
    ["expiresAt must be a time", { ...whole, expiresAt: "2026-02-31" }],
    ["expiresAt must be a time", { ...whole, expiresAt: "2026-13-01T00:00:00Z" }],
  ];
  for (const [index, [problem, line]] of lines.entries()) {
    test(`${index}: ${problem}`, () => {
      expect(problemOf(line)).toContain(problem);
    });
  }

  test("is so by the limits given", () => {
    expect(() => decodeItem(JSON.stringify(whole), { ...defaultLimits, setMembersMax: 0 })).toThrow(
      /setMembersMax/,
    );
  });
});
