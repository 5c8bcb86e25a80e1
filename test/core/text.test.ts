import { describe, expect, test } from "vitest";

import { printable } from "../../src/core/text.ts";

describe("printable", () => {
  test.each([
    ["an escape sequence", "\u001b[31mred", "\\x1b[31mred"],
    ["line breaks and tabs", "a\r\n\tb", "a\\x0d\\x0a\\x09b"],
    ["NUL and DEL", "\u0000\u007f", "\\x00\\x7f"],
    ["C1 controls", "\u009b2J", "\\x9b2J"],
    ["direction overrides", "\u202egnp.exe", "\\u202egnp.exe"],
    ["line separators", "a\u2028b", "a\\u2028b"],
    ["a lone surrogate", "a\ud800b", "a\ufffdb"],
  ])("shows %s", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test.each(["", "plain", "Zoë 東京 🚨", "arn:aws:iam::123456789012:user/a"])(
    "leaves %j as it is",
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );
});
