import { setImmediate as turnEventLoop } from "node:timers/promises";

import type { Clock, Timer } from "../../core/clock.ts";
import { StakeoutError } from "../../core/errors.ts";
import { isThenable, type MaybePromise } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { RecordChunk } from "../../core/record.ts";
import { Signal } from "../../core/signal.ts";
import { InputFile } from "../files/file.ts";
import { RecordWindow } from "../records/window.ts";
import type { PositionReader, Source, SourceProgress } from "../source.ts";
import { Changes, type WatchFolder, watchFolder } from "./changes.ts";
import type { FollowedFile } from "./followed-file.ts";
import { Handles } from "./handles.ts";
import { hasProperEnd, PackedReading } from "./packed-reading.ts";
import { Places } from "./places.ts";
import { formatOf, GrowingInput, isContinued, isReplaced, publish, readerOf, type RecordShape } from "./reading.ts";
import { Registry } from "./registry.ts";

export interface TailSourceOptions extends RecordShape {
  /** Names the source in positions; stable. */
  readonly id: string;
  readonly label: string;
  /** Files, folders (walked, hidden entries left out) and glob patterns. They may appear later. */
  readonly paths: readonly string[];
  /** Where files begin that are there when the source runs for the first time. What appears later begins at its start. */
  readonly from: "start" | "end";
  readonly limits: Pick<Limits, "recordBytesMax">;
  readonly clock: Clock;
  readonly timer: Timer;
  /** Hears a sentence about each thing that cannot be read, once for as long as it lasts. */
  readonly warn: (message: string) => void;
  /** By default that of the operating system. */
  readonly watchFolder?: WatchFolder;
  /** How often everything is looked at, whatever was told of changes, in milliseconds; by default 5,000. */
  readonly pollMs?: number;
  /** Files known at a time, those included that are read to their end; by default 100,000. */
  readonly filesMax?: number;
  /** Files open at a time; by default 256. */
  readonly filesOpenMax?: number;
  /** Bytes read at once; by default 128 KiB. */
  readonly bufferBytes?: number;
}

/**
 * Follows files as they grow, appear and are rotated, and never ends by itself. A file is known by its device and number
 * and by the content that was read of it, so it is the same under another name, and another one when its content was
 * replaced. Streams are numbered; see `Slots`.
 */
export function createTailSource(options: TailSourceOptions): Source {
  return new TailSource(options);
}

/** Turns that brought nothing, in a row, after which others get a chance. */
const emptyTurnsMax = 64;

class TailSource implements Source {
  readonly id: string;
  readonly label: string;
  readonly #options: TailSourceOptions;
  readonly #news = new Signal();
  readonly #changes: Changes;
  readonly #handles: Handles;
  readonly #registry: Registry;
  readonly #window: RecordWindow;
  readonly #packedWindow: RecordWindow;
  /** Files that something may be read from, in turn. */
  readonly #ready = new Set<FollowedFile>();
  #packed: PackedReading | undefined;
  #closed = false;
}
