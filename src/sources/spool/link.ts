import type { Place } from "./position.ts";

const durableEndWord = 0;
const resumedOffsetWord = 1;
const resumedSequenceWord = 2;

/**
 * What the writer of one source's spool and its reader in another thread tell each other: two places in memory they share.
 *
 * The reader hands out nothing behind `durableEnd`. A frame that is written and not yet synced would not do: if the write
 * fails after all, its client is told so and sends it again, and after a power failure other bytes could stand at an offset
 * that the lane has committed. Either way an event would be examined twice, or never.
 */
export class SpoolLink {
  readonly shared: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(24)) {
    this.shared = shared;
    this.#words = new BigInt64Array(shared);
  }

  /** Everything before this offset survives a power failure. Always the end of a frame. Set by the writer. */
  get durableEnd(): number {
    return Number(Atomics.load(this.#words, durableEndWord));
  }

  set durableEnd(offset: number) {
    Atomics.store(this.#words, durableEndWord, BigInt(offset));
  }

  /** Where a reader began: what lies before it was committed by an earlier process. Set by the reader. */
  get resumedAt(): Place {
    const offset = Number(Atomics.load(this.#words, resumedOffsetWord));
    return { offset, sequence: Number(Atomics.load(this.#words, resumedSequenceWord)) };
  }

  set resumedAt({ offset, sequence }: Place) {
    // The writer looks at the offset first.
    Atomics.store(this.#words, resumedSequenceWord, BigInt(sequence));
    Atomics.store(this.#words, resumedOffsetWord, BigInt(offset));
  }
}
