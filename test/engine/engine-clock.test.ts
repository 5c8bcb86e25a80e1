import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { EngineClock } from "../../src/engine/engine-clock.ts";

function wallClock(nowMs: number): { nowMs(): number; monotonicMs(): number; set(toMs: number): void } {
  let current = nowMs;
  return { nowMs: () => current, monotonicMs: () => current, set: (toMs) => (current = toMs) };
}

describe("engine clock", () => {
  test("moves to an event's time", () => {
    expect(new EngineClock(wallClock(1_000_000), 0).advance(5000)).toBe(5000);
  });

  test("does not go back for a late event", () => {
    const clock = new EngineClock(wallClock(1_000_000), 0);
    clock.advance(5000);
    expect(clock.advance(4000)).toBe(5000);
  });

  test("does not pass the wall clock for an event dated in the future", () => {
    expect(new EngineClock(wallClock(1_000_000), 0).advance(9_000_000)).toBe(1_000_000);
  });

  test("stays where it is for an event without a time", () => {
    const clock = new EngineClock(wallClock(1_000_000), 700);
    expect(clock.advance(undefined)).toBe(700);
  });

  test("follows the wall clock when it has moved on", () => {
    const wall = wallClock(1000);
    const clock = new EngineClock(wall, 0);
    clock.advance(5000);
    wall.set(3000);
    expect(clock.advance(5000)).toBe(3000);
  });

  test("equals its definition for any times, on a wall clock that never goes back", () => {
    const step = fc.record({
      eventMs: fc.option(fc.integer({ min: 0, max: 2000 }), { nil: undefined }),
      wallMs: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const wall = wallClock(0);
        const clock = new EngineClock(wall, 0);
        let expectedMs = 0;
        for (const { eventMs, wallMs } of steps) {
          wall.set(wall.nowMs() + wallMs);
          if (eventMs !== undefined) expectedMs = Math.max(expectedMs, Math.min(eventMs, wall.nowMs()));
          expect(clock.advance(eventMs)).toBe(expectedMs);
        }
      }),
    );
  });
});
