import type { Clock } from "../../core/clock.ts";
import type { Place } from "./position.ts";
import type { SpoolBacklog } from "./spool.ts";

/** Times are noted this far apart, so that a long backlog takes little memory. */
const markEveryMs = 100;
const marksMax = 8192;
/** The rate at which the lane commits is taken over this long. */
const rateWindowMs = 10_000;
const retryAfterMs = { min: 1000, max: 60_000, unknown: 5000 } as const;

/** What was stored and not committed yet, of one source. */
export class Backlog {
  readonly #clock: Clock;
  #end: Place;
  #committed: Place;
  /** Where frames began that were stored `markEveryMs` after the one before, ascending. */
  #marks: { readonly offset: number; readonly storedMs: number }[] = [];
  /** How far the lane had committed in the last `rateWindowMs`. */
  #commits: { readonly offset: number; readonly monotonicMs: number }[] = [];

  /** `end` is both: nothing waits. */
  constructor(clock: Clock, end: Place) {
    this.#clock = clock;
    this.#end = end;
    this.#committed = end;
  }

  get end(): Place {
    return this.#end;
  }

  get committedOffset(): number {
    return this.#committed.offset;
  }

  /** Frames were stored that begin at the end so far. */
  stored(end: Place, storedMs: number): void {
    if (this.#committed.offset === this.#end.offset) this.#beginWaiting();
    const last = this.#marks.at(-1);
    if (last === undefined || Math.abs(storedMs - last.storedMs) >= markEveryMs) {
      this.#marks.push({ offset: this.#end.offset, storedMs });
    }
    // With fewer marks the oldest record looks older than it is, never younger.
    if (this.#marks.length > marksMax) this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#end = end;
  }

  /** A place behind the end, or before the last one, is the end, or changes nothing. */
  committed(place: Place): void {
    const { offset: before, sequence } = this.#committed;
    if (place.offset < before || (place.offset === before && place.sequence <= sequence)) return;
    this.#committed = place.offset < this.#end.offset ? place : this.#end;
    const { offset } = this.#committed;
    while ((this.#marks[1]?.offset ?? Number.POSITIVE_INFINITY) <= offset) this.#marks.shift();
    const monotonicMs = this.#clock.monotonicMs();
    this.#commits.push({ offset, monotonicMs });
    while ((this.#commits[1]?.monotonicMs ?? monotonicMs) < monotonicMs - rateWindowMs) this.#commits.shift();
  }

  read(): SpoolBacklog {
    const bytes = this.#end.offset - this.#committed.offset;
    if (bytes === 0) return { records: 0, bytes: 0, oldestMs: undefined };
    return {
      records: this.#end.sequence - this.#committed.sequence,
      bytes,
      oldestMs: this.#marks[0]?.storedMs,
    };
  }

  /** What was before tells nothing any more: neither when it was stored, nor how fast the lane is when it has something to do. */
  #beginWaiting(): void {
    this.#marks = [];
    this.#commits = [{ offset: this.#end.offset, monotonicMs: this.#clock.monotonicMs() }];
  }

  /** When the lane may have committed so many bytes more, going by how fast it has been. */
  retryAfterMs(bytes: number): number {
    const [first] = this.#commits;
    const nowMs = this.#clock.monotonicMs();
    if (first === undefined || nowMs - first.monotonicMs < retryAfterMs.min) return retryAfterMs.unknown;
    const waitMs = (bytes * (nowMs - first.monotonicMs)) / (this.#committed.offset - first.offset);
    return Math.ceil(Math.min(Math.max(waitMs, retryAfterMs.min), retryAfterMs.max));
  }
}
