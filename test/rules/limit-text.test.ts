import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { limitText } from "../../src/rules/limit-text.ts";

const mark = "... (truncated)";

describe("limitText", () => {
  test("keeps 1000 characters", () => {
    expect(limitText("x".repeat(1000))).toBe("x".repeat(1000));
  });

  test("cuts 1001 characters to 1000, mark included", () => {
    expect(limitText("x".repeat(1001))).toBe("x".repeat(985) + mark);
  });

  test("counts code points, so 1000 characters outside the basic plane are kept", () => {
    expect(limitText("😀".repeat(1000))).toBe("😀".repeat(1000));
  });

  test("never cuts a surrogate pair in two", () => {
    expect(limitText(`x${"😀".repeat(1000)}`)).toBe(`x${"😀".repeat(984)}${mark}`);
  });

  test("replaces lone surrogates", () => {
    expect(limitText("a\ud83db")).toBe("a\ufffdb");
  });

  test("agrees with a model that counts an array of code points", () => {
    const text = string({ unit: "binary", minLength: 950, maxLength: 1100 });
    assert(
      property(text, (text) => {
        const points = Array.from(text.toWellFormed());
        const expected = points.length <= 1000 ? points.join("") : points.slice(0, 985).join("") + mark;
        expect(limitText(text)).toBe(expected);
      }),
    );
  });
});
