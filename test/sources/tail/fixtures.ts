import { setImmediate as turnEventLoop } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { Timer } from "../../../src/core/clock.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { defaultLimits } from "../../../src/core/limits.ts";
import type { Source } from "../../../src/sources/source.ts";
import { createTailSource, type TailSourceOptions } from "../../../src/sources/tail/source.ts";
import { type ManualClock, manualClock } from "../../../src/testing/manual-clock.ts";
import { recordsOf, type SeenRecord } from "../fixtures.ts";

/** Before any file of a test was written, so that none looks old. */
const startMs: number = Date.UTC(2020, 0, 1);

/** A timer that calls back when it is told to. */
export class ManualTimer implements Timer {
  readonly #waiting = new Set<() => void>();

  after(_delayMs: number, callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => void this.#waiting.delete(callback);
  }

  fire(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }
}

type TrialOptions = Partial<TailSourceOptions> & Pick<TailSourceOptions, "paths">;

/**
 * Stands where the engine does: reads all the time, and keeps records and positions of the last commit. A source that is
 * killed loses what came after it.
 */
export class TailTrial {
  readonly warnings: string[] = [];
  readonly clock: ManualClock;
  readonly timer: ManualTimer = new ManualTimer();
  records: SeenRecord[] = [];
  /** Positions as the engine stores them: JSON text. */
  readonly positions: Map<string, string> = new Map();
  readonly watched: Map<string, (name?: string) => void> = new Map();
  error: unknown;
  source: Source;
  readonly #options: TrialOptions;
  #committed: { records: SeenRecord[]; positions: [string, string][] } = { records: [], positions: [] };
  #running: Promise<void> | undefined;

  constructor(options: TrialOptions, clock: ManualClock = manualClock(startMs)) {
    this.#options = options;
    this.clock = clock;
    this.source = this.#create({});
    onTestFinished(async () => {
      await this.end();
    });
  }

  get texts(): string[] {
    return this.records.map(({ text }) => text);
  }

  async start(changes: Partial<TailSourceOptions> = {}): Promise<void> {
    this.source = this.#create(changes);
    const { source } = this;
    await source.find();
    await source.open((stream) => {
      const stored = this.positions.get(stream);
      return stored === undefined ? undefined : (JSON.parse(stored) as JsonObject);
    });
    this.#running = this.#run(source);
    await this.idle();
  }

  /** Reads what there is to read without waiting for time or for threads. */
  async idle(): Promise<void> {
    for (let count = 0, turns = 0; turns < 20; turns++) {
      await turnEventLoop();
      if (this.records.length !== count) turns = 0;
      count = this.records.length;
    }
    if (this.error !== undefined) throw this.error;
  }

  /** Waits for other threads. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await turnEventLoop();
      if (this.error !== undefined) throw this.error;
    }
  }

  /** Lets time pass, and has everything looked at. */
  async poll(ms: number = 5000): Promise<void> {
    this.clock.advance(ms);
    this.timer.fire();
    await this.idle();
  }

  /** Lets time pass until what takes time has come about. */
  async pollUntil(condition: () => boolean): Promise<void> {
    await this.until(() => {
      this.clock.advance(5000);
      this.timer.fire();
      return condition();
    });
  }

  commit(): void {
    this.#committed = { records: [...this.records], positions: [...this.positions] };
  }

  /** Ends the source; what was not committed never happened. */
  async kill(): Promise<void> {
    await this.end();
    this.records = [...this.#committed.records];
    this.positions.clear();
    for (const [stream, position] of this.#committed.positions) this.positions.set(stream, position);
  }

  async end(): Promise<void> {
    await this.source.close();
    await this.#running;
    this.#running = undefined;
  }

  async #run(source: Source): Promise<void> {
    try {
      for (;;) {
        const chunk = await source.read();
        if (chunk === undefined) return;
        this.records.push(...recordsOf(chunk));
        this.positions.set(chunk.stream, JSON.stringify(chunk.positionAfter(chunk.count)));
      }
    } catch (error) {
      this.error = error;
    }
  }

  #create(changes: Partial<TailSourceOptions>): Source {
    return createTailSource({
      id: "tail",
      label: "tail",
      from: "start",
      format: "auto",
      envelopeField: undefined,
      limits: defaultLimits,
      clock: this.clock,
      timer: this.timer,
      warn: (message) => void this.warnings.push(message),
      watchFolder: (folder, onChange) => {
        this.watched.set(folder, onChange);
        return () => void this.watched.delete(folder);
      },
      ...this.#options,
      ...changes,
    });
  }
}

/** A trial that has read what there is. */
export async function startedTrial(options: TrialOptions): Promise<TailTrial> {
  const trial = new TailTrial(options);
  await trial.start();
  return trial;
}
