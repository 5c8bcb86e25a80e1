import type { DeadLetterReason } from "../../core/record.ts";
import type { RecordWindow } from "./window.ts";

/** Why the input ended before its content did. */
export interface InputFailure {
  readonly reason: Extract<DeadLetterReason, "truncated-input" | "corrupt-input">;
  /** One sentence for people. */
  readonly message: string;
}

/**
 * Finds where records begin and end. It looks at every byte once and keeps what it must remember between two calls
 * itself, so a record may be spread over any number of them.
 */
export interface Splitter {
  /** Scans from `window.scanned` up to `window.filled`, or until the window must stop. */
  scan(window: RecordWindow): void;
  /** Called once, when all bytes are scanned and none follow; adds at most one record. */
  finish(window: RecordWindow, failure: InputFailure | undefined): void;
  /** True when an ordinary record stands inside an array, so that reading goes on there after it. */
  readonly inside: boolean;
}
