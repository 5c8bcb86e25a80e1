import { expect, test } from "vitest";

import { LaneControl } from "../../src/engine/control.ts";

test("a request to stop is seen through the other thread's view of the memory", () => {
  const main = new LaneControl();
  const lane = new LaneControl(main.memory);
  expect(lane.stopRequested).toBe(false);
  main.requestStop();
  expect(lane.stopRequested).toBe(true);
});

test("counters keep whole numbers beyond 32 bits, each in its own place", () => {
  const main = new LaneControl();
  const lane = new LaneControl(main.memory);
  lane.set("bytes", 6_000_000_000);
  lane.set("alerts", 3);
  expect(main.read()).toMatchObject({ bytes: 6_000_000_000, alerts: 3, events: 0 });
});
