import type { JsonObject } from "../../core/json.ts";
import type { RecordChunk } from "../../core/record.ts";

/** Records of one request, to be stored together: all of them or none. */
export interface SpoolEntry {
  /** Name of the source. */
  readonly source: string;
  /** In order; empty chunks are left out. The bytes are copied before `append` first waits. */
  readonly records: readonly Pick<RecordChunk, "bytes" | "count" | "starts" | "ends">[];
  /** What the client calls this request, the same in each of its retries. */
  readonly idempotencyKey: string | undefined;
  /** Digest of the request's content, to tell a retry from another request under the same key. */
  readonly digest: string;
}

export type SpoolReceipt =
  /** Stored, and no power failure can undo it. */
  | { readonly kind: "stored"; readonly records: number }
  /** The same request was stored before; nothing was added. */
  | { readonly kind: "repeated"; readonly records: number }
  /** The key was used for another content. */
  | { readonly kind: "key-reused" }
  /** Too much waits for the engine. */
  | { readonly kind: "full"; readonly retryAfterMs: number };

/** What waits for the engine, of one source. */
export interface SpoolBacklog {
  readonly records: number;
  readonly bytes: number;
  /** Wall clock when the oldest of it was stored; `undefined` when nothing waits. */
  readonly oldestMs: number | undefined;
}

/**
 * Events that were accepted and are not examined yet, in files below one folder per source. The main thread writes; a source in the lane
 * (`source.ts`) reads the same files. A retry of a request that was stored adds nothing, also after a crash in between.
 */
export interface Spool {
  /**
   * Stores a request. Requests that arrive while the disk is being written share the next write. A request under a key that
   * is still being stored waits for the same receipt. Throws `SPOOL_UNWRITABLE`; what is stored then is whole or not there.
   */
  append(entry: SpoolEntry): Promise<SpoolReceipt>;
  /**
   * The lane has committed this position of a spool source: what lies before it is not needed any more. `source` is the
   * source's id, which is its name. Positions of sources that are not spooled are ignored.
   */
  committed(source: string, stream: string, position: JsonObject): void;
  /** Called often. */
  backlog(source: string): SpoolBacklog;
  /** For the source in the lane, which reads no further than this says: see `SpoolLink`. The same one as long as the spool is open. */
  link(source: string): SharedArrayBuffer;
  /** Waits for what is being written. Later appends throw `SPOOL_UNWRITABLE`. */
  close(): Promise<void>;
}
