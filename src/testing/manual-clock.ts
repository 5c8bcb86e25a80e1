import type { Clock } from "../core/clock.ts";

/** A clock that stands still until it is told otherwise. */
export interface ManualClock extends Clock {
  /** Moves both times on. */
  advance(ms: number): void;
}

/** A clock for tests. It starts at `nowMs`, or at the start of 2026. */
export function manualClock(nowMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsedMs = 0;
  return {
    nowMs: () => nowMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    advance: (ms) => {
      elapsedMs += ms;
    },
  };
}
