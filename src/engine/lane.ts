import { setImmediate as turnEventLoop } from "node:timers/promises";

import type { RemoteDeliveryEnd } from "../alerts/remote-outbox.ts";
import type { Alert } from "../core/alert.ts";
import { isThenable, type MaybePromise } from "../core/json.ts";
import { defaultLimits } from "../core/limits.ts";
import type { Position, StreamPosition } from "../core/position.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import { Signal } from "../core/signal.ts";
import type { Source } from "../sources/source.ts";
import { Batch } from "./batch.ts";
import { totalNames } from "./control.ts";
import { deadLetterLine, deadLettersFileFullMessage } from "./dead-letter-line.ts";
import { EngineClock } from "./engine-clock.ts";
import { type InputChunk, Inputs, type LaneInput } from "./inputs.ts";
import type { LimitCounts } from "./lane-messages.ts";
import type { LaneCommit, LaneParts, LaneResult } from "./lane-parts.ts";
import { LimitCounters } from "./limit-counters.ts";
import { OutputFiles } from "./output-files.ts";
import { KnownRecords } from "./restart.ts";
import { RuleSampling, RuleStats } from "./rule-stats.ts";
import { settlesWithin, watchSettling } from "./settles-within.ts";
import { type RuleTiming, Step } from "./step.ts";
import { ruleOfStray } from "./stray-error.ts";

// Records between two looks at the clock, at most: a look costs as much as several rules.
const recordsPerLookMax = 64;
// Looks further apart than this make way for more: slow rules must not put off a commit for 64 events.
const lookMsMax = 20;

/** Runs the whole flow on one thread, batch by batch, until the input ends or a stop is requested. */
export class Lane {
  readonly #parts: LaneParts;
  readonly #files: OutputFiles;
  readonly #limitCounters: LimitCounters;
  readonly #inputs: Inputs;
  readonly #ruleStats: RuleStats;
  readonly #records = new Map<Source, number>();
  /** Raised when something wants a commit that no record brings about, and when a read that was waited for is over. */
  readonly #news = new Signal();
  /** What to do with the next commit; each answers what to call after it. */
  #commands: (() => Promise<() => void>)[] = [];
  readonly #counts = { events: 0, bytes: 0, matches: 0, alerts: 0, ruleErrors: 0, deadLetters: 0 };
  #batch: Batch;
  #engineClock: EngineClock;
  readonly #step: Step;
  #recordsPerLook = 1;
  #recordsToLook = 1;
  #lookedMs = 0;
  #deadLettersFileFull = false;
  #lastPosition: Position = { source: "", stream: "", offset: 0 };

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#batch = new Batch(parts.clock.monotonicMs());
    this.#engineClock = new EngineClock(parts.clock, parts.store.clockMs);
    this.#files = new OutputFiles(parts.resume?.fileBytes);
    this.#limitCounters = new LimitCounters(parts.resume?.committed?.limits);
    this.#ruleStats = new RuleStats(parts.resume?.committed?.rules);
    this.#inputs = new Inputs({
      inputs: parts.inputs,
      order: parts.inputOrder ?? "one-by-one",
      positionOf: (source, stream) => parts.store.readPosition(source, stream),
      onEnd: (source) => this.#publish(source),
    });
    this.#step = this.#createStep();
    this.#takeUpTotals();
  }

  /** Goes on counting where earlier lanes of the run stopped. */
  #takeUpTotals(): void {
    const committed = this.#parts.resume?.committed;
    if (committed === undefined) return;
    const { rules: _rules, limits: _limits, ...counts } = committed;
    Object.assign(this.#counts, counts);
  }

  /** Processes everything there is. Throws what a store, a source or an output file throws; nothing is half committed. */
  async run(): Promise<LaneResult> {
    try {
      await this.#recover();
      await this.#runInputs();
      await this.#commit();
      // A second commit takes what was just delivered out of the outbox.
      await this.#commit();
      await this.#parts.atEnd?.();
    } finally {
      this.#publish();
      await this.#close();
    }
    return {
      interrupted: this.#parts.control.stopRequested,
      matches: this.#matches(),
      suspended: this.#parts.suspensions.suspended,
      limits: this.#limitCounts(),
    };
  }

  /** Ends a wait for input that may never come. The request to stop itself is in the shared memory. */
  async wake(): Promise<void> {
    await this.#inputs.close();
  }

  /** How deliveries ended that were handed over: the next commit takes it down, at once where no records come. */
  deliveriesEnded(ends: readonly RemoteDeliveryEnd[]): void {
    this.#parts.outputs.ended(ends);
    this.#news.raise();
  }

  /** Does something between two batches, whose entries the next commit takes down. Resolves when that is durable. */
  command<T>(run: () => MaybePromise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#commands.push(async () => {
      try {
        const answer = await run();
        return () => resolve(answer);
      } catch (error) {
        return () => reject(error);
      }
    });
    this.#news.raise();
    return promise;
  }

  /**
   * Takes an error that reached nobody, because a rule started something without waiting for it. It ends as a rule error
   * instead of ending the lane, which would meet it again in every run. Answers false for a defect of the engine.
   */
  takeStray(error: unknown): boolean {
    const ruleId = ruleOfStray(error, this.#parts.rules);
    if (ruleId === undefined) return false;
    this.#counts.ruleErrors++;
    this.#ruleStats.add(ruleId, "ruleErrors");
    this.#parts.ruleErrorBook.record({
      ruleId,
      function: "(not awaited)",
      error,
      clockMs: this.#engineClock.nowMs,
      position: this.#lastPosition,
      // Which event it was is not known any more.
      event: () => ({}),
    });
    return true;
  }

  /** Everything that the last commit knows, taken up again: windows, rule errors, deliveries, lengths of files. */
  async #recover(): Promise<void> {
    const { store, alertBook, ruleErrorBook, suspensions, outputs, deadLettersFile, warn } = this.#parts;
    await alertBook.load();
    await this.#parts.newKeys?.load();
    await ruleErrorBook.load();
    await this.#parts.staging?.load();
    await outputs.load();
    for (const news of await suspensions.load()) warn(news);
    for (const file of [...outputs.files, deadLettersFile]) {
      const warning = await this.#files.open(file, store);
      if (warning !== undefined) warn(warning);
    }
    // The lengths must be known before the first line is appended, or a kill could leave lines that nobody cuts off.
    this.#batch.dirty = true;
    await this.#commit();
  }

  async #runInputs(): Promise<void> {
    const { control } = this.#parts;
    while (!control.stopRequested) {
      const next = await this.#read();
      if (next === undefined) return;
      await this.#runChunk(next.chunk, next.input);
    }
  }

  /** The next records. While sources make us wait, what is pending is committed when it is due. */
  async #read(): Promise<InputChunk | undefined> {
    const reading = this.#inputs.next();
    if (!isThenable(reading)) return reading;
    // Told like everything else that is waited for: a race would leave a trace of each wait with what did not happen.
    const read = watchSettling(reading, () => this.#news.raise());
    while (!read.isSettled) {
      const withinMs = this.#dirty ? this.#remainingMs() : undefined;
      if (!(await settlesWithin(this.#news.wait(), withinMs))) await this.#commit();
    }
    return await read.promise;
  }

  /** True when a commit has something to do. */
  get #dirty(): boolean {
    return this.#batch.dirty || this.#parts.outputs.dirty || this.#commands.length > 0;
  }

  async #runChunk(chunk: RecordChunk, { source, parser }: LaneInput): Promise<void> {
    const { control } = this.#parts;
    parser.begin(chunk);
    this.#batch.begin(this.#parts.clock.monotonicMs());
    this.#lastPosition = { source: chunk.source, stream: chunk.stream, offset: chunk.baseOffset };
    let done = 0;
    let accounted = 0;
    if (chunk.count === 0) this.#batch.setPosition(chunk.source, chunk.stream, chunk.positionAfter(0));
    while (done < chunk.count && !control.stopRequested) {
      const before = done;
      done = await this.#step.run(chunk, { parser, from: done, pause: () => this.#pause() });
      this.#records.set(source, (this.#records.get(source) ?? 0) + done - before);
      if (done > 0) this.#batch.setPosition(chunk.source, chunk.stream, chunk.positionAfter(done));
      for (; accounted < done; accounted++) {
        this.#counts.bytes += (chunk.ends[accounted] ?? 0) - (chunk.starts[accounted] ?? 0);
      }
      this.#publish(source);
      if (done < chunk.count || this.#due()) await this.#commit();
    }
  }

  #pause(): boolean {
    this.#recordsToLook -= 1;
    if (this.#recordsToLook > 0) return false;
    const nowMs = this.#parts.clock.monotonicMs();
    const slow = nowMs - this.#lookedMs > lookMsMax;
    this.#recordsPerLook = slow
      ? Math.max(1, this.#recordsPerLook >> 2)
      : Math.min(recordsPerLookMax, this.#recordsPerLook * 2);
    this.#recordsToLook = this.#recordsPerLook;
    this.#lookedMs = nowMs;
    return this.#due();
  }

  #due(): boolean {
    const { batch, store, alertBook, outputs, limits = defaultLimits } = this.#parts;
    if (this.#remainingMs() <= 0 || outputs.waiting >= limits.outboxDeliveriesMax) return true;
    const { pendingBytes } = this.#batch;
    return (
      store.pendingBytes + alertBook.pendingBytes + outputs.pendingBytes + pendingBytes >= batch.bytesMax
    );
  }

  #remainingMs(): number {
    const { batch, clock } = this.#parts;
    return this.#batch.startedMs + batch.latencyMs - clock.monotonicMs();
  }

  /**
   * Makes the batch durable, in this order: lines into files, then one transaction with state, windows, alerts, positions
   * and the files' new lengths, then deliveries. Killed before the transaction, the next run cuts the lines off and
   * repeats the batch; killed after it, the outbox still holds the deliveries.
   */
  async #commit(): Promise<void> {
    const { store, alertBook, ruleErrorBook, suspensions, outputs, deadLettersFile, clock } = this.#parts;
    const batch = this.#batch;
    const commands = this.#commands.splice(0);
    const answers: (() => void)[] = [];
    for (const command of commands) answers.push(await command());
    await outputs.append(this.#files);
    await this.#files.append(deadLettersFile, batch.deadLetterLines);
    const entries = [
      ...alertBook.takeWrites(),
      ...(this.#parts.newKeys?.takeWrites() ?? []),
      ...ruleErrorBook.takeWrites(),
      ...suspensions.takeWrites(),
      ...(this.#parts.staging?.takeWrites() ?? []),
      ...(await outputs.takeWrites()),
      ...this.#files.takeWrites(),
    ];
    if (batch.dirty || entries.length > 0) {
      const { positions } = batch;
      const startedMs = clock.monotonicMs();
      await store.commit({ clockMs: this.#engineClock.nowMs, positions, entries });
      this.#tellCommit(positions, {
        batchMs: startedMs - batch.begunMs(startedMs),
        commitMs: clock.monotonicMs() - startedMs,
      });
    }
    for (const answer of answers) answer();
    await outputs.deliver();
    this.#batch = new Batch(clock.monotonicMs());
    await turnEventLoop();
  }

  #tellCommit(positions: readonly StreamPosition[], durations: LaneCommit["durations"]): void {
    const limits = this.#limitCounts();
    const reached = Object.keys(limits).length === 0 ? {} : { limits };
    const totals = { ...this.#counts, rules: this.#ruleStats.read(), ...reached };
    this.#parts.onCommit?.({
      totals,
      positions,
      fileBytes: this.#files.bytes,
      clockMs: this.#engineClock.nowMs,
      durations,
      records: this.#records,
    });
  }

  #limitCounts(): LimitCounts {
    const { alertBook, newKeys } = this.#parts;
    const counters = new LimitCounters(this.#limitCounters.read());
    counters.add("alertsPerHourMax", alertBook.matchesOverLimit);
    counters.add("newKeysPerHourMax", newKeys?.refused ?? 0);
    return counters.read();
  }

  #createStep(): Step {
    const { rules, evaluation, alertBook, ruleErrorBook, suspensions, control, period } = this.#parts;
    const { resume, warn } = this.#parts;
    const counts = this.#counts;
    const stats = this.#ruleStats;
    return new Step({
      rules,
      evaluation,
      alertBook,
      ruleErrorBook,
      suspensions,
      knownRecords: new KnownRecords(resume?.suspects, resume?.blames),
      clock: this.#engineClock,
      period,
      control,
      staging: this.#parts.staging,
      timing: this.#parts.timesRules === true ? this.#createTiming() : undefined,
      output: {
        alert: (alert) => this.#emit(alert),
        deadLetter: (deadLetter) => this.#deadLetter(deadLetter),
        match: (ruleId) => {
          counts.matches++;
          stats.add(ruleId, "matches");
        },
        ruleError: (ruleId, error) => {
          counts.ruleErrors++;
          stats.add(ruleId, "ruleErrors");
          this.#limitCounters.addRuleError(error);
        },
        event: () => void counts.events++,
        warn,
      },
    });
  }

  #createTiming(): RuleTiming {
    const sampling = new RuleSampling();
    return {
      takes: () => sampling.takes(),
      monotonicMs: () => this.#parts.clock.monotonicMs(),
      took: (ruleId, ms) => {
        this.#ruleStats.add(ruleId, "timedEvents");
        this.#ruleStats.add(ruleId, "timedMicroseconds", ms * 1000);
      },
    };
  }

  /** Of every rule that is asked, also of those that did not match. */
  #matches(): Readonly<Record<string, number>> {
    const asked = this.#parts.rules.filter(({ manifest }) => manifest.enabled);
    return Object.fromEntries(asked.map(({ manifest: { id } }) => [id, this.#ruleStats.matchesOf(id)]));
  }

  #emit(alert: Alert): void {
    if (alert.status === "open") {
      this.#counts.alerts++;
      this.#ruleStats.add(alert.ruleId, "alerts");
    }
    this.#parts.outputs.add(alert);
  }

  #deadLetter(deadLetter: DeadLetter): void {
    this.#counts.deadLetters++;
    this.#limitCounters.addDeadLetter(deadLetter);
    const line = deadLetterLine(deadLetter);
    const bytes = this.#batch.deadLetterBytes + Buffer.byteLength(line);
    if (this.#deadLettersFileHasRoom(bytes)) this.#batch.addDeadLetterLine(line);
    else this.#limitCounters.add("deadLettersFileBytesMax");
  }

  /** Whether so many bytes fit that are not in the file yet. The first time that they do not, people are told. */
  #deadLettersFileHasRoom(bytes: number): boolean {
    const { deadLettersFile, warn, limits = defaultLimits } = this.#parts;
    const bytesMax = limits.deadLettersFileBytesMax;
    if (this.#files.bytesOf(deadLettersFile) + bytes <= bytesMax) return true;
    if (!this.#deadLettersFileFull) warn(deadLettersFileFullMessage(deadLettersFile.path, bytesMax));
    this.#deadLettersFileFull = true;
    return false;
  }

  /** Puts the counters where the main thread reads them. */
  #publish(source?: Source): void {
    const { control } = this.#parts;
    for (const name of totalNames) control.set(name, this.#counts[name]);
    if (source === undefined) return;
    const progress = source.progress();
    control.set("inputBytesRead", progress.bytesRead);
    control.set("inputBytesTotal", progress.bytesTotal ?? 0);
  }

  async #close(): Promise<void> {
    const { outputs, store } = this.#parts;
    await this.#inputs.close();
    await outputs.close();
    await this.#files.close();
    await store.close();
  }
}
