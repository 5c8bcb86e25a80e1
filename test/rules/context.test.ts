import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { described } from "./fixtures.ts";

async function context(answer: () => unknown): Promise<{ context: JsonObject; errors: string[] }> {
  const { match, failures } = await described({ alertContext: answer });
  return { context: match.context, errors: failures.map(({ error }) => (error as Error).message) };
}

/** An object whose JSON text has this many characters. */
const ofSize = (characters: number): JsonObject => ({ a: "x".repeat(characters - '{"a":""}'.length) });

describe("alertContext", () => {
  test("is empty without the function", async () => {
    expect((await described({})).match.context).toEqual({});
  });

  test("is a copy of what the function answers", async () => {
    const answer = { list: ["a"] };
    const { match } = await described({ alertContext: () => answer });
    answer.list.push("b");
    expect(match.context).toEqual({ list: ["a"] });
  });

  test("leaves out fields that are undefined", async () => {
    expect(await context(() => ({ a: undefined, b: null }))).toEqual({ context: { b: null }, errors: [] });
  });

  test("turns sets into lists and dates into text", async () => {
    const answer = { set: new Set(["b", "a"]), date: new Date(0) };
    expect((await context(() => answer)).context).toEqual({
      set: ["b", "a"],
      date: "1970-01-01T00:00:00.000Z",
    });
  });

  test("keeps __proto__ as an ordinary field", async () => {
    const made = (await context(() => JSON.parse('{"__proto__":{"x":1}}') as unknown)).context;
    expect(Object.keys(made)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  test("keeps 204,800 characters of JSON", async () => {
    expect(await context(() => ofSize(204_800))).toEqual({ context: ofSize(204_800), errors: [] });
  });

  test("is replaced over 204,800 characters", async () => {
    const message = "alert_context size is [204801] characters, bigger than maximum of [204800] characters";
    expect(await context(() => ofSize(204_801))).toEqual({ context: { _error: message }, errors: [message] });
  });

  test("holds what the function threw", async () => {
    const thrown = await context(() => {
      throw new RangeError("boom");
    });
    expect(thrown).toEqual({ context: { _error: "RangeError: boom" }, errors: ["boom"] });
  });

  test.each([
    ["text", "text", 'alertContext() must answer an object, not "text".'],
    ["a list", [1], "alertContext() must answer an object, not a list of 1."],
    ["null", null, "alertContext() must answer an object, not null."],
    ["undefined", undefined, "alertContext() must answer an object, not undefined."],
    [
      "a date",
      new Date(0),
      'alertContext() must answer an object, not one that becomes "1970-01-01T00:00:00.000Z".',
    ],
    [
      "an object that JSON drops",
      { toJSON: () => undefined },
      "alertContext() must answer an object, not one that becomes null.",
    ],
  ])("cannot be %s", async (_, answer, message) => {
    expect(await context(() => answer)).toEqual({ context: { _error: message }, errors: [message] });
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  test.each([
    ["a big integer", { n: 10n }, "BigInt"],
    ["a cycle", cycle, "circular"],
    ["a function", { f: (): void => {} }, 'field "f" is a function'],
    ["a symbol", { s: Symbol("s") }, 'field "s" is a symbol'],
    ["a map", { m: new Map() }, 'field "m" is a Map (answer an object instead)'],
    ["a promise", { p: Promise.resolve(1) }, 'field "p" is a promise (await it)'],
  ])("cannot hold %s", async (_, answer, words) => {
    const { context: made, errors } = await context(() => answer);
    expect(made["_error"]).toMatch(/^alertContext\(\) answered what JSON cannot hold: /);
    expect(errors[0]).toContain(words);
  });

  test("cannot be nested without end", async () => {
    let deep: unknown = {};
    for (let depth = 0; depth < 100_000; depth++) deep = { deep };
    expect((await context(() => deep)).errors).toHaveLength(1);
  });
});
