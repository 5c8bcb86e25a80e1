import { expect, test } from "vitest";

import { manualClock } from "../../src/testing/index.ts";

test("a manual clock stands still until it is moved", () => {
  const clock = manualClock(1000);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1000, 0]);
  clock.advance(50);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1050, 50]);
});
