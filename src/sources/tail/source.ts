import { setImmediate as turnEventLoop } from "node:timers/promises";

import type { Clock, Timer } from "../../core/clock.ts";
import { isThenable, type MaybePromise } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { RecordChunk } from "../../core/record.ts";
import { Signal } from "../../core/signal.ts";
import type { PositionReader, Source, SourceProgress } from "../source.ts";
import { Changes, type WatchFolder, watchFolder } from "./changes.ts";
import type { FollowedFile } from "./followed-file.ts";
import { Handles } from "./handles.ts";
import { Places } from "./places.ts";
import { Queue } from "./queue.ts";
import type { RecordShape } from "./reading.ts";
import { Registry } from "./registry.ts";
import { Turns } from "./turns.ts";

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
  /** Files known at a time, those included that are read to their end; by default 50,000. */
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

/** What came of one step: records, the end, or that another step is due. */
type Step = RecordChunk | undefined | "again";

class TailSource implements Source {
  readonly id: string;
  readonly label: string;
  readonly #clock: Clock;
  readonly #news = new Signal();
  readonly #changes: Changes;
  readonly #handles: Handles;
  readonly #registry: Registry;
  readonly #turns: Turns;
  readonly #queue = new Queue();
  #emptyTurns = 0;
  #closed = false;
  #bytesRead = 0;
  #pendingBytes = 0;

  constructor(options: TailSourceOptions) {
    const { id, label, clock, timer, warn, from, limits, pollMs = 5000 } = options;
    this.id = id;
    this.label = label;
    this.#clock = clock;
    const news = this.#news;
    this.#changes = new Changes({
      watchFolder: options.watchFolder ?? watchFolder,
      clock,
      timer,
      pollMs,
      news,
      warn,
    });
    const handles = new Handles(options.filesOpenMax ?? 256);
    const places = new Places(options.paths, warn);
    const registry = new Registry({
      places,
      handles,
      clock,
      filesMax: options.filesMax ?? 50_000,
      from,
      warn,
    });
    this.#handles = handles;
    this.#registry = registry;
    this.#turns = new Turns({
      source: id,
      shape: { format: options.format, envelopeField: options.envelopeField },
      recordBytesMax: limits.recordBytesMax,
      bufferBytes: options.bufferBytes ?? 128 * 1024,
      registry,
      handles,
      clock,
      warn,
      onLost: () => this.#changes.requestLook(),
      onChecked: (file) => {
        this.#enqueue(file);
        news.raise();
      },
    });
  }

  /** What is not there may come. */
  find(): void {}

  async open(positionOf: PositionReader): Promise<void> {
    await this.#registry.open(positionOf);
  }

  read(): MaybePromise<RecordChunk | undefined> {
    let step = this.#step();
    while (step === "again") step = this.#step();
    return isThenable(step) ? this.#readLater(step) : step;
  }

  progress(): SourceProgress {
    return { bytesRead: this.#bytesRead, bytesTotal: this.#bytesRead + this.#pendingBytes };
  }

  close(): void {
    this.#closed = true;
    this.#changes.close();
    this.#turns.close();
    this.#handles.closeAll();
    this.#news.raise();
  }

  async #readLater(first: Promise<Step>): Promise<RecordChunk | undefined> {
    let step = await first;
    while (step === "again") step = await this.#step();
    return this.#closed ? undefined : step;
  }

  #step(): MaybePromise<Step> {
    if (this.#closed) return undefined;
    this.#notice();
    if (this.#emptyTurns >= emptyTurnsMax) {
      this.#emptyTurns = 0;
      return turnEventLoop("again");
    }
    const file = this.#queue.take(this.#turns.packedFile);
    if (file === undefined) return this.#news.wait().then(() => "again");
    const before = { done: file.doneBytes, pending: file.pendingBytes };
    const chunk = this.#turns.take(file);
    if (isThenable(chunk)) return chunk.then((later) => this.#taken(file, before, later));
    return this.#taken(file, before, chunk);
  }

  #taken(
    file: FollowedFile,
    before: { readonly done: number; readonly pending: number },
    chunk: RecordChunk | undefined,
  ): Step {
    this.#bytesRead += Math.max(0, file.doneBytes - before.done);
    this.#pendingBytes += file.pendingBytes - before.pending;
    this.#enqueue(file);
    this.#emptyTurns = chunk === undefined ? this.#emptyTurns + 1 : 0;
    if (this.#closed) return undefined;
    return chunk ?? "again";
  }

  /** Takes in what has changed. */
  #notice(): void {
    if (this.#changes.lookDue) {
      this.#changes.during(() => this.#registry.look());
      this.#turns.forget();
      this.#pendingBytes = 0;
      for (const file of this.#registry.files) {
        this.#pendingBytes += file.pendingBytes;
        this.#enqueue(file);
      }
    }
    for (const path of this.#changes.takeWritten()) {
      const file = this.#registry.at(path);
      if (file !== undefined) this.#written(file);
    }
  }

  #written(file: FollowedFile): void {
    const before = file.pendingBytes;
    this.#registry.refresh(file);
    this.#pendingBytes += file.pendingBytes - before;
    this.#enqueue(file);
  }

  #enqueue(file: FollowedFile): void {
    if (file === this.#turns.packedFile || file.isDue(this.#clock.monotonicMs())) this.#queue.add(file);
  }
}
