import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatTime, parseEpoch, parseIso8601 } from "../../src/parsers/time.ts";

const years = {
  min: new Date("0001-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
};
const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));

describe("ISO 8601", () => {
  test("agrees with Date.parse on every time of the common form", () => {
    fc.assert(
      fc.property(fc.date(years), fc.boolean(), (date, whole) => {
        const text = whole ? date.toISOString().replace(/\.\d+Z$/, "Z") : date.toISOString();
        expect(parseIso8601(text)).toBe(Date.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("agrees with Date.parse on which dates there are", () => {
    const part = fc.tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2));
    fc.assert(
      fc.property(part, ([year, month, day, hour, minute, second]) => {
        fc.pre(year !== "0000");
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
        const date = new Date(text);
        // Date.parse lets 24:00:00 and the 31st of a short month pass, and moves both on.
        const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 19));
        expect(parseIso8601(text)).toBe(exists ? date.getTime() : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  test("cuts off what is finer than a millisecond", () => {
    fc.assert(
      fc.property(fc.date(years), fc.stringMatching(/^\d{1,12}$/), (date, fraction) => {
        const seconds = date.toISOString().slice(0, 19);
        const expected = Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
        expect(parseIso8601(`${seconds}.${fraction}Z`)).toBe(expected);
      }),
    );
  });

  test("gives the same whatever was parsed before", () => {
    const text = "2024-03-05T06:07:08Z";
    for (const before of [
      "2024-03-05T00:00:00Z",
      "2024-13-05T00:00:00Z",
      "2023-03-05T06:07:08Z",
      "nothing",
    ]) {
      parseIso8601(before);
      expect(parseIso8601(text)).toBe(Date.UTC(2024, 2, 5, 6, 7, 8));
    }
  });

  test.each([
    ["2024-03-05 06:07:08", Date.UTC(2024, 2, 5, 6, 7, 8)],
    ["2024-03-05 06:07:08.123456789", Date.UTC(2024, 2, 5, 6, 7, 8, 123)],
    ["2024-03-05T06:07:08,5Z", Date.UTC(2024, 2, 5, 6, 7, 8, 500)],
    ["2024-03-05T06:07:08z", Date.UTC(2024, 2, 5, 6, 7, 8)],
    ["2024-03-05T06:07:08+02:00", Date.UTC(2024, 2, 5, 4, 7, 8)],
    ["2024-03-05T06:07:08.25-0330", Date.UTC(2024, 2, 5, 9, 37, 8, 250)],
    ["2024-03-05T06:07:08+01", Date.UTC(2024, 2, 5, 5, 7, 8)],
    ["2024-03-05 06:07:08 UTC", Date.UTC(2024, 2, 5, 6, 7, 8)],
    ["2024-03-05T06:07Z", Date.UTC(2024, 2, 5, 6, 7)],
    ["2024-03-05", Date.UTC(2024, 2, 5)],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["0001-01-01T00:00:00Z", Date.parse("0001-01-01T00:00:00Z")],
  ])("reads %s", (text, expected) => {
    expect(parseIso8601(text)).toBe(expected);
  });

  test.each([
    "",
    "yesterday",
    "2024-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-03-05T24:00:00Z",
    "2024-03-05T06:60:00Z",
    "2024-03-05T06:07:60Z",
    "2024-00-05T06:07:08Z",
    "2024-03-00T06:07:08Z",
    "0000-03-05T06:07:08Z",
    "2024-03-05T06:07:08.Z",
    "2024-03-05T06:07:08.12x4Z",
    "2024-03-05T06:07:08+24:00",
    "+024-03-05T06:07:08Z",
    "2024/03/05T06:07:08Z",
    "2024-03-05T06:07:08Z ",
    "0001-01-01T00:00:00+01:00",
  ])("does not read %j", (text) => {
    expect(parseIso8601(text)).toBeUndefined();
  });
});

describe("time since the epoch", () => {
  const timeMs = Date.UTC(2024, 2, 5, 6, 7, 8, 553);

  test.each([
    [1709618828, 1, timeMs - 553],
    [1709618828.553, 1, timeMs],
    ["1709618828", 1, timeMs - 553],
    ["1709618828.553", 1, timeMs],
    [1709618828553, 1e3, timeMs],
    ["1709618828553", 1e3, timeMs],
    [1709618828553000000, 1e9, timeMs],
    ["1709618828553999999", 1e9, timeMs],
    [0, 1, 0],
    [-1, 1, -1000],
  ])("%j at %d units a second", (value, unitsPerSecond, expected) => {
    expect(parseEpoch(value, unitsPerSecond)).toBe(expected);
  });

  test("keeps every millisecond of seconds with a fraction", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        expect(parseEpoch(ms / 1000, 1)).toBe(ms);
      }),
    );
  });

  test.each([
    null,
    undefined,
    true,
    {},
    "",
    "12a",
    "1e9",
    "0x10",
    " 5",
    1e20,
    -1e20,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])("%j is none", (value) => {
    expect(parseEpoch(value, 1)).toBeUndefined();
  });
});

describe("written times", () => {
  test("have nine digits of a second, as Panther's", () => {
    expect(formatTime(Date.UTC(2024, 2, 5, 6, 7, 8, 90))).toBe("2024-03-05 06:07:08.090000000");
  });

  test("can be read again", () => {
    fc.assert(
      fc.property(fc.date(years), (date) => {
        expect(parseIso8601(formatTime(date.getTime()))).toBe(date.getTime());
      }),
    );
  });
});
