import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { contentBytesOf, type FrameHeader, frameHeaderBytes, frameMagic, readHeader } from "./frame.ts";
import { pathOf, type SegmentName } from "./segment.ts";

/** Bytes read at once; a longer frame is read whole. */
const windowBytes = 256 * 1024;
/** Memory that is kept for the next frame; more is given up again. */
const keptBytesMax = 4 * 1024 * 1024;

/** What stands at an offset of a segment. */
export type Found =
  | {
      readonly kind: "frame";
      readonly header: FrameHeader;
      /** First byte of its lengths, as an index of the reader's `bytes`. */
      readonly contentAt: number;
      /** Offset of what follows it. */
      readonly next: number;
    }
  /** Bytes that are no whole frame, up to `next`: the next frame, or the end. */
  | { readonly kind: "damaged"; readonly next: number };

/** Reads the frames of one segment. Offsets are those of the stream. Everything throws what `fs` throws. */
export class SegmentReader {
  readonly segment: SegmentName;
  /** The part of the segment that is in memory; valid until the next call. */
  bytes: Buffer = Buffer.allocUnsafeSlow(windowBytes);
  /** Offset of `bytes[0]`. */
  bytesBase = 0;
  #filled = 0;
  readonly #descriptor: number;

  constructor(folder: string, segment: SegmentName) {
    this.segment = segment;
    this.#descriptor = openSync(pathOf(folder, segment, "seg"), "r");
  }

  /** What stands at an offset before `end`. */
  find(offset: number, end: number): Found {
    return this.#frameAt(offset, end) ?? { kind: "damaged", next: this.#nextFrame(offset + 1, end) };
  }

  /** The bytes from `offset` to `end`, or the first `bytesMax` of them. */
  some(offset: number, end: number, bytesMax: number): Buffer {
    const bytes = Math.min(bytesMax, end - offset);
    this.#fill(offset, bytes, end);
    return this.bytes.subarray(offset - this.bytesBase, offset - this.bytesBase + bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #frameAt(offset: number, end: number): Found | undefined {
    if (!this.#fill(offset, frameHeaderBytes, end)) return undefined;
    const header = readHeader(this.bytes, offset - this.bytesBase, offset);
    if (header === undefined) return undefined;
    const bytes = frameHeaderBytes + contentBytesOf(header);
    if (!this.#fill(offset, bytes, end)) return undefined;
    const start = offset - this.bytesBase;
    const contentAt = start + frameHeaderBytes;
    if (crc32(this.bytes.subarray(contentAt, start + bytes)) !== header.contentCrc) return undefined;
    return { kind: "frame", header, contentAt, next: offset + bytes };
  }

  /** Offset of the first whole frame at or behind one; `end` where there is none. */
  #nextFrame(from: number, end: number): number {
    let offset = from;
    while (end - offset >= frameHeaderBytes) {
      this.#fill(offset, Math.min(windowBytes, end - offset), end);
      const found = this.bytes.subarray(0, this.#filled).indexOf(frameMagic, offset - this.bytesBase);
      if (found < 0) {
        // The last bytes may be the beginning of what is looked for. Where nothing more can be read, it ends here.
        const next = this.bytesBase + this.#filled - frameMagic.length + 1;
        if (next <= offset) return end;
        offset = next;
        continue;
      }
      offset = this.bytesBase + found;
      if (this.#frameAt(offset, end) !== undefined) return offset;
      offset++;
    }
    return end;
  }

  /** Sees to it that so many bytes from `offset` on are in memory; false when they do not all lie before `end`, or are not there. */
  #fill(offset: number, bytes: number, end: number): boolean {
    if (offset + bytes > end) return false;
    if (offset >= this.bytesBase && offset + bytes <= this.bytesBase + this.#filled) return true;
    const size = Math.max(bytes, windowBytes);
    const tooSmall = this.bytes.length < size;
    const tooLarge = this.bytes.length > keptBytesMax && size <= keptBytesMax;
    if (tooSmall || tooLarge)
      this.bytes = Buffer.allocUnsafeSlow(Math.ceil(size / windowBytes) * windowBytes);
    this.bytesBase = offset;
    this.#filled = 0;
    const wanted = Math.min(size, end - offset);
    while (this.#filled < wanted) {
      const position = offset - this.segment.base + this.#filled;
      const read = readSync(this.#descriptor, this.bytes, this.#filled, wanted - this.#filled, position);
      if (read === 0) break;
      this.#filled += read;
    }
    return this.#filled >= bytes;
  }
}
