import type { Clock } from "../core/clock.ts";

/**
 * The only clock that rules, lifetimes and dedup windows see: `max(clock so far, min(event time, wall clock))`. A late
 * event does not move it back; an event dated in the future cannot move it past the wall clock, or a forged timestamp
 * would end everybody's state.
 */
export class EngineClock {
  readonly #wall: Clock;
  #nowMs: number;
  // The wall clock is read only when an event claims to be later than the last reading: most are not.
  #wallSeenMs = Number.NEGATIVE_INFINITY;

  constructor(wall: Clock, startMs: number) {
    this.#wall = wall;
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Moves the clock to an event; `undefined`, a time that is missing, leaves it as it is. Answers the clock. */
  advance(eventTimeMs: number | undefined): number {
    if (eventTimeMs === undefined || eventTimeMs <= this.#nowMs) return this.#nowMs;
    if (eventTimeMs > this.#wallSeenMs) this.#wallSeenMs = this.#wall.nowMs();
    const cappedMs = Math.min(eventTimeMs, this.#wallSeenMs);
    if (cappedMs > this.#nowMs) this.#nowMs = cappedMs;
    return this.#nowMs;
  }
}
