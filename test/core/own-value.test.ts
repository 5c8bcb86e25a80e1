import { expect, test } from "vitest";

import { ownValue } from "../../src/core/own-value.ts";

test("answers what stands under a name", () => {
  expect(ownValue({ a: 1 }, "a")).toBe(1);
  expect(ownValue(Object.fromEntries([["__proto__", 2]]), "__proto__")).toBe(2);
});

test.each(["b", "constructor", "toString", "__proto__"])(
  "answers nothing where nothing stands: %s",
  (name) => {
    expect(ownValue({ a: 1 }, name)).toBeUndefined();
    expect(ownValue(undefined, name)).toBeUndefined();
  },
);
