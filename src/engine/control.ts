import type { Position } from "../core/position.ts";

/**
 * What the main thread and a lane share while the lane runs, as plain memory: a lane in its hot loop does not turn its
 * event loop for a fifth of a second at a time, so messages would be late, and one that a rule holds up never turns it.
 * One word asks the lane to stop; the lane alone writes the rest: counters, and what it is busy with.
 */
export const counterNames = [
  "events",
  "bytes",
  "matches",
  "alerts",
  "ruleErrors",
  "deadLetters",
  "inputBytesRead",
  "inputBytesTotal",
] as const;

/** Those that a commit takes down. */
export const totalNames = ["events", "bytes", "matches", "alerts", "ruleErrors", "deadLetters"] as const;

export type CounterName = (typeof counterNames)[number];

/** A copy of the counters at one moment. `inputBytesTotal` is 0 while unknown. */
export type Counters = Readonly<Record<CounterName, number>>;

/** Code of rules that a lane is in the middle of: a file that is being loaded, or a record that rules look at. */
export type Busy =
  | { readonly kind: "loading"; readonly file: string }
  | {
      readonly kind: "evaluating";
      readonly position: Position;
      /** Number of the rule in the fixed order of all rules; `undefined` where the lane has not noted it. */
      readonly rule: number | undefined;
    };

const words = { stop: 0, beat: 1, busy: 2, textBytes: 3, count: 4 } as const;
/** Values of the word `busy`; a rule's number is added to `rule`. */
const busyWith = { nothing: 0, loading: 1, record: 2, rule: 3 } as const;

const countersOffsetBytes = words.count * 4;
const recordOffsetBytes = countersOffsetBytes + counterNames.length * 8;
const textOffsetBytes = recordOffsetBytes + 8;
/** More than the longest path takes. */
const textBytesMax = 16 * 1024;

export class LaneControl {
  /** Hand this to the other thread and build a `LaneControl` on it there. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #counters: Float64Array;
  readonly #record: Float64Array;
  readonly #text: Buffer;
  #source = "";
  #stream = "";

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(textOffsetBytes + textBytesMax)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, words.count);
    this.#counters = new Float64Array(memory, countersOffsetBytes, counterNames.length);
    this.#record = new Float64Array(memory, recordOffsetBytes, 1);
    this.#text = Buffer.from(memory, textOffsetBytes);
  }

  /** Asks the lane to commit after the event under way and to end. */
  requestStop(): void {
    Atomics.store(this.#words, words.stop, 1);
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, words.stop) === 1;
  }

  set(name: CounterName, value: number): void {
    this.#counters[counterNames.indexOf(name)] = value;
  }

  read(): Counters {
    return Object.fromEntries(
      counterNames.map((name, index) => [name, this.#counters[index] ?? 0]),
    ) as Counters;
  }

  /** The lane is about to run the top level of a file with rules. */
  beginLoading(file: string): void {
    this.#write(file);
    this.#move(busyWith.loading);
  }

  /** The lane is about to look at records of this stream. Called before `beginRecord`, once per chunk. */
  enterStream(source: string, stream: string): void {
    if (source === this.#source && stream === this.#stream) return;
    this.#source = source;
    this.#stream = stream;
    this.#write(`${source}\n${stream}`);
  }

  /** Rules are about to look at the record at this offset of the stream. Plain stores, because every event pays them. */
  beginRecord(offset: number): void {
    this.#record[0] = offset;
    this.#move(busyWith.record);
  }

  /** This rule alone is about to look at the record. */
  beginRule(number: number): void {
    this.#move(busyWith.rule + number);
  }

  /** What comes next is the engine's own work. */
  endBusy(): void {
    this.#words[words.busy] = busyWith.nothing;
  }

  /** Changes whenever the lane begins something. */
  get beat(): number {
    return Atomics.load(this.#words, words.beat);
  }

  /** What the lane is busy with; of a lane that is running it may be a mixture of two moments. */
  busy(): Busy | undefined {
    const busy = Atomics.load(this.#words, words.busy);
    if (busy === busyWith.nothing) return undefined;
    const text = this.#text.toString("utf8", 0, Atomics.load(this.#words, words.textBytes));
    if (busy === busyWith.loading) return { kind: "loading", file: text };
    const end = text.indexOf("\n");
    const source = text.slice(0, end);
    const stream = text.slice(end + 1);
    const rule = busy < busyWith.rule ? undefined : busy - busyWith.rule;
    return { kind: "evaluating", position: { source, stream, offset: this.#record[0] ?? 0 }, rule };
  }

  #move(busy: number): void {
    this.#words[words.beat] = (this.#words[words.beat] ?? 0) + 1;
    this.#words[words.busy] = busy;
  }

  #write(text: string): void {
    this.#words[words.textBytes] = this.#text.write(text);
  }
}
