import { describe, expect, test } from "vitest";

import { changeItem, type ItemChange } from "../../src/cli/item-change.ts";
import { StakeoutError } from "../../src/core/errors.ts";
import { NEVER, type Item } from "../../src/state/store.ts";

const nowMs = Date.UTC(2026, 2, 2, 12);
const day = 86_400_000;

function item(parts: Partial<Item> = {}): Item {
  return { key: "k", count: 1, strings: ["a"], dictionary: { x: 1 }, expiresAtMs: nowMs + day, ...parts };
}

function change(parts: Partial<ItemChange>, existing: Item | undefined = item()): Item {
  return changeItem(existing, { key: "k", ...parts }, nowMs);
}

function created(parts: Partial<ItemChange>): Item {
  return changeItem(undefined, { key: "k", ...parts }, nowMs);
}

describe("columns", () => {
  test("what is not given stays", () => {
    expect(change({ count: "-7" })).toEqual(item({ count: -7 }));
  });

  test("a new item has only what is given and lives 90 days", () => {
    expect(created({ count: "3" })).toEqual({
      key: "k",
      count: 3,
      strings: undefined,
      dictionary: undefined,
      expiresAtMs: nowMs + 90 * day,
    });
  });

  test("members come one by one and between commas, sorted, each once", () => {
    expect(change({ string: ["c", "a,b"], strings: "c,b" }).strings).toEqual(["a,b", "b", "c"]);
  });

  test("no members between commas is the empty set", () => {
    expect(change({ strings: "" }).strings).toEqual([]);
  });

  test("a dictionary replaces the one before", () => {
    expect(change({ dictionary: '{"y":[2]}' }).dictionary).toEqual({ y: [2] });
  });

  test.each(["", "x", "1.5", "1e3", "9007199254740993"])("refuses %j as a count", (count) => {
    expect(() => change({ count })).toThrow("--count");
  });

  test.each(["", "{", "[]", "null", '"text"', "3"])("refuses %j as a dictionary", (dictionary) => {
    expect(() => change({ dictionary })).toThrow("--dictionary");
  });
});

describe("expiry", () => {
  test("a duration counts from the engine clock", () => {
    expect(change({ expires: "1h30m" }).expiresAtMs).toBe(nowMs + 5_400_000);
  });

  test("never", () => {
    expect(change({ expires: "never" }).expiresAtMs).toBe(NEVER);
  });

  test("a time with its offset", () => {
    expect(change({ expires: "2026-03-02T15:00:00+02:00" }).expiresAtMs).toBe(nowMs + 3_600_000);
  });

  test.each(["", "soon", "2026-03-03", "2026-03-03T12:00:00", "5", "-1h", "2026-13-01T00:00:00Z"])(
    "refuses %j",
    (expires) => {
      expect(() => change({ expires })).toThrow("--expires");
    },
  );

  test.each(["0s", "2026-03-02T12:00:00Z", "2020-01-01T00:00:00Z"])(
    "refuses %j, which has passed",
    (expires) => {
      expect(() => change({ expires })).toThrow("not after the engine clock");
    },
  );

  test("cannot be given to a key that is not there", () => {
    expect(() => created({ expires: "1h" })).toThrow("no such key");
  });
});

test("nothing to set is a usage error", () => {
  expect(() => change({})).toThrow(StakeoutError);
  expect(() => change({})).toThrow("Say what to set");
});
