import type { Clock, Timer } from "../../src/core/clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock and the timers that go by it. Nothing happens until it is told that time passes. */
export class ManualTime {
  /** Passed since the start. */
  passedMs = 0;
  #wallMs: number;
  readonly #alarms = new Set<Alarm>();

  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs;
  }

  readonly clock: Clock = {
    nowMs: () => this.#wallMs + this.passedMs,
    monotonicMs: () => this.passedMs,
  };

  readonly timer: Timer = {
    after: (delayMs, callback) => {
      const alarm = { atMs: this.passedMs + delayMs, callback };
      this.#alarms.add(alarm);
      return () => this.#alarms.delete(alarm);
    },
  };

  /** Timers that were set and neither went off nor were taken back. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Somebody sets the wall clock. */
  shiftWall(ms: number): void {
    this.#wallMs += ms;
  }

  /** Lets time pass: each timer goes off at its moment, and what it causes happens before the next one. */
  async advance(ms: number): Promise<void> {
    const endMs = this.passedMs + ms;
    await settled();
    for (let next = this.#first(endMs); next !== undefined; next = this.#first(endMs)) {
      this.#alarms.delete(next);
      this.passedMs = Math.max(this.passedMs, next.atMs);
      next.callback();
      await settled();
    }
    this.passedMs = endMs;
  }

  #first(endMs: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= endMs && (first === undefined || alarm.atMs < first.atMs)) first = alarm;
    }
    return first;
  }
}

/** Promises that wait for nothing but each other are done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
