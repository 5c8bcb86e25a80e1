import type { Clock } from "../../src/core/clock.ts";
import { Chance } from "../chance.ts";
import { type Plan, startMs } from "../plan.ts";

/** What the engine has been told of the time when it examined a record. */
export interface WallReading {
  /** The last reading in this life; `-Infinity` where there was none. */
  readonly wallMs: number;
  /** Whether that was since the record before. */
  readonly fresh: boolean;
}

/** A wall clock that moves with the records and jumps, and a monotonic clock that only moves when somebody looks. */
export class SimClock implements Clock {
  readonly #chance: Chance;
  readonly #settings: Plan["settings"];
  #records = 0;
  #jumpedMs = 0;
  #elapsedMs = 0;
  #wallMs = Number.NEGATIVE_INFINITY;
  #fresh = false;

  constructor({ seed, settings }: Plan) {
    this.#chance = new Chance(seed, "clock");
    this.#settings = settings;
  }

  nowMs(): number {
    const { wallLeadMs, wallPaceMs } = this.#settings;
    this.#wallMs = startMs + wallLeadMs + this.#records * wallPaceMs + this.#jumpedMs;
    this.#fresh = true;
    return this.#wallMs;
  }

  monotonicMs(): number {
    this.#elapsedMs += this.#chance.between(0, this.#settings.stepMs);
    return this.#elapsedMs;
  }

  jump(byMs: number): void {
    this.#jumpedMs += byMs;
  }

  /** Time passes while something is slow. */
  pass(byMs: number): void {
    this.#elapsedMs += byMs;
  }

  /** The source has handed out so many records, those before a restart included. */
  moveTo(records: number): void {
    this.#records = records;
  }

  /** A lane begins that has not looked yet. */
  beginLife(): void {
    this.#wallMs = Number.NEGATIVE_INFINITY;
    this.#fresh = false;
  }

  takeReading(): WallReading {
    const reading = { wallMs: this.#wallMs, fresh: this.#fresh };
    this.#fresh = false;
    return reading;
  }
}
