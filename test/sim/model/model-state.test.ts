import { describe, expect, test } from "vitest";

import { generatePlan } from "../../../sim/generate.ts";
import { ModelState } from "../../../sim/model/model-state.ts";

const limits = { ...generatePlan(1).settings.limits, setMembersMax: 2, operationsPerEvaluationMax: 3 };

function stateAt(nowMs: number): ModelState {
  const state = new ModelState(limits);
  state.moveTo(nowMs);
  return state;
}

describe("the model of state", () => {
  test("forgets an item at its end and not before", () => {
    const state = stateAt(0);
    state.incrementCounter("key", 1, { in: 1 });
    state.moveTo(999);
    expect(state.getCounter("key")).toBe(1);
    state.moveTo(1000);
    expect(state.getCounter("key")).toBe(0);
  });

  test("keeps the end of an item that is written without a lifetime", () => {
    const state = stateAt(0);
    state.incrementCounter("key", 1, { in: 1 });
    state.moveTo(500);
    state.incrementCounter("key");
    state.moveTo(1000);
    expect(state.items.size).toBe(0);
  });

  test("refuses what passes a limit and changes nothing", () => {
    const state = stateAt(0);
    state.addToStringSet("key", ["a", "b"]);
    expect(() => state.addToStringSet("key", ["c"])).toThrow("STATE_LIMIT_EXCEEDED");
    expect(state.getStringSet("key")).toEqual(new Set(["a", "b"]));
    expect(() => state.getStringSet("key")).toThrow("STATE_LIMIT_EXCEEDED");
  });

  test("refuses an empty key", () => {
    expect(() => stateAt(0).getCounter("")).toThrow("STATE_KEY_INVALID");
  });
});
