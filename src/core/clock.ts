/**
 * The only module that reads the machine's clock and its randomness. Everything else takes a `Clock`, a `Timer` or a
 * `Chance`, so that a test or a simulator decides what time it is.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  nowMs(): number;
  /** A time that never goes back, in milliseconds from an arbitrary start. For measuring how long something takes. */
  monotonicMs(): number;
}

// Taken when the module loads: rule code sees a `Date` that answers the engine clock, the engine must not.
const wallNow = Date.now;
const monotonicNow = performance.now.bind(performance);

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => wallNow(),
  monotonicMs: () => monotonicNow(),
};

/** Calls back after a while, for whoever must not depend on how long a while really is. */
export interface Timer {
  /** Answers a function that takes the call back. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemTimer: Timer = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Answers a number from 0 up to 1, to spread things out in time. What an engine finds never depends on it. */
export type Chance = () => number;

export const systemChance: Chance = Math.random;
