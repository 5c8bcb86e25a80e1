import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";

import type { JsonValue } from "../../../src/core/json.ts";
import { difference } from "../../../src/testing/report/difference.ts";

const shown = (expected: JsonValue, actual: JsonValue): readonly string[] =>
  difference(expected, actual).map(({ kind, text }) => `${kind} ${text}`);

test("a line that differs, between those that do not", () => {
  expect(shown({ a: 1, b: 2 }, { a: 1, b: 3 })).toEqual([
    "same {",
    'same   "a": 1,',
    'expected   "b": 2',
    'actual   "b": 3',
    "same }",
  ]);
});

test("the order of fields is no difference", () => {
  expect(shown({ a: { x: 1, y: 2 }, b: 1 }, { b: 1, a: { y: 2, x: 1 } })).toEqual(["same …"]);
});

test("a long stretch that is equal is cut to the lines around the difference", () => {
  const list = Array.from({ length: 100 }, (_, index) => index);
  const lines = shown(list, list.with(50, -1));
  expect(lines).toHaveLength(10);
  expect(lines.at(0)).toBe("same …");
  expect(lines.at(-1)).toBe("same …");
});

test("values that are too long to compare are shown one after the other", () => {
  const list = Array.from({ length: 1500 }, (_, index) => index);
  const lines = difference(list, list);
  expect(lines.filter(({ kind }) => kind === "expected")).toHaveLength(1502);
  expect(lines.filter(({ kind }) => kind === "actual")).toHaveLength(1502);
});

test("for any two values the lines that differ are all there, and none where the values are the same", () => {
  assert(
    property(jsonValue({ maxDepth: 3 }), jsonValue({ maxDepth: 3 }), (left, right) => {
      const [expected, actual] = [left as JsonValue, right as JsonValue];
      expect(difference(expected, expected).every(({ kind }) => kind === "same")).toBe(true);
      const lines = difference(expected, actual);
      const same = JSON.stringify(sorted(expected)) === JSON.stringify(sorted(actual));
      expect(lines.every(({ kind }) => kind === "same")).toBe(same);
    }),
    { numRuns: 200 },
  );
});

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, JsonValue>>);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, each]) => [name, sorted(each)]),
  );
}
