import type { Alert } from "../core/alert.ts";
import type { MaybePromise } from "../core/json.ts";

/** An alert on its way to one destination. */
export interface Delivery {
  /** The same for every attempt at the same delivery: alert id and status. A receiver that has seen it may ignore it. */
  readonly idempotencyKey: string;
  readonly alert: Alert;
}

/**
 * Where alerts go, behind the outbox: at least once each. The engine calls `deliver` after the commit that put the
 * deliveries into the outbox, one call at a time, in order, and takes them out of the outbox with the next commit. So a
 * process that dies in between delivers the same deliveries again, under the same keys.
 */
export interface Destination {
  readonly name: string;
  /** Resolves when all are delivered. Throws when that is impossible now; all stay in the outbox then. */
  deliver(deliveries: readonly Delivery[]): MaybePromise<void>;
  close(): MaybePromise<void>;
}

/**
 * A file that belongs to the commit: its length is stored with the batch, and opening it again cuts off what no commit
 * knows. So each line is in it exactly once. Used for alerts and for dead letters.
 */
export interface CommittedFile {
  /** Absolute path; the key under which the length is stored. */
  readonly path: string;
  /**
   * Opens the file and cuts it to `committedBytes`; `undefined` (never written by this state) keeps what is there. Answers
   * the length from which it goes on, which the engine commits before anything is appended. Throws `OUTPUT_UNWRITABLE`.
   */
  open(committedBytes: number | undefined): MaybePromise<OpenedFile>;
  /** Appends lines (each ending in a newline) in memory order and makes them durable. Answers the new length. */
  append(lines: readonly string[]): MaybePromise<number>;
  close(): MaybePromise<void>;
}

export interface OpenedFile {
  readonly bytes: number;
  /** A sentence for people when the file was not as the last commit left it: missing, shorter. */
  readonly warning?: string;
}
