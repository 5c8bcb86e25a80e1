import type { MaybePromise } from "../../core/json.ts";
import type { RecordChunk } from "../../core/record.ts";
import { type FileInput, openFileInput } from "../files/file-input.ts";
import type { InputFile } from "../files/file.ts";
import { DecompressionError, Decompressor } from "../records/decompress.ts";
import type { RecordReader } from "../records/reader.ts";
import type { RecordWindow } from "../records/window.ts";
import type { FollowedFile } from "./followed-file.ts";
import { readerOf, type RecordShape } from "./reading.ts";

/** Bytes given to the decompressor at once when a file is only looked through. */
const pieceBytes = 64 * 1024;

/** A compressed file that is being read. Its content can only be read on from where it was, so it stays open to the end. */
export class PackedReading {
  readonly file: FollowedFile;
  readonly opened: InputFile;
  readonly input: FileInput;
  readonly #reader: RecordReader;

  constructor(file: FollowedFile, opened: InputFile, options: { shape: RecordShape; window: RecordWindow }) {
    this.file = file;
    this.opened = opened;
    this.input = openFileInput(opened, file.at?.cursor.offset ?? 0);
    this.#reader = readerOf(this.input.bytes, file, options);
  }

  next(): MaybePromise<RecordChunk | undefined> {
    return this.#reader.next();
  }

  close(): void {
    this.input.close();
  }
}

export interface LookThrough {
  /** Makes it stop early. */
  readonly isClosed: () => boolean;
  readonly onContent: (piece: Buffer) => void;
}

/** Looks through a compressed file. Answers whether it has a proper end. Throws `INPUT_UNREADABLE`. */
export async function lookThrough(opened: InputFile, { isClosed, onContent }: LookThrough): Promise<boolean> {
  const { compression } = opened;
  if (compression === "none") return true;
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  let offset = 0;
  const decompressor = new Decompressor(compression, () => {
    const bytes = isClosed() ? 0 : opened.read(piece, offset);
    offset += bytes;
    return bytes === 0 ? undefined : piece.subarray(0, bytes);
  });
  try {
    for (;;) {
      const content = await decompressor.read();
      if (content === undefined) return true;
      onContent(content);
    }
  } catch (error) {
    if (error instanceof DecompressionError) return false;
    throw error;
  } finally {
    decompressor.close();
  }
}
