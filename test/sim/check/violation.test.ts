import { describe, expect, test } from "vitest";

import { expectSame } from "../../../sim/check/violation.ts";

describe("a comparison", () => {
  test("accepts what is the same, whatever the order of fields", () => {
    expect(() => expectSame("it", { a: 1, b: [undefined] }, { b: [undefined], a: 1 })).not.toThrow();
  });

  test("takes a field that is undefined for one that is missing", () => {
    expect(() => expectSame("it", { a: undefined }, {})).not.toThrow();
  });

  test.each([
    [{ a: { b: 1 } }, { a: { b: 2 } }, "it.a.b is 2, and must be 1"],
    [{ a: 1 }, {}, "it.a is missing, and must be 1"],
    [{}, { a: 1 }, "it.a is 1, and must be missing"],
    [[1], [1, 2], "it.1 is 2, and must be missing"],
    [{ 0: 1 }, [1], 'it is [1], and must be {"0":1}'],
    [null, {}, "it is {}, and must be null"],
  ])("names the first difference between %j and %j", (expected, actual, message) => {
    expect(() => expectSame("it", expected, actual)).toThrow(message);
  });
});
