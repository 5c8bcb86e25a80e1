import type { Chance } from "../core/clock.ts";

export interface DelayBounds {
  readonly delayMs: number;
  readonly delayMaxMs: number;
}

/**
 * How long to wait after so many failures (at least 1): any time between `delayMs` and a bound that doubles with each failure
 * up to `delayMaxMs`. Chance spreads out those that failed together.
 */
export function delayAfter(failures: number, { delayMs, delayMaxMs }: DelayBounds, chance: Chance): number {
  const longestMs = Math.max(delayMs, Math.min(delayMaxMs, delayMs * 2 ** failures));
  return delayMs + chance() * (longestMs - delayMs);
}
