import { expect, test } from "vitest";

import { summarize } from "../../src/alerts/summary.ts";
import type { JsonObject } from "../../src/core/json.ts";

function valuesOf(attribute: string, ...events: JsonObject[]): unknown {
  return summarize([attribute], events)[attribute];
}

test("distinct values in order of appearance", () => {
  expect(valuesOf("ip", { ip: "2" }, { ip: "1" }, { ip: "2" })).toEqual(["2", "1"]);
});

test("a path with dots leads into objects and through lists", () => {
  const event = { users: [{ name: "a" }, { name: "b" }, 7], user: { name: { first: "c" } } };
  expect(valuesOf("users.name", event)).toEqual(["a", "b"]);
  expect(valuesOf("user.name.first", event)).toEqual(["c"]);
});

test("a list gives its elements", () => {
  expect(valuesOf("p_any_ip_addresses", { p_any_ip_addresses: ["1", "2"] })).toEqual(["1", "2"]);
});

test("a field whose own name has dots comes first", () => {
  expect(valuesOf("a.b", { "a.b": "own", a: { b: "nested" } })).toEqual(["own"]);
});

test("what is missing or null gives nothing", () => {
  expect(valuesOf("a.b", {}, { a: null }, { a: 1 }, { a: { b: null } })).toEqual([]);
});

test("numbers, booleans and objects as JSON", () => {
  expect(valuesOf("v", { v: 1 }, { v: false }, { v: { x: 1 } })).toEqual(["1", "false", '{"x":1}']);
});

test("at most 25 values, each at most 1,000 characters", () => {
  const events = Array.from({ length: 40 }, (_, n) => ({ v: `${n}${"x".repeat(2000)}` }));
  const values = valuesOf("v", ...events) as string[];
  expect(values).toHaveLength(25);
  expect(values[0]).toHaveLength(1001);
});

test("names of built-in properties are ordinary names", () => {
  expect(valuesOf("constructor", {})).toEqual([]);
  const event = JSON.parse('{"__proto__":{"a":"own"}}') as JsonObject;
  expect(valuesOf("__proto__.a", event)).toEqual(["own"]);
  const summary = summarize(["__proto__"], [event]);
  expect(JSON.stringify(summary)).toBe('{"__proto__":["{\\"a\\":\\"own\\"}"]}');
});
