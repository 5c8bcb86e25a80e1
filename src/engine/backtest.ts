import type { Clock } from "../core/clock.ts";
import { EngineClock } from "./engine-clock.ts";

export interface PeriodOptions {
  /** The first millisecond of the period; left out, it has no beginning. */
  readonly fromMs?: number | undefined;
  /** The first millisecond after the period; left out, it has no end. */
  readonly toMs?: number | undefined;
  readonly wall: Clock;
}

/**
 * The part of history that a backtest looks at. An event outside is not given to rules and does not move the engine clock,
 * as if it had never been recorded. An event without a time of its own belongs to the time that the events before it
 * have reached, those outside the period included.
 */
export class Period {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #reached: EngineClock;
  #outside = 0;
  #firstMs = Number.POSITIVE_INFINITY;

  constructor({ fromMs, toMs, wall }: PeriodOptions) {
    this.#fromMs = fromMs ?? Number.NEGATIVE_INFINITY;
    this.#toMs = toMs ?? Number.POSITIVE_INFINITY;
    this.#reached = new EngineClock(wall, Number.NEGATIVE_INFINITY);
  }

  /** Called once for each event in order, with its time; answers whether it is in the period. */
  includes(eventTimeMs: number | undefined): boolean {
    const reachedMs = this.#reached.advance(eventTimeMs);
    const atMs = eventTimeMs ?? reachedMs;
    // Before the first dated event nothing tells that a beginning was reached.
    if (atMs < this.#fromMs || atMs >= this.#toMs) {
      this.#outside += 1;
      return false;
    }
    if (this.#firstMs === Number.POSITIVE_INFINITY && eventTimeMs !== undefined) {
      this.#firstMs = Math.min(eventTimeMs, reachedMs);
    }
    return true;
  }

  /** Events that were left out. */
  get outside(): number {
    return this.#outside;
  }

  /** The time of the first dated event in the period; `undefined` when there was none. */
  get firstMs(): number | undefined {
    return this.#firstMs === Number.POSITIVE_INFINITY ? undefined : this.#firstMs;
  }
}
