import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { JsonObject } from "../../src/core/json.ts";
import { alertLine } from "../../src/destinations/alert-line.ts";
import { createBook } from "../alerts/fixtures.ts";
import { alert } from "../core/alert.fixture.ts";

test("one line of JSON that gives the alert back, whatever its texts hold", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const line = alertLine(alert({ title: text, context: { [`k${text}`]: text } }));
      expect(line.endsWith("\n")).toBe(true);
      expect(line.split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(2);
      expect(JSON.parse(line)).toEqual(alert({ title: text, context: { [`k${text}`]: text } }));
    }),
  );
});

test("what a terminal would obey is escaped", () => {
  const line = alertLine(alert({ title: "\u001b[2J\u007f\u009b2J\u202e\u2028" }));
  expect(line).toContain("\\u001b[2J\\u007f\\u009b2J\\u202e\\u2028");
});

test("lone surrogates are escaped, so that the bytes are valid UTF-8", () => {
  expect(alertLine(alert({ title: "\ud800" }))).toContain("\\ud800");
});

test("__proto__ is a field like any other", () => {
  const context = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as JsonObject;
  expect(alertLine(alert({ context }))).toContain('"context":{"__proto__":{"a":1},"constructor":2}');
});

test("the keys of an alert from the book are those of core/alert.ts, in that order", async () => {
  const source = readFileSync(new URL("../../src/core/alert.ts", import.meta.url), "utf8");
  const body = /export interface Alert \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? "";
  const declared = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  const { add } = await createBook();
  const raised = add({ distinct: true, unique: "x" });
  expect(declared.length).toBeGreaterThan(20);
  expect(raised).toBeDefined();
  expect(Object.keys(raised ?? {})).toEqual(declared);
});
