import type { JsonObject } from "./json.ts";

/** Why a record could not become an event. */
export const deadLetterReasons = [
  "invalid-json",
  "not-an-object",
  "invalid-utf8",
  "nul-byte",
  "too-long",
  "too-deep",
  "truncated-input",
  "corrupt-input",
  "pattern-mismatch",
  "no-envelope",
  "unknown-log-type",
] as const;

export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** A record that the source itself could not deliver whole: its bytes in the chunk are what there is of it. */
export interface RecordFault {
  readonly reason: DeadLetterReason;
  /** One sentence for people, with the figures. */
  readonly message: string;
  /** Length of the whole record in bytes where known; the chunk may hold only its beginning. */
  readonly bytesTotal: number;
}

/**
 * Some consecutive records of one stream, as ranges of one buffer. A source hands out many records at once because a
 * function call and an object per record would cost as much as reading them.
 */
export interface RecordChunk {
  readonly source: string;
  readonly stream: string;
  /** Path of the file that the records come from, where the stream does not name it. */
  readonly file?: string | undefined;
  /** Owned by the source; valid until the next `read`. */
  readonly bytes: Buffer;
  /** 0 for a chunk that only says how far the stream counts as read. */
  readonly count: number;
  /** First byte of each record in `bytes`; at least `count` long. */
  readonly starts: Uint32Array;
  /** The byte after the last of each record, line end not included; at least `count` long. */
  readonly ends: Uint32Array;
  /** Offset in the stream of the first byte of `bytes`, so a record's position is `baseOffset + starts[i]`. */
  readonly baseOffset: number;
  /** By record number, only where a record is faulty; `undefined` when none of the chunk is. */
  readonly faults: ReadonlyMap<number, RecordFault> | undefined;
  /** How far the stream has been read once the first `count` records are done. Cheap only when rarely called. */
  positionAfter(count: number): JsonObject;
}

/** A record that could not become an event, with what is needed to look at it and to try again. */
export interface DeadLetter {
  readonly kind: "dead-letter";
  readonly position: import("./position.ts").Position;
  /** Path of the file it comes from, where the stream does not name it. */
  readonly file?: string | undefined;
  readonly reason: DeadLetterReason;
  readonly message: string;
  /** The original bytes, cut to the record limit. Valid as long as the chunk it came from. */
  readonly bytes: Buffer;
  readonly bytesTotal: number;
}
