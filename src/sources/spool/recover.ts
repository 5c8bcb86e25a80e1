import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Backlog } from "./backlog.ts";
import type { Clock } from "../../core/clock.ts";
import type { StoredKey } from "./frame.ts";
import type { Place } from "./position.ts";
import { type Scan, scanSegment } from "./scan.ts";
import { listNames, pathOf, type SegmentName } from "./segment.ts";
import { SegmentReader } from "./segment-reader.ts";
import { type ActiveSegment, type Segment, Segments, type SegmentsOptions } from "./segments.ts";

export interface RecoverOptions extends SegmentsOptions {
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

export interface Recovered {
  readonly streamBeganMs: number;
  readonly segments: Segments;
  /** Everything that is there waits, as far as anybody knows here. */
  readonly backlog: Backlog;
}

/**
 * Opens what an earlier process has written, however it ended. The bytes behind the last whole frame were being written then and
 * never acknowledged, so they are cut off. Bytes that are no frame and have one behind them are damaged: they stay where they are,
 * are told, and become a dead letter when the lane comes to them. Throws what `fs` and `files` throw.
 */
export async function recoverStream(options: RecoverOptions): Promise<Recovered> {
  const { folder, files } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await files.syncFolder(dirname(folder));
  const recovery = new Recovery(options);
  recovery.readKeyFiles();
  const recovered = await recovery.readSegments();
  try {
    // The reader finds the stream by its segments, so there has to be one.
    await recovered.segments.writable();
    await files.syncFolder(folder);
  } catch (error) {
    await recovered.segments.close();
    throw error;
  }
  return recovered;
}

class Recovery {
  readonly #options: RecoverOptions;
  readonly #nowMs: number;
  /** Bases of the segments whose keys were read from a file. */
  readonly #withKeys = new Set<number>();

  constructor(options: RecoverOptions) {
    this.#options = options;
    this.#nowMs = options.clock.nowMs();
  }

  readKeyFiles(): void {
    const { folder, keys } = this.#options;
    for (const name of listNames(folder, "keys")) {
      if (keys.load(name)) this.#withKeys.add(name.base);
    }
  }

  async readSegments(): Promise<Recovered> {
    const { folder, clock } = this.#options;
    const names = listNames(folder, "seg");
    const [first] = names;
    const streamBeganMs = first?.streamBeganMs ?? this.#nowMs;
    const backlog = new Backlog(clock, { offset: first?.base ?? 0, sequence: first?.sequence ?? 0 });
    const segments: Segment[] = [];
    let active: ActiveSegment | undefined;
    for (const [index, name] of names.entries()) {
      const next = names[index + 1];
      if (next === undefined) {
        active = await this.#readLast(name, backlog);
        segments.push(active.segment);
      } else {
        segments.push(this.#readSegment(name, { offset: next.base, sequence: next.sequence }, backlog));
      }
    }
    const state = { streamBeganMs, segments, active, end: backlog.end };
    return { streamBeganMs, segments: new Segments(this.#options, state), backlog };
  }

  /** A segment that has another one behind it. */
  #readSegment(name: SegmentName, end: Place, backlog: Backlog): Segment {
    if (this.#withKeys.has(name.base)) {
      backlog.stored(end, this.#firstStoredMs(name, end.offset));
      return { name, end: end.offset, keys: undefined };
    }
    const { keys, damaged } = this.#scan(name, end.offset, backlog);
    this.#tellDamaged(name, damaged);
    // Where its end is damaged, only the next segment says how many records there were.
    if (backlog.end.offset < end.offset) backlog.stored(end, this.#nowMs);
    return { name, end: end.offset, keys };
  }

  async #readLast(name: SegmentName, backlog: Backlog): Promise<ActiveSegment> {
    const { folder, files, warn } = this.#options;
    const path = pathOf(folder, name, "seg");
    const bytes = statSync(path).size;
    const { keys, validEnd, damaged } = this.#scan(name, name.base + bytes, backlog);
    this.#tellDamaged(
      name,
      damaged.filter(({ offset }) => offset < validEnd),
    );
    const validBytes = validEnd - name.base;
    if (validBytes < bytes) {
      warn(
        `${path}: cut off the last ${bytes - validBytes} bytes, of a request that was never acknowledged.`,
      );
    }
    const file = await files.open(path);
    try {
      await file.truncate(validBytes);
      // What was written and not synced is taken for stored from now on.
      await file.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    return { file, segment: { name, end: validEnd, keys } };
  }

  #scan(name: SegmentName, end: number, backlog: Backlog): Scan & { readonly keys: StoredKey[] } {
    const { folder, keys: known } = this.#options;
    const keys: StoredKey[] = [];
    const scan = scanSegment({
      folder,
      segment: name,
      end,
      onFrame: (header, next) => {
        backlog.stored({ offset: next, sequence: header.sequence + header.records }, header.storedMs);
        if (header.stored === undefined) return;
        keys.push(header.stored);
        known.known.add(header.stored);
      },
    });
    return { ...scan, keys };
  }

  #tellDamaged(name: SegmentName, damaged: Scan["damaged"]): void {
    const path = pathOf(this.#options.folder, name, "seg");
    for (const { offset, bytes } of damaged) {
      const place = `${bytes} bytes from offset ${offset - name.base} on`;
      this.#options.warn(`${path}: ${place} are damaged; what was accepted there is lost.`);
    }
  }

  #firstStoredMs(name: SegmentName, end: number): number {
    const reader = new SegmentReader(this.#options.folder, name);
    try {
      const found = reader.find(name.base, end);
      return found.kind === "frame" ? found.header.storedMs : this.#nowMs;
    } finally {
      reader.close();
    }
  }
}
