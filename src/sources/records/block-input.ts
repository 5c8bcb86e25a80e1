import type { MaybePromise } from "../../core/json.ts";
import { DecompressionError } from "./decompress.ts";
import type { ByteInput } from "./reader.ts";
import type { InputFailure } from "./splitter.ts";

export interface BlockInputOptions {
  /** The next bytes, or `undefined` at the end. */
  readonly next: () => MaybePromise<Buffer | undefined>;
  /** Looks for the end before it answers, so that the last record's position can say that it is the last. */
  readonly lookAhead: boolean;
}

/** Input that comes in blocks of any size. */
export class BlockInput implements ByteInput {
  ended = false;
  failure: InputFailure | undefined;
  readonly #options: BlockInputOptions;
  #block: Buffer | undefined;

  constructor(options: BlockInputOptions) {
    this.#options = options;
  }

  async read(target: Buffer): Promise<number> {
    if (this.#block === undefined) await this.#advance();
    const block = this.#block;
    if (block === undefined) return 0;
    const bytes = block.copy(target);
    this.#block = bytes < block.length ? block.subarray(bytes) : undefined;
    if (this.#block === undefined && this.#options.lookAhead) await this.#advance();
    return bytes;
  }

  async #advance(): Promise<void> {
    if (this.ended) return;
    try {
      do this.#block = await this.#options.next();
      while (this.#block?.length === 0);
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      this.failure = error.failure;
    }
    this.ended = this.#block === undefined;
  }
}
