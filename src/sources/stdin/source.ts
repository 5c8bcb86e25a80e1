import { messageOf, StakeoutError } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RecordChunk } from "../../core/record.ts";
import { BlockInput } from "../records/block-input.ts";
import { Decompressor, detectCompression, magicBytesMax } from "../records/decompress.ts";
import type { Format } from "../records/format.ts";
import { type Cursor, RecordReader } from "../records/reader.ts";
import { RecordWindow } from "../records/window.ts";
import type { PositionReader, Source, SourceProgress } from "../source.ts";

/** Names standard input in positions. */
export const stdinSourceId = "stdin";

export interface StreamSourceOptions {
  /** `process.stdin`, or anything else that gives bytes. */
  readonly input: AsyncIterable<Buffer>;
  /** How records stand in the stream; by default told from its first bytes. */
  readonly format?: Format | "auto";
  /** Field of an envelope's array; by default `Records` is recognised where it comes first. */
  readonly envelopeField?: string | undefined;
  readonly limits: Pick<Limits, "recordBytesMax">;
  /** By default `stdin`. */
  readonly label?: string;
  /** Bytes held at once, besides what the input gives at once; by default 128 KiB. */
  readonly bufferBytes?: number;
  /** Left out: the input is given from its beginning, as a stream that was never read. */
  readonly resume?: StreamResume | undefined;
}

/** How to go on within a run with what another source has begun to read. */
export interface StreamResume {
  readonly stream: string;
  /** The last position of that stream that was committed, as this source makes them. */
  readonly position: JsonObject;
  /**
   * Offset of the first byte that `input` gives, at most that of the position. Input that is compressed has to be given
   * from its beginning.
   */
  readonly firstByte: number;
}

/**
 * Reads standard input. A new run cannot go on with it: what an interrupted run has taken from a pipe is gone, and a new
 * run reads what comes then. So each run is a stream of its own, named by the first number no run has committed a position
 * under: positions never repeat from run to run.
 */
export function createStreamSource(options: StreamSourceOptions): Source {
  return new StreamSource(options);
}

class StreamSource implements Source {
  readonly id = stdinSourceId;
  readonly label: string;
  readonly #options: StreamSourceOptions;
  readonly #blocks: BlockReader;
  #reader: RecordReader | undefined;
  #decompressor: Decompressor | undefined;
  #stream = "";
  #closed = false;

  constructor(options: StreamSourceOptions) {
    this.#options = options;
    this.label = options.label ?? stdinSourceId;
    this.#blocks = new BlockReader(options.input);
  }

  /** A stream is there as soon as anybody can read it. */
  find(): void {}

  async open(positionOf: PositionReader): Promise<void> {
    this.#stream = this.#options.resume?.stream ?? String(await firstFreeNumber(positionOf));
  }

  async read(): Promise<RecordChunk | undefined> {
    if (this.#closed) return undefined;
    this.#reader ??= await this.#start();
    const chunk = await this.#reader.next();
    // The end that closing brings about is not the end of the input, so what looks unfinished then is no fault.
    return this.#closed ? undefined : chunk;
  }

  progress(): SourceProgress {
    return { bytesRead: this.#blocks.bytesRead, bytesTotal: undefined };
  }

  close(): void {
    this.#closed = true;
    this.#decompressor?.close();
    this.#blocks.close();
  }

  async #start(): Promise<RecordReader> {
    const { format, envelopeField, limits, bufferBytes = 128 * 1024, resume } = this.#options;
    const blocks = this.#blocks;
    const { firstByte = 0, position } = resume ?? {};
    const cursor = position as unknown as Cursor | undefined;
    // In the middle of the input its bytes may look like anything.
    const compression = firstByte > 0 ? "none" : detectCompression(await blocks.peek(magicBytesMax));
    let next = (): Promise<Buffer | undefined> => blocks.next();
    if (compression !== "none") {
      const decompressor = new Decompressor(compression, next);
      this.#decompressor = decompressor;
      next = () => decompressor.read();
    }
    if (cursor !== undefined) next = withoutFirst(cursor.offset - firstByte, next);
    return new RecordReader({
      source: stdinSourceId,
      stream: this.#stream,
      // Looking ahead would keep records back until more input comes.
      input: new BlockInput({ next, lookAhead: false }),
      format: format ?? "auto",
      envelopeField,
      window: new RecordWindow({ recordBytesMax: limits.recordBytesMax, bufferBytes }),
      resume: cursor,
      positionAt: (at) => ({ ...at }),
    });
  }
}

/** Passes over so many bytes, then answers blocks as they come. */
function withoutFirst(
  bytes: number,
  next: () => Promise<Buffer | undefined>,
): () => Promise<Buffer | undefined> {
  let left = bytes;
  return async () => {
    for (;;) {
      const block = await next();
      if (block === undefined) return undefined;
      const rest = block.subarray(left);
      left = Math.max(0, left - block.length);
      if (rest.length > 0) return rest;
    }
  };
}

/**
 * Runs without a commit leave no position and their number is free again, so the numbers in use have no gaps and the
 * first free one is found by doubling and halving.
 */
async function firstFreeNumber(positionOf: PositionReader): Promise<number> {
  const isUsed = async (run: number): Promise<boolean> => (await positionOf(String(run))) !== undefined;
  let free = 1;
  while (await isUsed(free)) free *= 2;
  let used = Math.floor(free / 2);
  while (free - used > 1) {
    const middle = Math.floor((used + free) / 2);
    if (await isUsed(middle)) used = middle;
    else free = middle;
  }
  return free;
}

/** Takes blocks from the input one at a time, and stops waiting for one when closed. */
class BlockReader {
  bytesRead = 0;
  readonly #input: AsyncIterable<Buffer>;
  readonly #iterator: AsyncIterator<Buffer>;
  #peeked: Buffer | undefined;
  #closed = false;
  #stopWaiting: (() => void) | undefined;

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input;
    this.#iterator = input[Symbol.asyncIterator]();
  }

  /** The next block, or `undefined` at the end. Throws `INPUT_UNREADABLE`. */
  async next(): Promise<Buffer | undefined> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    return peeked ?? (await this.#take());
  }

  /** The first bytes, which `next` gives again: as many as asked for unless the input ends before. */
  async peek(bytes: number): Promise<Buffer> {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < bytes) {
      const block = await this.#take();
      if (block === undefined) break;
      head = Buffer.concat([head, block]);
    }
    this.#peeked = head;
    return head;
  }

  close(): void {
    this.#closed = true;
    this.#stopWaiting?.();
    // A stream that is waited on ends its iteration only when destroyed.
    if ("destroy" in this.#input && typeof this.#input.destroy === "function") this.#input.destroy();
    else void this.#iterator.return?.();
  }

  async #take(): Promise<Buffer | undefined> {
    if (this.#closed) return undefined;
    const block = await new Promise<Buffer | undefined>((resolve, reject) => {
      this.#stopWaiting = () => resolve(undefined);
      this.#iterator.next().then(
        (result) => resolve(result.done === true ? undefined : result.value),
        (error: unknown) => reject(unreadable(error)),
      );
    });
    this.bytesRead += block?.length ?? 0;
    return block;
  }
}

function unreadable(error: unknown): StakeoutError {
  return new StakeoutError("INPUT_UNREADABLE", `cannot read standard input: ${messageOf(error)}`, {
    cause: error,
  });
}
