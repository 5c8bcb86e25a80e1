import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { SpoolEntry } from "./spool.ts";

/*
 * A frame holds the records of one request, all of them or none:
 *
 *   header       76 bytes, see `at`
 *   lengths      4 bytes for each record, little-endian: its bytes without its line end
 *   records      each followed by a line feed, so that no two of them have the same offset, however short
 *
 * The header's checksum covers the header with the checksum of all that follows in it, so both together cover every byte.
 * A frame names its own offset: bytes of a record that happen to look like a frame are not taken for one.
 */
export const frameMagic: Buffer = Buffer.from("SPF1", "latin1");
export const frameHeaderBytes = 76;

/** Where the fields of a header are. Numbers are little-endian; offsets, counts and times are doubles. */
const at = {
  offset: 4,
  sequence: 12,
  storedMs: 20,
  records: 28,
  recordBytes: 32,
  contentCrc: 36,
  key: 40,
  digest: 56,
  headerCrc: 72,
} as const;

const digestBytes = 16;
const noKey = "\0".repeat(digestBytes);
const lineFeed = 0x0a;

/** A request that was stored under a key. */
export interface StoredKey {
  /** 16 bytes as `latin1`: a hash of what the client sent, which may be long. */
  readonly key: string;
  readonly digest: string;
  readonly records: number;
  /** Wall clock. */
  readonly storedMs: number;
}

export interface FrameHeader {
  /** In the stream, like all offsets here. */
  readonly offset: number;
  /** Records of the stream before this frame. */
  readonly sequence: number;
  readonly storedMs: number;
  readonly records: number;
  readonly recordBytes: number;
  readonly contentCrc: number;
  /** `undefined` where the client gave no key. */
  readonly stored: StoredKey | undefined;
}

/** Bytes of lengths and records. */
export function contentBytesOf(header: Pick<FrameHeader, "records" | "recordBytes">): number {
  return header.records * 4 + header.recordBytes;
}

/** A key or a digest as frames hold it. */
export function shortHash(text: string): string {
  return hash("sha256", text, "buffer").toString("latin1", 0, digestBytes);
}

/** Records of a request, and bytes of their frame. */
export function frameBytesOf(records: SpoolEntry["records"]): {
  readonly count: number;
  readonly bytes: number;
} {
  let count = 0;
  let recordBytes = 0;
  for (const chunk of records) {
    count += chunk.count;
    for (let index = 0; index < chunk.count; index++) {
      recordBytes += (chunk.ends[index] ?? 0) - (chunk.starts[index] ?? 0) + 1;
    }
  }
  return { count, bytes: frameHeaderBytes + contentBytesOf({ records: count, recordBytes }) };
}

/** A frame for these records, complete but for its place in the stream: `place` is to be called before it is written. */
export function buildFrame(records: SpoolEntry["records"], stored: StoredKey | undefined): Buffer {
  const { count, bytes } = frameBytesOf(records);
  const frame = Buffer.allocUnsafe(bytes);
  let lengthAt = frameHeaderBytes;
  let recordAt = frameHeaderBytes + count * 4;
  for (const chunk of records) {
    for (let index = 0; index < chunk.count; index++) {
      const length = chunk.bytes.copy(frame, recordAt, chunk.starts[index], chunk.ends[index]);
      lengthAt = frame.writeUInt32LE(length, lengthAt);
      recordAt = frame.writeUInt8(lineFeed, recordAt + length);
    }
  }
  frameMagic.copy(frame);
  frame.writeUInt32LE(count, at.records);
  frame.writeUInt32LE(bytes - frameHeaderBytes - count * 4, at.recordBytes);
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes)), at.contentCrc);
  frame.write(stored?.key ?? noKey, at.key, digestBytes, "latin1");
  frame.write(stored?.digest ?? noKey, at.digest, digestBytes, "latin1");
  return frame;
}

/** Gives a frame its place, which is not known before what is written ahead of it is on the disk. */
export function place(
  frame: Buffer,
  { offset, sequence, storedMs }: Pick<FrameHeader, "offset" | "sequence" | "storedMs">,
): void {
  frame.writeDoubleLE(offset, at.offset);
  frame.writeDoubleLE(sequence, at.sequence);
  frame.writeDoubleLE(storedMs, at.storedMs);
  frame.writeUInt32LE(crc32(frame.subarray(0, at.headerCrc)), at.headerCrc);
}

/** The header that begins at an index of `bytes` and says that it stands at `offset`; `undefined` where there is none. */
export function readHeader(bytes: Buffer, index: number, offset: number): FrameHeader | undefined {
  const header = bytes.subarray(index, index + frameHeaderBytes);
  if (header.length < frameHeaderBytes || !header.subarray(0, frameMagic.length).equals(frameMagic))
    return undefined;
  if (header.readUInt32LE(at.headerCrc) !== crc32(header.subarray(0, at.headerCrc))) return undefined;
  if (header.readDoubleLE(at.offset) !== offset) return undefined;
  const records = header.readUInt32LE(at.records);
  const storedMs = header.readDoubleLE(at.storedMs);
  const key = header.toString("latin1", at.key, at.key + digestBytes);
  const digest = header.toString("latin1", at.digest, at.digest + digestBytes);
  return {
    offset,
    sequence: header.readDoubleLE(at.sequence),
    storedMs,
    records,
    recordBytes: header.readUInt32LE(at.recordBytes),
    contentCrc: header.readUInt32LE(at.contentCrc),
    stored: key === noKey ? undefined : { key, digest, records, storedMs },
  };
}
