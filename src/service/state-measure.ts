import type { Clock } from "../core/clock.ts";
import { measureStateFile } from "../state/sqlite/measure.ts";
import type { StateStatus } from "./status.ts";

/** A measure is not older than so long … */
const measureMsMin = 15_000;
/** … unless taking it costs more than this part of the time. */
const costMax = 0.01;

/** How large the state is, measured now and then: counting keys reads all of them. */
export class StateMeasurement {
  readonly #file: string;
  readonly #clock: Clock;
  #measured: StateStatus | undefined;
  #nextMs = 0;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** `undefined` while there is no state file. */
  read(): StateStatus | undefined {
    const startedMs = this.#clock.monotonicMs();
    if (startedMs < this.#nextMs) return this.#measured;
    try {
      this.#measured = measureStateFile(this.#file);
    } catch {
      // Not there yet, or being made. What was measured before is better than nothing.
    }
    const tookMs = this.#clock.monotonicMs() - startedMs;
    this.#nextMs = startedMs + Math.max(measureMsMin, tookMs / costMax);
    return this.#measured;
  }
}
