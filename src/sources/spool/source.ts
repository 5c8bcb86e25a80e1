import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf, StakeoutError } from "../../core/errors.ts";
import type { MaybePromise } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { RecordChunk, RecordFault } from "../../core/record.ts";
import type { Signal } from "../../core/signal.ts";
import type { PositionReader, Source, SourceProgress } from "../source.ts";
import { SpoolLink } from "./link.ts";
import { fromStored, type SpoolPosition, toStored } from "./position.ts";
import { folderOf, listNames, pathOf, type SegmentName, streamName } from "./segment.ts";
import { type Found, SegmentReader } from "./segment-reader.ts";

export interface SpoolSourceOptions {
  /** Of the whole spool. */
  readonly folder: string;
  /** Name of the source; also the id of this one, so that it does not matter how events get here. */
  readonly source: string;
  readonly label: string;
  readonly limits: Pick<Limits, "recordBytesMax">;
  /** Raised when something was stored. Several sources may wait for the same. */
  readonly arrivals: Signal;
  /** `link` of the spool that is written. */
  readonly link: SharedArrayBuffer;
}

/**
 * Reads what the writer of a spool has stored, frame by frame, and waits for more: it ends only when closed. There is one stream,
 * as long as the folder exists; its offsets go on from file to file.
 */
export function createSpoolSource(options: SpoolSourceOptions): Source {
  return new SpoolSource(options);
}

class SpoolSource implements Source {
  readonly id: string;
  readonly label: string;
  readonly #options: SpoolSourceOptions;
  readonly #folder: string;
  readonly #link: SpoolLink;
  readonly #records: RecordRanges;
  #stream = "";
  /** What is read next. */
  #next: SpoolPosition = { offset: 0, record: 0, sequence: 0 };
  /** As of when the segments were listed, what may be read. */
  #end = 0;
  #segments: readonly SegmentName[] = [];
  #reader: SegmentReader | undefined;
  #bytesRead = 0;
  #closed = false;

  constructor(options: SpoolSourceOptions) {
    this.id = options.source;
    this.label = options.label;
    this.#options = options;
    this.#folder = folderOf(options.folder, options.source);
    this.#link = new SpoolLink(options.link);
    this.#records = new RecordRanges(options.limits.recordBytesMax);
  }

  find(): void {
    if (existsSync(this.#folder)) return;
    throw new StakeoutError("INPUT_NOT_FOUND", `there is no spool in ${this.#folder}`, {
      fields: { path: this.#folder },
    });
  }

  async open(positionOf: PositionReader): Promise<void> {
    this.#list();
    const [first] = this.#segments;
    if (first === undefined) throw this.#unreadable("there is no segment in it");
    this.#stream = streamName(first);
    const stored = await positionOf(this.#stream);
    const begin = { offset: first.base, record: 0, sequence: first.sequence };
    this.#next = stored === undefined ? begin : this.#resume(fromStored(this.#stream, stored), begin);
    this.#link.resumedAt = this.#next;
  }

  read(): MaybePromise<RecordChunk | undefined> {
    const chunk = this.#readNow();
    return chunk === undefined && !this.#closed ? this.#readLater() : chunk;
  }

  progress(): SourceProgress {
    return { bytesRead: this.#bytesRead, bytesTotal: undefined };
  }

  close(): void {
    this.#closed = true;
    this.#closeReader();
    this.#options.arrivals.raise();
  }

  /** Where to go on from a position. Throws `INPUT_UNREADABLE` when what it says was read is not what the spool held. */
  #resume(position: SpoolPosition, begin: SpoolPosition): SpoolPosition {
    const { offset } = position;
    if (offset > this.#end) {
      throw this.#unreadable(
        `the state has read it up to offset ${offset}, but it ends at ${this.#end}; was it restored from an older copy? ` +
          "All that is in it has been examined. Move the folder away and start again, which begins a new one",
      );
    }
    if (offset >= begin.offset) return position;
    const accepted = join(this.#folder, `skip-from-${offset}`);
    if (existsSync(accepted)) return begin;
    throw this.#unreadable(
      `the state has read it up to offset ${offset}, but it begins at ${begin.offset}; was the state restored from an older copy? ` +
        "What lies between was examined, and deleted once a newer state held what came of it. Use that state, or, to go on " +
        `without, create the file ${accepted} and start again`,
    );
  }

  async #readLater(): Promise<RecordChunk | undefined> {
    let chunk: RecordChunk | undefined;
    while (chunk === undefined && !this.#closed) {
      await this.#options.arrivals.wait();
      chunk = this.#readNow();
    }
    return chunk;
  }

  #readNow(): RecordChunk | undefined {
    while (!this.#closed && (this.#next.offset < this.#end || this.#list())) {
      const chunk = this.#readFrame();
      if (chunk !== undefined) return chunk;
    }
    return undefined;
  }

  /** Sees how far can be read now; false when that is no further. */
  #list(): boolean {
    // In this order: what lies before the end is in segments that are there by now.
    const end = this.#link.durableEnd;
    if (end <= this.#end && this.#segments.length > 0) return false;
    this.#segments = this.#try(() => listNames(this.#folder, "seg"));
    this.#end = end;
    return this.#next.offset < end;
  }

  /** The records of the next frame; `undefined` when they were read already. */
  #readFrame(): RecordChunk | undefined {
    const at = this.#next;
    const index = this.#segments.findLastIndex(({ base }) => base <= at.offset);
    const segment = this.#segments[index];
    if (segment === undefined) throw this.#unreadable(`the file with offset ${at.offset} is missing`);
    // A file may be longer than its part of the stream: see `append` of `Segments`.
    const end = Math.min(this.#end, this.#segments[index + 1]?.base ?? this.#end);
    const reader = this.#readerOf(segment);
    const found = this.#try(() => reader.find(at.offset, end));
    this.#bytesRead += found.next - at.offset;
    if (found.kind === "damaged") return this.#damaged(reader, found.next);
    const { header, next } = found;
    const after = { offset: next, record: 0, sequence: header.sequence + header.records };
    this.#next = after;
    if (at.record >= header.records) return undefined;
    const { record } = at;
    return {
      ...this.#records.read(reader.bytes, found, record),
      source: this.id,
      stream: this.#stream,
      bytes: reader.bytes,
      baseOffset: reader.bytesBase,
      positionAfter: (count) => {
        const done = record + count;
        const within = { offset: at.offset, record: done, sequence: header.sequence + done };
        return toStored(done < header.records ? within : after);
      },
    };
  }

  /** Bytes that are no frame, as a faulty record: nothing that was accepted vanishes silently. */
  #damaged(reader: SegmentReader, next: number): RecordChunk {
    const { offset, sequence } = this.#next;
    const bytesTotal = next - offset;
    const bytes = this.#try(() => reader.some(offset, next, this.#options.limits.recordBytesMax));
    const path = pathOf(this.#folder, reader.segment, "seg");
    const message = `${bytesTotal} bytes of ${path} are damaged, from offset ${offset - reader.segment.base} on; the records in them are lost`;
    this.#next = { offset: next, record: 0, sequence };
    return {
      source: this.id,
      stream: this.#stream,
      bytes,
      count: 1,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(bytes.length),
      baseOffset: offset,
      faults: new Map([[0, { reason: "corrupt-input", message, bytesTotal }]]),
      positionAfter: (count) => toStored({ offset: count === 0 ? offset : next, record: 0, sequence }),
    };
  }

  #readerOf(segment: SegmentName): SegmentReader {
    if (this.#reader?.segment.base === segment.base) return this.#reader;
    this.#closeReader();
    const reader = this.#try(() => new SegmentReader(this.#folder, segment));
    this.#reader = reader;
    return reader;
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #try<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #unreadable(why: unknown): StakeoutError {
    const message = `cannot read the spool ${this.#folder}: ${typeof why === "string" ? why : messageOf(why)}`;
    return new StakeoutError("INPUT_UNREADABLE", message, { fields: { path: this.#folder }, cause: why });
  }
}

/** Where the records of a frame are. Its arrays are used again for each. */
class RecordRanges {
  readonly #recordBytesMax: number;
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);

  constructor(recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
  }

  /** The records of a frame from a number on. */
  read(
    bytes: Buffer,
    { header, contentAt }: Extract<Found, { kind: "frame" }>,
    first: number,
  ): Pick<RecordChunk, "count" | "starts" | "ends" | "faults"> {
    const { records } = header;
    if (records > this.#starts.length) {
      this.#starts = new Uint32Array(records);
      this.#ends = new Uint32Array(records);
    }
    let faults: Map<number, RecordFault> | undefined;
    let start = contentAt + records * 4;
    for (let index = 0; index < records; index++) {
      const length = bytes.readUInt32LE(contentAt + index * 4);
      this.#starts[index] = start;
      this.#ends[index] = start + Math.min(length, this.#recordBytesMax);
      if (length > this.#recordBytesMax && index >= first) {
        faults ??= new Map();
        faults.set(index - first, this.#tooLong(length));
      }
      start += length + 1;
    }
    return {
      count: records - first,
      starts: this.#starts.subarray(first, records),
      ends: this.#ends.subarray(first, records),
      faults,
    };
  }

  #tooLong(bytesTotal: number): RecordFault {
    const message = `the record has ${bytesTotal} bytes; the limit is ${this.#recordBytesMax}`;
    return { reason: "too-long", message, bytesTotal };
  }
}
