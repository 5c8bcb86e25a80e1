import type { JsonObject, MaybePromise } from "../core/json.ts";
import type { RecordChunk } from "../core/record.ts";

/** Answers how far a stream had been read at the last commit; `undefined` for a stream never read before. */
export type PositionReader = (stream: string) => MaybePromise<JsonObject | undefined>;

/** How much there is to read, for progress. */
export interface SourceProgress {
  /** Bytes of input consumed in this run, as stored: compressed bytes of a compressed file. */
  readonly bytesRead: number;
  /** All bytes this run will consume, as far as known; `undefined` for standard input. */
  readonly bytesTotal: number | undefined;
}

/**
 * Where records come from. The engine calls `find` and `open` once each, then `read` until it answers `undefined`, then `close`; never
 * two calls at a time. After a crash the next run opens a new source with the positions of the last commit, so a source
 * must give the same records in the same order from there.
 */
export interface Source {
  /** Part of every position and of the stored positions' keys; stable across runs. */
  readonly id: string;
  /** Shown to people and to rules as `p_source_label`. */
  readonly label: string;
  /** Looks whether the input is there, before the state is opened. Throws `INPUT_NOT_FOUND` or `INPUT_UNREADABLE`. */
  find(): MaybePromise<void>;
  /** Hands over how far streams had been read, for when each of them is opened. */
  open(positionOf: PositionReader): MaybePromise<void>;
  /**
   * The next records in order, or `undefined` at the end of the input. A chunk without records says only how far its stream
   * counts as read. The chunk is valid until the next call. Bad bytes are faults inside the chunk, not errors; an error (`INPUT_UNREADABLE`) ends the run.
   */
  read(): MaybePromise<RecordChunk | undefined>;
  /** Called about ten times a second. */
  progress(): SourceProgress;
  /** Frees files and handles; called once, also after an error, also while a `read` is waiting (which then ends). */
  close(): MaybePromise<void>;
}
