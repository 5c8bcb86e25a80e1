import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../src/core/errors.ts";
import { isTimeFormat, timeReader } from "../../src/parsers/time-formats.ts";

describe("time formats", () => {
  test.each([
    ["%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", Date.UTC(2000, 9, 10, 20, 55, 36)],
    ["%d/%b/%Y:%H:%M:%S %z", "1/oct/2000:13:55:36 +01:30", Date.UTC(2000, 9, 1, 12, 25, 36)],
    ["%Y%m%d", "20240305", Date.UTC(2024, 2, 5)],
    ["%b %e %Y %H:%M:%S.%f", "Mar  5 2024 06:07:08.25", Date.UTC(2024, 2, 5, 6, 7, 8, 250)],
    ["%m/%d/%Y 100%%", "3/5/2024 100%", Date.UTC(2024, 2, 5)],
    ["[%Y-%m-%d] (x.y)", "[2024-03-05] (x.y)", Date.UTC(2024, 2, 5)],
    ["iso8601", "2024-03-05 06:07:08", Date.UTC(2024, 2, 5, 6, 7, 8)],
    ["epoch-seconds", 1709618828, Date.UTC(2024, 2, 5, 6, 7, 8)],
    ["epoch-milliseconds", "1709618828001", Date.UTC(2024, 2, 5, 6, 7, 8, 1)],
    ["epoch-nanoseconds", "1709618828001000000", Date.UTC(2024, 2, 5, 6, 7, 8, 1)],
  ])("%s reads %j", (format, value, expected) => {
    expect(timeReader(format)(value)).toBe(expected);
  });

  test.each([
    ["%d/%b/%Y:%H:%M:%S %z", "31/Feb/2000:13:55:36 -0700"],
    ["%d/%b/%Y:%H:%M:%S %z", "10/Foo/2000:13:55:36 -0700"],
    ["%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700 and more"],
    ["(x.y) %Y%m%d", "(xzy) 20240305"],
    ["%Y%m%d", 20240305],
    ["iso8601", 20240305],
  ])("%s does not read %j", (format, value) => {
    expect(timeReader(format)(value)).toBeUndefined();
  });

  test.each([
    "iso",
    "",
    "epoch",
    "constructor",
    "%Y",
    "%d %m",
    "%Y %m %b %d",
    "%Y-%m-%d %q",
    "%Y %Y %m %d",
    "%Y%m%d %",
  ])("%j is no format", (format) => {
    expect(() => timeReader(format)).toThrow(StakeoutError);
  });

  test("int is a type of field, not a time format", () => {
    expect(isTimeFormat("int")).toBe(false);
    expect(isTimeFormat("%Y")).toBe(true);
  });
});
