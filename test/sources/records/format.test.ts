import { describe, expect, test } from "vitest";
import { detectFormat } from "../../../src/sources/records/format.ts";

function detect(text: string, options: { envelopeField?: string; complete?: boolean } = {}) {
  return detectFormat(text, { envelopeField: options.envelopeField, complete: options.complete ?? true });
}

describe("detectFormat", () => {
  test.each([
    ['{"a":1}\n{"a":2}', "lines"],
    ["2 123456789010 eni-1 ACCEPT OK", "lines"],
    ["", "lines"],
    ['[{"a":1}]', "array"],
    ['  \n [\n  {"a":1}', "array"],
    ['["2 123 eni"]', "array"],
    ["[]", "array"],
    ["[error] disk full", "lines"],
    ["[2024-01-01 00:00:00] started", "lines"],
    ["[] no tags", "lines"],
    ["[", "lines"],
    ['{"Records":[{"a":1}]}', "envelope"],
    ['{\n  "Records" : [\n', "envelope"],
    ['{"Records":{"a":1}}', "lines"],
    ['{"records":[]}', "lines"],
    ['{"a":1,"Records":[]}', "lines"],
    ['{\n  "a": 1\n}', "documents"],
    ['{ \r\n  "a": 1\n}', "documents"],
    ["{}", "lines"],
    ['"text"', "lines"],
  ])("%j is %s", (text, format) => {
    expect(detect(text)).toBe(format);
  });

  test("a named field makes every object an envelope", () => {
    expect(detect('{"a":1,"events":[]}', { envelopeField: "events" })).toBe("envelope");
  });

  test("a named field leaves other text as it is", () => {
    expect(detect('[{"a":1}]', { envelopeField: "events" })).toBe("array");
    expect(detect("[error]", { envelopeField: "events" })).toBe("lines");
  });

  test.each(["", " \n", "[", "[ ", "[]", "{", "{\n", '{"Rec', '{"Records"', '{"Records" :'])(
    "%j alone is not enough to tell",
    (text) => {
      expect(detect(text, { complete: false })).toBeUndefined();
    },
  );

  test.each(['{"a', "2", "[e", '{"Records":1'])("%j is enough to tell", (text) => {
    expect(detect(text, { complete: false })).toBe("lines");
  });
});
