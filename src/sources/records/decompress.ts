import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import type { MaybePromise } from "../../core/json.ts";
import type { InputFailure } from "./splitter.ts";

/** How stored bytes are packed. */
export type Compression = "none" | "gzip" | "zstd";

/** Bytes that `detectCompression` looks at. */
export const magicBytesMax = 4;

/** Bytes that one piece of output has at most. */
const outputBytesMax = 128 * 1024;

/** Recognises compressed data by its first bytes, whatever its name. */
export function detectCompression(head: Buffer): Compression {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return "gzip";
  if (head.length < magicBytesMax) return "none";
  const magic = head.readUInt32LE(0);
  // Parallel compressors begin with a frame that decompressors skip; sixteen numbers are set aside for those.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? "zstd" : "none";
}

/** Thrown by `Decompressor.read` where the compressed data are cut off or wrong. */
export class DecompressionError extends Error {
  readonly failure: InputFailure;

  constructor(failure: InputFailure) {
    super(failure.message);
    this.name = "DecompressionError";
    this.failure = failure;
  }
}

/**
 * Decompresses a stream piece by piece: any number of gzip members or zstd frames one after another, with zeros between
 * and behind them. Everything that comes before an error is answered first.
 */
export class Decompressor {
  readonly #compression: Exclude<Compression, "none">;
  readonly #nextBlock: () => MaybePromise<Buffer | undefined>;
  #member: Gunzip | ZstdDecompress | undefined;
  /** Bytes the member was given. */
  #given = 0;
  /** The block that was read last, up to its end; what the member has not been given yet comes first. */
  #block: Buffer = Buffer.alloc(0);
  #busy = false;
  #ended = false;
  #closed = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  /** `nextBlock` may use the memory of its last answer again. */
  constructor(compression: Exclude<Compression, "none">, nextBlock: () => MaybePromise<Buffer | undefined>) {
    this.#compression = compression;
    this.#nextBlock = nextBlock;
  }

  /** The next piece of output, or `undefined` at the end. Throws `DecompressionError`. */
  async read(): Promise<Buffer | undefined> {
    while (!this.#closed) {
      const output = this.#member?.read() as Buffer | null | undefined;
      if (output) return output;
      if (this.#error !== undefined) throw new DecompressionError(failureOf(this.#error));
      if (this.#ended) return undefined;
      if (this.#busy) await this.#wait();
      else await this.#feed();
    }
    return undefined;
  }

  /** Ends a `read` that waits for output; one that waits for a block ends with that. */
  close(): void {
    this.#closed = true;
    this.#member?.destroy();
    this.#wake?.();
  }

  async #feed(): Promise<void> {
    const member = this.#member;
    const leftBytes = member === undefined ? 0 : this.#given - member.bytesWritten;
    if (member !== undefined && leftBytes > 0) {
      // A member that is complete takes no more: the rest is for the next one.
      member.destroy();
      this.#member = undefined;
      this.#block = this.#block.subarray(this.#block.length - leftBytes);
    } else {
      const block = await this.#nextBlock();
      if (this.#closed) return;
      if (block === undefined) {
        this.#finish();
        return;
      }
      this.#block = block;
    }
    this.#write();
  }

  #write(): void {
    if (this.#member === undefined) {
      const start = this.#block.findIndex((byte) => byte !== 0);
      if (start < 0) return;
      this.#block = this.#block.subarray(start);
    }
    const member = (this.#member ??= this.#newMember());
    this.#busy = true;
    this.#given += this.#block.length;
    member.write(this.#block, () => this.#notBusy());
  }

  /** Input has ended: a member that is under way says whether it is complete. */
  #finish(): void {
    if (this.#member === undefined) {
      this.#ended = true;
    } else {
      this.#busy = true;
      this.#member.end();
    }
  }

  #newMember(): Gunzip | ZstdDecompress {
    const create = this.#compression === "gzip" ? createGunzip : createZstdDecompress;
    const member = create({ chunkSize: outputBytesMax });
    this.#given = 0;
    member.on("readable", () => this.#wake?.());
    member.on("end", () => {
      if (member !== this.#member) return;
      this.#ended = true;
      this.#notBusy();
    });
    member.on("error", (error) => {
      if (member !== this.#member) return;
      this.#error = error;
      this.#notBusy();
    });
    return member;
  }

  #notBusy(): void {
    this.#busy = false;
    this.#wake?.();
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function failureOf(error: unknown): InputFailure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") {
    return { reason: "truncated-input", message: "the compressed data end before they are complete" };
  }
  return { reason: "corrupt-input", message: `the compressed data are corrupt: ${messageOf(error)}` };
}
