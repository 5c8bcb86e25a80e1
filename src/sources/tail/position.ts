import type { JsonObject } from "../../core/json.ts";
import { hashOf, StoredFields } from "../files/file-position.ts";
import type { Compression } from "../records/decompress.ts";
import type { Cursor } from "../records/reader.ts";

/** Some bytes by which content is recognised. */
export interface Mark {
  readonly bytes: number;
  readonly hash: string;
}

/** How far the content of a file has been read. */
export interface Place {
  readonly cursor: Cursor;
  /** Stored bytes consumed by then. */
  readonly storedBytes: number;
  /** Size and time of change of the file at that time. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly compression: Compression;
  /** The bytes just before the cursor; none where they are not known, as in compressed content. */
  readonly tail: Mark;
}

/** Some content, and how far it has been read. */
export interface Content {
  /** Its first bytes, as stored. */
  readonly head: Mark;
  readonly at: Place;
}

/** A place, and what it takes to find the file again. */
export interface TailPosition extends Place {
  /** Where the file stood last. */
  readonly path: string;
  /** Numbers of the device and of the file on it, as text: they may have more digits than a number holds. */
  readonly device: string;
  readonly inode: string;
  /** Bytes that were read in this stream before this content. */
  readonly base: number;
  /** True when the file has left the path where it was found first. */
  readonly moved: boolean;
  /** The first bytes of the content. */
  readonly head: Mark;
}

/** Bytes before the cursor that are recognised, at most. */
export const tailBytesMax = 256;

export const noMark: Mark = { bytes: 0, hash: "" };

export function markOf(content: Buffer): Mark {
  return content.length === 0 ? noMark : { bytes: content.length, hash: hashOf(content) };
}

/** True when the content begins with what was marked. */
export function beginsWith(content: Buffer, mark: Mark): boolean {
  if (mark.bytes === 0) return true;
  return content.length >= mark.bytes && hashOf(content.subarray(0, mark.bytes)) === mark.hash;
}

export function toStored({ cursor, head, tail, ...others }: TailPosition): JsonObject {
  const marks = { headBytes: head.bytes, headHash: head.hash, tailBytes: tail.bytes, tailHash: tail.hash };
  return { ...others, ...cursor, ...marks };
}

/** Reads a stored position. Throws `STATE_FILE_UNUSABLE` when it is not one. */
export function fromStored(stream: string, stored: JsonObject): TailPosition {
  const fields = new StoredFields(`stream ${stream}`, stored);
  return {
    path: fields.string("path"),
    device: fields.string("device"),
    inode: fields.string("inode"),
    base: fields.number("base"),
    moved: fields.boolean("moved"),
    cursor: fields.cursor(),
    storedBytes: fields.number("storedBytes"),
    size: fields.number("size"),
    mtimeMs: fields.number("mtimeMs"),
    compression: fields.compression(),
    head: { bytes: fields.number("headBytes"), hash: fields.string("headHash") },
    tail: { bytes: fields.number("tailBytes"), hash: fields.string("tailHash") },
  };
}
