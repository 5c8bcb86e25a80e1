import { expect, test } from "vitest";

import { runMillion } from "../../fuzz/million/run.ts";
import { deadLetterReasons } from "../../src/core/record.ts";

test("malformed records of every kind cost no good event, and are the only dead letters", async () => {
  const { malformed, goodRecords, reasons, differences } = await runMillion(20_000, 20260301);
  expect(differences).toEqual([]);
  expect(malformed).toBe(20_000);
  expect(goodRecords).toBeGreaterThan(9000);
  expect(Object.keys(reasons).sort()).toEqual([...deadLetterReasons].sort());
});
