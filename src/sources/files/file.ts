import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOf, StakeoutError } from "../../core/errors.ts";
import { type Compression, detectCompression } from "../records/decompress.ts";

/** Bytes of a file's beginning by which it is recognised. */
export const headBytesMax: number = 1024;

/** An error that ends the run because of one file. */
export function unreadable(path: string, why: unknown): StakeoutError {
  const message = `cannot read ${path}: ${messageOf(why)}`;
  return new StakeoutError("INPUT_UNREADABLE", message, { fields: { path }, cause: why });
}

/** A regular file that is open for reading. What is appended to it later is not seen: that is for the next run. */
export class InputFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** The first bytes, up to 1,024. */
  readonly head: Buffer;
  readonly compression: Compression;
  readonly #descriptor: number;
  readonly #isOwn: boolean;

  /** `opened` is a descriptor of the file that stays the caller's to close. Throws `INPUT_UNREADABLE`. */
  constructor(path: string, opened?: number) {
    this.path = path;
    this.#isOwn = opened === undefined;
    try {
      this.#descriptor = opened ?? openSync(path, "r");
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      const { size, mtimeMs } = fstatSync(this.#descriptor);
      this.size = size;
      this.mtimeMs = mtimeMs;
      const head = Buffer.alloc(Math.min(size, headBytesMax));
      this.head = head.subarray(0, this.read(head, 0));
      this.compression = detectCompression(this.head);
    } catch (error) {
      this.close();
      throw unreadable(path, error);
    }
  }

  /** Reads bytes at an offset, as many as fit; 0 at the end. Throws `INPUT_UNREADABLE`. */
  read(target: Buffer, offset: number): number {
    const wanted = Math.min(target.length, this.size - offset);
    if (wanted <= 0) return 0;
    try {
      return readSync(this.#descriptor, target, 0, wanted, offset);
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }

  close(): void {
    if (this.#isOwn) closeSync(this.#descriptor);
  }
}
