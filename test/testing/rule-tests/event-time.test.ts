import * as fc from "fast-check";
import { expect, test } from "vitest";

import { compileLogType, type LogType } from "../../../src/parsers/log-type.ts";
import { eventTimeMs, withEventTime } from "../../../src/testing/rule-tests/event-time.ts";

function logTypeWith(format: string): LogType {
  const logType = compileLogType(
    { name: "Test.Log", time: [{ field: "outer.time", format }] },
    (_, message) => {
      throw new Error(message);
    },
  );
  if (logType === undefined) throw new Error("no log type");
  return logType;
}

// Named formats and patterns, each with the precision that it keeps.
test.each([
  ["iso8601", 1],
  ["epoch-milliseconds", 1],
  ["epoch-seconds", 1],
  ["epoch-nanoseconds", 1],
  ["%d/%b/%Y:%H:%M:%S %z", 1000],
  ["%Y-%m-%e %H:%M:%S.%f", 1],
  ["%Y%%%m-%d", 86_400_000],
])("a time written as %s is read as the same", (format, precisionMs) => {
  const logType = logTypeWith(format);
  const times = fc.integer({ min: 0, max: 4_102_444_800_000 });
  fc.assert(
    fc.property(times, fc.boolean(), (timeMs, asText) => {
      const before = { outer: { time: asText ? "0" : 0, other: 1 } };
      const written = withEventTime(logType, before, timeMs);
      expect(eventTimeMs(logType, written)).toBe(Math.floor(timeMs / precisionMs) * precisionMs);
      expect(before).toEqual({ outer: { time: asText ? "0" : 0, other: 1 } });
    }),
  );
});
