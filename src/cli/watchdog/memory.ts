/** What the watchdog's thread is started with. */
export interface WatchdogData {
  readonly memory: SharedArrayBuffer;
}

/** Longest description of what is under way, in bytes. */
const textBytesMax = 4096;
const words = { beat: 0, budgetMs: 1, textBytes: 2, count: 3 } as const;

/** What the main thread is at, in memory that the watching thread reads: messages would be late. */
export class Watched {
  /** Hand this to the other thread and build a `Watched` on it there. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #text: Buffer;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(words.count * 4 + textBytesMax)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, words.count);
    this.#text = Buffer.from(memory, words.count * 4);
  }

  /** Something begins that may take so long; 0 for something that is not watched. */
  begin(what: string, budgetMs: number): void {
    Atomics.store(this.#words, words.textBytes, this.#text.write(what));
    Atomics.store(this.#words, words.budgetMs, Math.ceil(budgetMs));
    Atomics.add(this.#words, words.beat, 1);
  }

  /** Changes whenever something begins. */
  get beat(): number {
    return Atomics.load(this.#words, words.beat);
  }

  get budgetMs(): number {
    return Atomics.load(this.#words, words.budgetMs);
  }

  get what(): string {
    return this.#text.toString("utf8", 0, Atomics.load(this.#words, words.textBytes));
  }
}
