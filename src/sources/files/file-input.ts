import type { MaybePromise } from "../../core/json.ts";
import { BlockInput } from "../records/block-input.ts";
import { DecompressionError, Decompressor } from "../records/decompress.ts";
import type { ByteInput } from "../records/reader.ts";
import type { InputFile } from "./file.ts";

/** A file's content, read in order. */
export interface FileInput {
  readonly bytes: ByteInput;
  /** Stored bytes consumed, counted from the file's beginning. */
  storedBytes(): number;
  /** Ends a read that waits. The file itself stays open. */
  close(): void;
}

/** Reads the content of a file from an offset in it, after decompression. */
export function openFileInput(file: InputFile, offset: number): FileInput {
  if (file.compression === "none") return new PlainInput(file, offset);
  return new CompressedInput(file, { offset, compression: file.compression });
}

class PlainInput implements FileInput, ByteInput {
  readonly failure = undefined;
  readonly bytes: ByteInput = this;
  ended: boolean;
  readonly #file: InputFile;
  #offset: number;

  constructor(file: InputFile, offset: number) {
    this.#file = file;
    this.#offset = offset;
    this.ended = offset >= file.size;
  }

  read(target: Buffer): MaybePromise<number> {
    const bytes = this.#file.read(target, this.#offset);
    this.#offset += bytes;
    this.ended = bytes === 0 || this.#offset >= this.#file.size;
    return bytes;
  }

  storedBytes(): number {
    return this.#offset;
  }

  close(): void {}
}

/**
 * Bytes given to the decompressor at once. Where they are corrupt, the output that came before the error within the same
 * piece is lost; so decompression starts over and comes to that place in smaller pieces, at last byte by byte.
 */
const pieceBytes = [64 * 1024, 256, 1] as const;

class CompressedInput implements FileInput {
  readonly bytes: ByteInput;
  readonly #file: InputFile;
  readonly #compression: "gzip" | "zstd";
  readonly #piece: Buffer;
  #decompressor: Decompressor;
  /** Offsets of the pieces that turned out to be corrupt, each behind the one before. */
  #corruptFrom: number[] = [];
  /** Stored offset of the last piece, and of the byte after it. */
  #pieceStart = 0;
  #pieceEnd = 0;
  #produced = 0;
  /** Offset in the decompressed stream of the next byte to hand out. */
  #wanted: number;
  #closed = false;

  constructor(file: InputFile, options: { offset: number; compression: "gzip" | "zstd" }) {
    this.#file = file;
    this.#compression = options.compression;
    this.#wanted = options.offset;
    this.#piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes[0], file.size));
    this.#decompressor = this.#start();
    this.bytes = new BlockInput({ next: () => this.#next(), lookAhead: true });
  }

  storedBytes(): number {
    return this.#pieceEnd;
  }

  close(): void {
    this.#closed = true;
    this.#decompressor.close();
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const output = await this.#output();
      if (output === undefined) return this.#atEnd();
      const start = this.#produced;
      this.#produced += output.length;
      if (this.#produced <= this.#wanted) continue;
      const unread = output.subarray(Math.max(0, this.#wanted - start));
      this.#wanted = this.#produced;
      return unread;
    }
  }

  /** Nothing follows; but if the file held less than was read of it before, that is a fault to report. */
  #atEnd(): undefined {
    if (this.#closed || this.#produced >= this.#wanted) return undefined;
    const message = `the file has changed: it holds ${this.#produced} bytes, of which ${this.#wanted} had been read`;
    throw new DecompressionError({ reason: "corrupt-input", message });
  }

  async #output(): Promise<Buffer | undefined> {
    for (;;) {
      try {
        return await this.#decompressor.read();
      } catch (error) {
        const isCorrupt = error instanceof DecompressionError && error.failure.reason === "corrupt-input";
        if (!isCorrupt || this.#corruptFrom.length === pieceBytes.length - 1) throw error;
        this.#corruptFrom.push(this.#pieceStart);
        this.#decompressor.close();
        this.#decompressor = this.#start();
      }
    }
  }

  #start(): Decompressor {
    this.#pieceStart = 0;
    this.#pieceEnd = 0;
    this.#produced = 0;
    return new Decompressor(this.#compression, () => this.#nextPiece());
  }

  #nextPiece(): Buffer | undefined {
    this.#pieceStart = this.#pieceEnd;
    const level = this.#corruptFrom.filter((offset) => offset <= this.#pieceStart).length;
    const piece = this.#piece.subarray(0, pieceBytes[level]);
    const bytes = this.#file.read(piece, this.#pieceStart);
    this.#pieceEnd += bytes;
    return bytes === 0 ? undefined : piece.subarray(0, bytes);
  }
}
