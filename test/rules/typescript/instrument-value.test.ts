import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallCopy } from "../../../src/rules/typescript/instrument-value.ts";

describe("smallCopy", () => {
  test.each([
    [null, null],
    [true, true],
    [1.5, 1.5],
    ["text", "text"],
    [{ a: [1, { b: null }], c: undefined }, { a: [1, { b: null }] }],
    [undefined, { $: "undefined" }],
    [Number.NaN, { $: "NaN" }],
    [-0, { $: "-0" }],
    [10n, { $: "10n" }],
    [new Set(["a"]), { $: "Set(1) { 'a' }" }],
    [Symbol("s"), { $: "Symbol(s)" }],
    [{ $: "undefined" }, { $: "{ '$': 'undefined' }" }],
    [[new Set()], { $: "[ Set(0) {} ]" }],
  ])("of %o is %o", (value, copy) => {
    expect(smallCopy(value)).toEqual(copy);
  });

  test("cuts long text", () => {
    expect(smallCopy("x".repeat(300))).toBe(`${"x".repeat(199)}…`);
  });

  test("runs no code of what it copies", () => {
    const touchy = {
      get field(): never {
        throw new Error("looked at");
      },
      toJSON(): never {
        throw new Error("made JSON of");
      },
    };
    expect(JSON.stringify(smallCopy(touchy))).toContain("[Getter]");
  });

  test("bears an object that holds itself", () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(smallCopy(loop)).toEqual({ $: "<ref *1> { self: [Circular *1] }" });
  });

  test("gives small JSON for anything", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true }),
        (value) => {
          const text = JSON.stringify(smallCopy(value));
          expect(text.length).toBeLessThan(3000);
          expect(text.isWellFormed()).toBe(true);
        },
      ),
    );
  });
});
