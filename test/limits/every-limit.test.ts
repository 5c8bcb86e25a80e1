import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { defaultLimits, type Limits } from "../../src/core/limits.ts";

/** Where each limit is reached: a file with tests, and words of the title of the test or of what it does. */
const reachedIn: Readonly<Record<keyof Limits, readonly [file: string, words: string]>> = {
  recordBytesMax: ["test/parsers/parser.test.ts", "a record over the limit, its bytes cut to it"],
  nestingMax: ["test/parsers/parser.test.ts", "one level more is too deep"],
  keyBytesMax: ["src/testing/conformance/arguments.ts", "a key may have 1,024 bytes of UTF-8"],
  newKeysPerHourMax: ["test/limits/new-keys-per-hour.test.ts", "is an error for the first key too many"],
  setMembersMax: ["test/state/item-codec.test.ts", "setMembersMax: 0"],
  setMemberBytesMax: ["src/testing/conformance/arguments.ts", "a member over its limit is refused"],
  setBytesMax: ["src/testing/conformance/arguments.ts", "setBytesMax: 10"],
  dictionaryBytesMax: ["src/testing/conformance/arguments.ts", "a dictionary over its limit is refused"],
  operationsPerEvaluationMax: [
    "src/testing/conformance/arguments.ts",
    "an evaluation over its number of operations is refused",
  ],
  journalBytesMax: [
    "test/state/sqlite/fold.test.ts",
    "waits at a commit while the journal is longer than its limit",
  ],
  alertsPerHourMax: [
    "test/limits/alerts-per-hour.test.ts",
    "makes one alert of all that a rule would have raised",
  ],
  alertEventsMax: ["test/alerts/book.test.ts", "the first events up to alertEventsMax"],
  alertEventBytesMax: ["test/alerts/book.test.ts", "no event after the first that does not fit"],
  uniqueExactMax: ["test/alerts/distinct.test.ts", "one value more makes it an estimate"],
  outboxDeliveriesMax: ["test/limits/lane-outputs.test.ts", "commits and delivers before the next event"],
  deadLettersFileBytesMax: ["test/limits/lane-outputs.test.ts", "counts what does not fit"],
  printBytesMax: ["test/limits/print-bytes.test.ts", "shows what fits, says at once that it cuts"],
  pythonMemoryBytesMax: ["test/rules/python/rules/rules.test.ts", "too much memory"],
  laneHeapBytesMax: ["test/engine/supervisor.test.ts", "uses up the memory"],
  ruleBudgetMs: ["test/cli/rule-budget.test.ts", "ends a rule that takes longer"],
  suspendAfter: ["test/engine/suspensions.test.ts", "is suspended the third time within the window"],
  suspendWindowMs: [
    "test/engine/suspensions.test.ts",
    "is not while the first of three times is older than the window",
  ],
  stdinKeptBytesMax: [
    "test/engine/supervisor.test.ts",
    "that is more than is kept ends the run with a clear error",
  ],
};

describe("every limit", () => {
  test.each(Object.entries(reachedIn))("%s is reached by a test", (_name, [file, words]) => {
    const text = readFileSync(join(import.meta.dirname, "../..", file), "utf8");
    expect(text).toContain(words);
  });

  test("is in that list", () => {
    expect(Object.keys(reachedIn).toSorted()).toEqual(Object.keys(defaultLimits).toSorted());
  });
});
