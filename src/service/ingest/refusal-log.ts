import type { Clock } from "../../core/clock.ts";

/** Where the listener tells what its operator should know. */
export interface IngestLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A client that is refused comes again soon, so one line tells of all refusals since the line before. */
const intervalMs = 60_000;

/** Tells of refused requests at most once a minute. */
export class RefusalLog {
  readonly #log: IngestLog;
  readonly #clock: Clock;
  readonly #counts: Map<string, number> = new Map();
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(log: IngestLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `source` is left out where a request belongs to none. */
  note(status: number, source: string | undefined): void {
    const name = source === undefined ? String(status) : `${status} ${source}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + intervalMs;
    this.#log.warn({ refused: Object.fromEntries(this.#counts) }, "requests for events are refused");
    this.#counts.clear();
  }
}
