import type { RecordChunk } from "../../core/record.ts";
import type { FileInput } from "../files/file-input.ts";
import { InputFile } from "../files/file.ts";
import type { JsonObject } from "../../core/json.ts";
import { detectFormat, type Format } from "../records/format.ts";
import { type ByteInput, type Cursor, RecordReader } from "../records/reader.ts";
import type { RecordWindow } from "../records/window.ts";
import type { FollowedFile } from "./followed-file.ts";
import { beginsWith, type Mark, markOf, noMark, type Place, tailBytesMax, toStored } from "./position.ts";

const newline = 10;

/** Bytes read at once to look for a line end from behind. */
const blockBytes = 64 * 1024;

/** How records stand in the files of a source. */
export interface RecordShape {
  readonly format: Format | "auto";
  readonly envelopeField: string | undefined;
}

/** The part of an open file that is not read yet. */
export class GrowingInput implements ByteInput {
  readonly failure = undefined;
  readonly #file: InputFile;
  readonly #to: number;
  readonly #isFinal: boolean;
  #offset: number;

  constructor(file: InputFile, options: { from: number; to: number; isFinal: boolean }) {
    this.#file = file;
    this.#offset = options.from;
    this.#to = options.to;
    this.#isFinal = options.isFinal;
  }

  get ended(): boolean {
    return this.#isFinal && this.#offset >= this.#to;
  }

  read(target: Buffer): number {
    const wanted = Math.min(target.length, this.#to - this.#offset);
    if (wanted <= 0) return 0;
    const bytes = this.#file.read(target.subarray(0, wanted), this.#offset);
    this.#offset += bytes;
    return bytes;
  }
}

/** A reader whose positions are places in the file alone. */
export function readerOf(
  input: ByteInput,
  file: FollowedFile,
  { shape, window }: { shape: RecordShape; window: RecordWindow },
): RecordReader {
  return new RecordReader({
    ...shape,
    source: "",
    stream: "",
    input,
    window,
    resume: file.at?.cursor,
    positionAt: (cursor) => ({ ...cursor }),
  });
}

/** Whether an open file still begins with what was read of it. */
export function isContinued(file: FollowedFile, opened: InputFile): boolean {
  const { at, head } = file;
  if (!beginsWith(opened.head, head)) return false;
  if (at === undefined) return true;
  if (at.compression !== "none") return opened.size >= at.size && opened.compression === at.compression;
  if (opened.size < at.cursor.offset) return false;
  return at.tail.bytes === 0 || beginsWith(bytesBefore(opened, at), at.tail);
}

/** Whether the content was replaced since a file was looked at. */
export function isReplaced(opened: InputFile, descriptor: number): boolean {
  const now = new InputFile(opened.path, descriptor);
  return now.size < opened.size || !now.head.subarray(0, opened.head.length).equals(opened.head);
}

/** The format of what the file holds, as far as it can be told. */
export function formatOf(
  file: FollowedFile,
  head: Buffer,
  { format, envelopeField }: RecordShape,
): Format | undefined {
  if (file.at !== undefined) return file.at.cursor.format;
  if (format !== "auto") return format;
  return detectFormat(head.toString("latin1"), { envelopeField, complete: false });
}

export interface Stored {
  readonly source: string;
  readonly stream: string;
  readonly compression: Place["compression"];
  /** Stored bytes that are consumed; `undefined`: as many as the content has up to the cursor. */
  readonly input: FileInput | undefined;
}

/** Makes records of one file records of its stream, and notes how far it will have been read. */
export function publish(file: FollowedFile, chunk: RecordChunk, stored: Stored): RecordChunk {
  const { base, size, mtimeMs } = file;
  const { source, stream, compression, input } = stored;
  const storedBytes = input?.storedBytes();
  const placeAfter = (count: number): Place => {
    const cursor = chunk.positionAfter(count) as unknown as Cursor;
    const tail = storedBytes === undefined ? tailOf(chunk, count, cursor.offset) : noMark;
    return { cursor, tail, size, mtimeMs, compression, storedBytes: storedBytes ?? cursor.offset };
  };
  const identity = file.positionAt(placeAfter(chunk.count));
  file.at = placeAfter(chunk.count);
  file.doneBytes = file.at.storedBytes;
  if (file.at.cursor.atEnd) {
    file.unread = false;
    file.endTaken = true;
  }
  return {
    ...chunk,
    source,
    stream,
    file: file.path,
    baseOffset: base + chunk.baseOffset,
    positionAfter: (count) => toStored({ ...identity, ...placeAfter(count) }),
  };
}

/** A chunk without records: where reading stands, for the next commit. */
export function emptyChunk(source: string, stream: string, position: JsonObject): RecordChunk {
  const none = new Uint32Array(0);
  const bytes = Buffer.alloc(0);
  const ranges = { bytes, count: 0, starts: none, ends: none, faults: undefined };
  return { ...ranges, source, stream, baseOffset: 0, positionAfter: () => position };
}

/** The offset behind the last newline before an offset; 0 where there is none. */
export function endOfLines(opened: InputFile, before: number): number {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  for (let end = before; end > 0; end -= blockBytes) {
    const start = Math.max(0, end - blockBytes);
    const bytes = opened.read(block.subarray(0, end - start), start);
    const index = block.lastIndexOf(newline, bytes - 1);
    if (bytes > 0 && index >= 0) return start + index + 1;
  }
  return 0;
}

/** The bytes before the end of a chunk's record. */
function tailOf(chunk: RecordChunk, count: number, offset: number): Mark {
  // Behind a record that was too long the bytes are not where their offsets say.
  if (chunk.faults?.has(count - 1) === true) return noMark;
  const end = offset - chunk.baseOffset;
  return markOf(chunk.bytes.subarray(Math.max(0, end - tailBytesMax), end));
}

/** The marked bytes before a place; fewer where the file is too short. */
export function bytesBefore(opened: InputFile, { cursor, tail }: Place): Buffer {
  const target = Buffer.alloc(tail.bytes);
  return target.subarray(0, opened.read(target, cursor.offset - tail.bytes));
}
