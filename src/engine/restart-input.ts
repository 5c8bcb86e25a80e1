import { StakeoutError } from "../core/errors.ts";
import type { StreamPosition } from "../core/position.ts";
import { detectCompression, magicBytesMax } from "../sources/records/decompress.ts";
import type { StdinResume } from "./lane-messages.ts";

interface KeptBlock {
  readonly bytes: Buffer;
  /** Offset of its first byte. */
  readonly offset: number;
}

/**
 * Standard input for lanes that may have to start again. What comes out of a pipe is gone, so it is kept until what was
 * made of it is committed: up to a limit, beyond which the run goes on, but until the next commits no lane can take over.
 */
export class RepeatableInput {
  readonly #input: NodeJS.ReadableStream;
  readonly #bytesMax: number;
  /** One after another, the last of them the latest. */
  #blocks: KeptBlock[] = [];
  #keptBytes = 0;
  #readBytes = 0;
  /** The first bytes of all. */
  #head: Buffer = Buffer.alloc(0);
  #ended = false;
  #committed: StreamPosition | undefined;
  #output: NodeJS.WritableStream | undefined;

  constructor(input: NodeJS.ReadableStream, bytesMax: number) {
    this.#input = input;
    this.#bytesMax = bytesMax;
    input.on("data", (bytes: Buffer) => this.#take(bytes));
    input.on("end", () => {
      this.#ended = true;
      this.#output?.end();
    });
    input.pause();
  }

  /** How a new lane has to begin. Throws `LANE_FAILED` when what it needs is no longer there. */
  resume(): StdinResume | undefined {
    const committed = this.#committed;
    const firstByte = this.#blocks[0]?.offset ?? this.#readBytes;
    if (firstByte > this.#needed()) throw tooMuch(this.#bytesMax);
    return committed && { stream: committed.stream, position: committed.value, firstByte };
  }

  /** Gives a lane what is kept, and from then on what comes. The lane before it must have ended. */
  feed(output: NodeJS.WritableStream): void {
    this.#output = output;
    output.on("drain", () => {
      if (output === this.#output) this.#input.resume();
    });
    // A lane that ends takes no more; that it has ended is told elsewhere.
    output.on("error", () => undefined);
    let ready = true;
    for (const { bytes } of this.#blocks) ready = output.write(bytes);
    if (this.#ended) output.end();
    else if (ready) this.#input.resume();
  }

  /** Called when what was read up to this position is committed. */
  committed(position: StreamPosition): void {
    this.#committed = position;
    const needed = this.#needed();
    const first = this.#blocks.findIndex((block) => block.offset + block.bytes.length > needed);
    const done = this.#blocks.splice(0, first < 0 ? this.#blocks.length : first);
    for (const { bytes } of done) this.#keptBytes -= bytes.length;
  }

  #take(bytes: Buffer): void {
    if (this.#output?.write(bytes) !== true) this.#input.pause();
    if (this.#head.length < magicBytesMax)
      this.#head = Buffer.concat([this.#head, bytes]).subarray(0, magicBytesMax);
    this.#blocks.push({ bytes, offset: this.#readBytes });
    this.#readBytes += bytes.length;
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= this.#bytesMax) return;
    this.#blocks = [];
    this.#keptBytes = 0;
  }

  /** Offset of the first byte that a new lane would have to be given. */
  #needed(): number {
    // What a decompressor gives from the middle of its input on depends on everything before.
    if (this.#committed === undefined || detectCompression(this.#head) !== "none") return 0;
    return Number(this.#committed.value["offset"]);
  }
}

function tooMuch(bytesMax: number): StakeoutError {
  return new StakeoutError(
    "LANE_FAILED",
    `The lane was ended and cannot start again: more than ${bytesMax} bytes of standard input would have to be read again ` +
      "(the limit stdinKeptBytesMax). Write the input to a file and name it with --input; what was committed is kept.",
    { fields: { limit: "stdinKeptBytesMax", value: bytesMax } },
  );
}
