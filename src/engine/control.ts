/**
 * What the main thread and a lane share while the lane runs, as plain memory: a lane in its hot loop does not turn its
 * event loop for a fifth of a second at a time, so messages would be late. One word asks the lane to stop, the rest are
 * counters that only the lane writes.
 */
const counterNames = [
  "events",
  "bytes",
  "matches",
  "alerts",
  "ruleErrors",
  "deadLetters",
  "inputBytesRead",
  "inputBytesTotal",
] as const;

export type CounterName = (typeof counterNames)[number];

/** A copy of the counters at one moment. `inputBytesTotal` is 0 while unknown. */
export type Counters = Readonly<Record<CounterName, number>>;

const stopIndex = 0;
const countersOffsetBytes = 8;

export class LaneControl {
  /** Hand this to the other thread and build a `LaneControl` on it there. */
  readonly memory: SharedArrayBuffer;
  readonly #flags: Int32Array;
  readonly #counters: Float64Array;

  constructor(
    memory: SharedArrayBuffer = new SharedArrayBuffer(countersOffsetBytes + counterNames.length * 8),
  ) {
    this.memory = memory;
    this.#flags = new Int32Array(memory, 0, 2);
    this.#counters = new Float64Array(memory, countersOffsetBytes);
  }

  /** Asks the lane to commit after the event under way and to end. */
  requestStop(): void {
    Atomics.store(this.#flags, stopIndex, 1);
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#flags, stopIndex) === 1;
  }

  set(name: CounterName, value: number): void {
    this.#counters[counterNames.indexOf(name)] = value;
  }

  read(): Counters {
    return Object.fromEntries(
      counterNames.map((name, index) => [name, this.#counters[index] ?? 0]),
    ) as Counters;
  }
}
