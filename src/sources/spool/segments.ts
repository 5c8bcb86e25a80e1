import { type SpoolFile, type SpoolFiles, writeAll } from "./files.ts";
import { place, type StoredKey } from "./frame.ts";
import type { Place } from "./position.ts";
import { pathOf, type SegmentName } from "./segment.ts";
import type { SegmentKeys } from "./segment-keys.ts";

/** A frame to be written. */
export interface NewFrame {
  readonly bytes: Buffer;
  readonly records: number;
  readonly storedMs: number;
  readonly stored: StoredKey | undefined;
}

export interface Segment {
  readonly name: SegmentName;
  /** Offset behind its last frame. */
  end: number;
  /** Of its frames; `undefined` once a file holds them. */
  keys: StoredKey[] | undefined;
}

/** The segment that is written to. */
export interface ActiveSegment {
  readonly file: SpoolFile;
  readonly segment: Segment;
}

export interface SegmentsOptions {
  readonly folder: string;
  readonly files: SpoolFiles;
  readonly keys: SegmentKeys;
  /** A segment with so many bytes gets no more frames. */
  readonly segmentBytes: number;
}

/** What is known of a stream whose files were looked through. */
export interface SegmentsState {
  readonly streamBeganMs: number;
  /** Ascending. */
  readonly segments: Segment[];
  /** The last segment; `undefined` to begin another one. */
  readonly active: ActiveSegment | undefined;
  readonly end: Place;
}

/** The segments of one stream. Never two calls at a time. */
export class Segments {
  readonly #options: SegmentsOptions;
  readonly #streamBeganMs: number;
  readonly #segments: Segment[];
  #active: ActiveSegment | undefined;
  #end: Place;
  #keysDue = true;

  constructor(options: SegmentsOptions, { streamBeganMs, segments, active, end }: SegmentsState) {
    this.#options = options;
    this.#streamBeganMs = streamBeganMs;
    this.#segments = segments;
    this.#active = active;
    this.#end = end;
  }

  /** Where the next frame will begin. */
  get end(): Place {
    return this.#end;
  }

  /**
   * Writes frames and syncs them. Throws what `files` throws; then none of them is stored, and as nobody knows what
   * of them is on the disk, the next frames go into another file. That begins where the last good frame ended, so
   * whatever a disk keeps of the failed ones lies outside of the stream.
   */
  async append(frames: readonly NewFrame[]): Promise<void> {
    try {
      const { file, segment } = await this.writable();
      const end = this.#place(frames);
      const bytes = frames.map((frame) => frame.bytes);
      await writeAll(file, bytes, this.#end.offset - segment.name.base);
      await file.sync();
      segment.end = end.offset;
      this.#end = end;
      for (const { stored } of frames) if (stored !== undefined) segment.keys?.push(stored);
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
  }

  /** The segment for the next frames, begun where there is none that takes more. Throws what `files` throws. */
  async writable(): Promise<ActiveSegment> {
    const active = this.#active;
    if (active !== undefined && active.segment.end - active.segment.name.base >= this.#options.segmentBytes) {
      await this.close();
      this.#keysDue = true;
    }
    this.#active ??= await this.#begin();
    return this.#active;
  }

  /** True when `tidy` has something to do. */
  isUntidy(offset: number): boolean {
    const [first, second] = this.#segments;
    return this.#keysDue || (first !== undefined && second !== undefined && first.end <= offset);
  }

  /**
   * Gives the keys of segments that are complete a file, and deletes the segments that lie wholly before an offset. The
   * last one stays in any case: it knows where the stream goes on. Throws what `files` throws.
   */
  async tidy(offset: number, nowMs: number): Promise<void> {
    const { folder, files, keys } = this.#options;
    this.#keysDue = false;
    let dropped = 0;
    for (const segment of this.#segments.slice(0, -1)) {
      if (segment.keys !== undefined) await keys.keep(segment.name, segment.keys);
      segment.keys = undefined;
      if (segment.end > offset) continue;
      await files.remove(pathOf(folder, segment.name, "seg"));
      this.#segments.shift();
      dropped++;
    }
    if (dropped === 0) return;
    await keys.removeForgotten(nowMs);
    await files.syncFolder(folder);
  }

  async close(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await active?.file.close();
  }

  /** Gives frames their places and answers the end behind them. */
  #place(frames: readonly NewFrame[]): Place {
    let { offset, sequence } = this.#end;
    for (const { bytes, records, storedMs } of frames) {
      place(bytes, { offset, sequence, storedMs });
      offset += bytes.length;
      sequence += records;
    }
    return { offset, sequence };
  }

  /** Begins a segment. Its name is durable before anything is written to it. */
  async #begin(): Promise<ActiveSegment> {
    const { folder, files } = this.#options;
    const { offset: base, sequence } = this.#end;
    const name = { streamBeganMs: this.#streamBeganMs, base, sequence };
    const file = await files.create(pathOf(folder, name, "seg"));
    try {
      await files.syncFolder(folder);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    const segment: Segment = { name, end: base, keys: [] };
    this.#segments.push(segment);
    return { file, segment };
  }

  async #giveUp(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    const { file, segment } = active;
    // Best effort, to give room back: nothing reads what this cannot cut off.
    await file.truncate(segment.end - segment.name.base).catch(() => undefined);
    await this.close().catch(() => undefined);
    this.#keysDue = true;
    // One without a frame is begun again under the same name.
    if (segment.end === segment.name.base) this.#segments.pop();
  }
}
