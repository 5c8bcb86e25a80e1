import { describe, expect, test } from "vitest";

import { LaneControl } from "../../src/engine/control.ts";

/** The main thread's end and the lane's. */
function createControls(): { main: LaneControl; lane: LaneControl } {
  const main = new LaneControl();
  return { main, lane: new LaneControl(main.memory) };
}

test("a request to stop reaches the other thread's view of the same memory", () => {
  const { main, lane } = createControls();
  expect(lane.stopRequested).toBe(false);
  main.requestStop();
  expect(lane.stopRequested).toBe(true);
});

test("counters that the lane sets are what the main thread reads", () => {
  const { main, lane } = createControls();
  lane.set("events", 2 ** 40);
  lane.set("inputBytesTotal", 3);
  expect(main.read()).toMatchObject({ events: 2 ** 40, inputBytesTotal: 3, alerts: 0 });
});

describe("what a lane is busy with", () => {
  test("is nothing before it begins and after it ends", () => {
    const { main, lane } = createControls();
    expect(main.busy()).toBeUndefined();
    lane.enterStream("files", "/logs/a");
    lane.beginRecord(7);
    lane.endBusy();
    expect(main.busy()).toBeUndefined();
  });

  test("is a file while that is loaded, its name in any script", () => {
    const { main, lane } = createControls();
    lane.beginLoading("/rules/règle-規則.ts");
    expect(main.busy()).toEqual({ kind: "loading", file: "/rules/règle-規則.ts" });
  });

  test("is a record of a stream, whichever was read before, with the rule where that is noted", () => {
    const { main, lane } = createControls();
    lane.enterStream("files", "/logs/a-long-name");
    lane.enterStream("stdin", "1\n2");
    lane.beginRecord(2 ** 40);
    const position = { source: "stdin", stream: "1\n2", offset: 2 ** 40 };
    expect(main.busy()).toEqual({ kind: "evaluating", position, rule: undefined });
    lane.beginRule(0);
    expect(main.busy()).toEqual({ kind: "evaluating", position, rule: 0 });
    lane.beginRule(1200);
    expect(main.busy()).toEqual({ kind: "evaluating", position, rule: 1200 });
  });

  test("moves on with every record and every rule that is noted", () => {
    const { main, lane } = createControls();
    lane.enterStream("files", "/logs/a");
    const beats = [main.beat];
    lane.beginRecord(1);
    beats.push(main.beat);
    lane.beginRule(0);
    beats.push(main.beat);
    lane.beginRecord(1);
    beats.push(main.beat);
    expect(new Set(beats).size).toBe(4);
  });
});
