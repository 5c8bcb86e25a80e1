import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";

/** Where the listener tells what its operator should know. */
export interface IngestLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A client that is refused comes again soon, so one line tells of all refusals since the line before. */
const intervalMs = 60_000;

/** Tells of refused requests, and of why nothing can be stored, at most once a minute each. */
export class RefusalLog {
  readonly #log: IngestLog;
  readonly #clock: Clock;
  readonly #counts: Map<string, number> = new Map();
  #nextRefusedMs = Number.NEGATIVE_INFINITY;
  #nextUnwritableMs = Number.NEGATIVE_INFINITY;

  constructor(log: IngestLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `source` is left out where a request belongs to none. */
  refused(status: number, source?: string): void {
    const name = source === undefined ? String(status) : `${status} ${source}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextRefusedMs) return;
    this.#nextRefusedMs = nowMs + intervalMs;
    this.#log.warn({ refused: Object.fromEntries(this.#counts) }, "requests for events are refused");
    this.#counts.clear();
  }

  unwritable(source: string, error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextUnwritableMs) return;
    this.#nextUnwritableMs = nowMs + intervalMs;
    this.#log.warn({ source, error: messageOf(error) }, "accepted events cannot be stored");
  }

  /** What should not happen: each time. */
  failed(error: unknown): void {
    this.#log.warn({ error: messageOf(error) }, "a request for events failed unexpectedly");
  }
}
