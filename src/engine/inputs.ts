import { isThenable, type MaybePromise } from "../core/json.ts";
import type { RecordChunk } from "../core/record.ts";
import { Signal } from "../core/signal.ts";
import type { Parser } from "../parsers/parser.ts";
import type { PositionReader, Source } from "../sources/source.ts";

/** A source with the parser for its records. */
export interface LaneInput {
  readonly source: Source;
  readonly parser: Parser;
}

/** Records with where they come from. */
export interface InputChunk {
  readonly input: LaneInput;
  readonly chunk: RecordChunk;
}

export interface InputsOptions {
  readonly inputs: readonly LaneInput[];
  /** `one-by-one`: each to its end before the next is opened. `together`: whichever has records, in turn. */
  readonly order: "one-by-one" | "together";
  readonly positionOf: (source: string, stream: string) => ReturnType<PositionReader>;
  /** Called when an input has ended. */
  readonly onEnd: (source: Source) => void;
}

/** The records of several inputs as one sequence. */
export class Inputs {
  readonly #options: InputsOptions;
  /** Opened and not ended; the one to ask next comes first. */
  #open: LaneInput[] = [];
  /** Not opened yet. */
  #left: LaneInput[];
  /** Those whose read has not answered: a source is not asked again before it has. */
  readonly #reading = new Set<LaneInput>();
  /** How to get the answers of reads that nobody took yet; one that failed throws. */
  readonly #answers = new Map<LaneInput, () => InputChunk | undefined>();
  /** Raised with each answer. To race the reads instead would leave a trace of each race with a read that never answers. */
  readonly #answered = new Signal();
  #closed: Promise<void> | undefined;

  constructor(options: InputsOptions) {
    this.#options = options;
    this.#left = [...options.inputs];
  }

  /** The next records; `undefined` at the end of all inputs. The chunk is valid until the next call. */
  next(): MaybePromise<InputChunk | undefined> {
    // First of all, or a source that always has records would keep the others from being opened.
    if (this.#opensNext()) return this.#openNext();
    for (const input of this.#open) {
      const answer = this.#ask(input);
      if (answer === "waits") continue;
      this.#passTurn(input);
      if (answer !== undefined) return answer;
      this.#end(input);
      return this.next();
    }
    if (this.#open.length === 0) return undefined;
    return this.#answered.wait().then(() => this.next());
  }

  /** Makes reads that wait end, and those to come. Called again it waits for the same. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    for (const { source } of this.#options.inputs) await source.close();
  }

  #opensNext(): boolean {
    if (this.#left.length === 0 || this.#closed !== undefined) return false;
    return this.#open.length === 0 || this.#options.order === "together";
  }

  #ask(input: LaneInput): InputChunk | undefined | "waits" {
    const answer = this.#answers.get(input);
    if (answer !== undefined) {
      this.#answers.delete(input);
      return answer();
    }
    if (this.#reading.has(input)) return "waits";
    const reading = input.source.read();
    if (!isThenable(reading)) return reading && { input, chunk: reading };
    this.#reading.add(input);
    void this.#wait(input, reading);
    return "waits";
  }

  async #wait(input: LaneInput, reading: PromiseLike<RecordChunk | undefined>): Promise<void> {
    try {
      const chunk = await reading;
      this.#answers.set(input, () => chunk && { input, chunk });
    } catch (error) {
      this.#answers.set(input, () => {
        throw error;
      });
    }
    this.#reading.delete(input);
    this.#answered.raise();
  }

  /** Lets the others come first. */
  #passTurn(input: LaneInput): void {
    if (this.#open.length > 1) this.#open = [...this.#open.filter((other) => other !== input), input];
  }

  #end(input: LaneInput): void {
    this.#open = this.#open.filter((other) => other !== input);
    this.#options.onEnd(input.source);
  }

  async #openNext(): Promise<InputChunk | undefined> {
    const input = this.#left.shift();
    if (input === undefined) return undefined;
    const { source } = input;
    await source.open((stream) => this.#options.positionOf(source.id, stream));
    this.#open.push(input);
    return this.next();
  }
}
