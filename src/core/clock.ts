/**
 * The only module that reads the machine's clock. Everything else takes a `Clock`, so that a test or a simulator
 * decides what time it is.
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
