import { setImmediate as turnEventLoop } from "node:timers/promises";

import type { AlertBook } from "../alerts/book.ts";
import type { HourlyCounts } from "../alerts/hourly-counts.ts";
import type { Outbox } from "../alerts/outbox.ts";
import type { RuleErrorBook } from "../alerts/rule-errors.ts";
import type { Alert } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import { isThenable } from "../core/json.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import type { Position, StreamPosition } from "../core/position.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import { alertLine } from "../destinations/alert-line.ts";
import type { CommittedFile, Destination } from "../destinations/destination.ts";
import type { Parser } from "../parsers/parser.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { Source } from "../sources/source.ts";
import type { Evaluation } from "../state/evaluation.ts";
import type { StateStore } from "../state/store.ts";
import type { Period } from "./backtest.ts";
import { Batch } from "./batch.ts";
import type { LaneControl } from "./control.ts";
import { deadLetterLine, deadLettersFileFullMessage } from "./dead-letter-line.ts";
import { EngineClock } from "./engine-clock.ts";
import type { CommittedMessage, LaneResume, LimitCounts } from "./lane-messages.ts";
import { LimitCounters } from "./limit-counters.ts";
import { OutputFiles } from "./output-files.ts";
import { KnownRecords } from "./restart.ts";
import { settlesWithin } from "./settles-within.ts";
import { Step } from "./step.ts";
import { ruleOfStray } from "./stray-error.ts";
import type { SuspensionBook } from "./suspensions.ts";

/** A source with the parser for its records. */
export interface LaneInput {
  readonly source: Source;
  readonly parser: Parser;
}

/** Everything a lane is made of, already built; config/build.ts makes it from a configuration. */
export interface LaneParts {
  /** Read one after another; together they are one partition with one engine clock. */
  readonly inputs: readonly LaneInput[];
  readonly rules: readonly LoadedRule[];
  readonly store: StateStore;
  readonly evaluation: Evaluation;
  readonly alertBook: AlertBook;
  /** What `evaluation` counts the keys with that rules make; left out where they may make any number. */
  readonly newKeys?: HourlyCounts | undefined;
  readonly ruleErrorBook: RuleErrorBook;
  readonly suspensions: SuspensionBook;
  readonly outbox: Outbox;
  readonly destinations: readonly Destination[];
  readonly alertsFile: CommittedFile | undefined;
  readonly deadLettersFile: CommittedFile;
  readonly clock: Clock;
  readonly control: LaneControl;
  /** Called with a sentence for people, such as an output file that is not as the last commit left it. */
  readonly warn: (message: string) => void;
  readonly batch: BatchLimits;
  /** Default: `defaultLimits`. */
  readonly limits?: Pick<Limits, "outboxDeliveriesMax" | "deadLettersFileBytesMax">;
  /** Only in a backtest: which events there are at all. Default: all. */
  readonly period?: Period | undefined;
  /** What earlier lanes of the same run left; left out for the first. */
  readonly resume?: LaneResume | undefined;
  /** Called with every commit, as soon as it is durable. */
  readonly onCommit?: ((committed: LaneCommit) => void) | undefined;
  /** Called after the last commit, also of a run that was asked to stop, before anything is closed. */
  readonly atEnd?: (() => Promise<void>) | undefined;
}

export interface BatchLimits {
  /** A batch is committed when it is this old. Default 200. */
  readonly latencyMs: number;
  /** … or when it holds this much memory, roughly. Default 64 MiB. */
  readonly bytesMax: number;
}

/** What a commit made durable; `totals` are those of the run so far. */
export interface LaneCommit extends Pick<CommittedMessage, "totals" | "fileBytes"> {
  readonly positions: readonly StreamPosition[];
}

/** What one run of a lane did. */
export interface LaneResult {
  /** True when the run was asked to stop before the input ended. */
  readonly interrupted: boolean;
  /** Matches of this run by rule id, rules without a match included. */
  readonly matches: Readonly<Record<string, number>>;
  /** Ids of the rules that are suspended. */
  readonly suspended: readonly string[];
  readonly limits: LimitCounts;
}

// Records between two looks at the clock, at most: a look costs as much as several rules.
const recordsPerLookMax = 64;
// Looks further apart than this make way for more: slow rules must not put off a commit for 64 events.
const lookMsMax = 20;

/** Runs the whole flow on one thread, batch by batch, until the input ends or a stop is requested. */
export class Lane {
  readonly #parts: LaneParts;
  readonly #files: OutputFiles;
  readonly #limitCounters: LimitCounters;
  readonly #matches = new Map<string, number>();
  readonly #counts = { events: 0, bytes: 0, matches: 0, alerts: 0, ruleErrors: 0, deadLetters: 0 };
  #batch: Batch;
  #engineClock: EngineClock;
  readonly #step: Step;
  #waitingOn: Source | undefined;
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
    this.#step = this.#createStep();
    for (const rule of parts.rules) {
      if (rule.manifest.enabled) this.#matches.set(rule.manifest.id, 0);
    }
    this.#takeUpTotals();
  }

  /** Goes on counting where earlier lanes of the run stopped. */
  #takeUpTotals(): void {
    const committed = this.#parts.resume?.committed;
    if (committed === undefined) return;
    const { matchesByRule, limits: _, ...counts } = committed;
    Object.assign(this.#counts, counts);
    for (const [ruleId, matches] of Object.entries(matchesByRule)) this.#matches.set(ruleId, matches);
  }

  /** Processes everything there is. Throws what a store, a source or an output file throws; nothing is half committed. */
  async run(): Promise<LaneResult> {
    try {
      await this.#recover();
      for (const input of this.#parts.inputs) await this.#runInput(input);
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
      matches: Object.fromEntries(this.#matches),
      suspended: this.#parts.suspensions.suspended,
      limits: this.#limitCounts(),
    };
  }

  /** Ends a wait for input that may never come. The request to stop itself is in the shared memory. */
  async wake(): Promise<void> {
    await this.#waitingOn?.close();
  }

  /**
   * Takes an error that reached nobody, because a rule started something without waiting for it. It ends as a rule error
   * instead of ending the lane, which would meet it again in every run. Answers false for a defect of the engine.
   */
  takeStray(error: unknown): boolean {
    const ruleId = ruleOfStray(error, this.#parts.rules);
    if (ruleId === undefined) return false;
    this.#counts.ruleErrors++;
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
    const { store, alertBook, ruleErrorBook, suspensions, outbox, warn } = this.#parts;
    const { alertsFile, deadLettersFile } = this.#parts;
    await alertBook.load();
    await this.#parts.newKeys?.load();
    await ruleErrorBook.load();
    await outbox.load();
    for (const news of await suspensions.load()) warn(news);
    for (const file of alertsFile === undefined ? [deadLettersFile] : [alertsFile, deadLettersFile]) {
      const warning = await this.#files.open(file, store);
      if (warning !== undefined) warn(warning);
    }
    // The lengths must be known before the first line is appended, or a kill could leave lines that nobody cuts off.
    this.#batch.dirty = true;
    await this.#commit();
  }

  async #runInput(input: LaneInput): Promise<void> {
    const { store, control } = this.#parts;
    if (control.stopRequested) return;
    const { source } = input;
    await source.open((stream) => store.readPosition(source.id, stream));
    while (!control.stopRequested) {
      const chunk = await this.#read(source);
      if (chunk === undefined) break;
      await this.#runChunk(chunk, input);
    }
    this.#publish(source);
  }

  /** The next chunk; commits what is pending while a source makes us wait longer than a batch may take. */
  async #read(source: Source): Promise<RecordChunk | undefined> {
    const reading = source.read();
    if (!isThenable(reading)) return reading;
    this.#waitingOn = source;
    try {
      if (this.#batch.dirty && !(await settlesWithin(reading, this.#remainingMs()))) await this.#commit();
      return await reading;
    } finally {
      this.#waitingOn = undefined;
    }
  }

  async #runChunk(chunk: RecordChunk, { source, parser }: LaneInput): Promise<void> {
    const { control } = this.#parts;
    parser.begin(chunk);
    this.#lastPosition = { source: chunk.source, stream: chunk.stream, offset: chunk.baseOffset };
    let done = 0;
    let accounted = 0;
    while (done < chunk.count && !control.stopRequested) {
      done = await this.#step.run(chunk, { parser, from: done, pause: () => this.#pause() });
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
    const { batch, store, alertBook, outbox, limits = defaultLimits } = this.#parts;
    if (this.#remainingMs() <= 0 || outbox.waiting >= limits.outboxDeliveriesMax) return true;
    return store.pendingBytes + alertBook.pendingBytes + this.#batch.pendingBytes >= batch.bytesMax;
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
    const { store, alertBook, ruleErrorBook, suspensions, outbox, clock } = this.#parts;
    const { alertsFile, deadLettersFile } = this.#parts;
    const batch = this.#batch;
    if (alertsFile !== undefined) await this.#files.append(alertsFile, batch.alertLines);
    await this.#files.append(deadLettersFile, batch.deadLetterLines);
    const entries = [
      ...alertBook.takeWrites(),
      ...(this.#parts.newKeys?.takeWrites() ?? []),
      ...ruleErrorBook.takeWrites(),
      ...suspensions.takeWrites(),
      ...outbox.takeWrites(),
      ...this.#files.takeWrites(),
    ];
    if (batch.dirty || entries.length > 0) {
      const { positions } = batch;
      await store.commit({ clockMs: this.#engineClock.nowMs, positions, entries });
      this.#tellCommit(positions);
    }
    const { failures } = await outbox.deliverPending();
    const [failure] = failures;
    // The deliveries stay in the outbox: the next run makes them.
    if (failure !== undefined) throw failure.error;
    this.#batch = new Batch(clock.monotonicMs());
    await turnEventLoop();
  }

  #tellCommit(positions: readonly StreamPosition[]): void {
    const matchesByRule = Object.fromEntries(this.#matches.entries().filter(([, matches]) => matches > 0));
    const limits = this.#limitCounts();
    const reached = Object.keys(limits).length === 0 ? {} : { limits };
    const totals = { ...this.#counts, matchesByRule, ...reached };
    this.#parts.onCommit?.({ totals, positions, fileBytes: this.#files.bytes });
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
      output: {
        alert: (alert) => this.#emit(alert),
        deadLetter: (deadLetter) => this.#deadLetter(deadLetter),
        match: (ruleId) => {
          counts.matches++;
          this.#matches.set(ruleId, (this.#matches.get(ruleId) ?? 0) + 1);
        },
        ruleError: (error) => {
          counts.ruleErrors++;
          this.#limitCounters.addRuleError(error);
        },
        event: () => void counts.events++,
        warn,
      },
    });
  }

  #emit(alert: Alert): void {
    const { alertsFile, destinations, outbox } = this.#parts;
    if (alert.status === "open") this.#counts.alerts++;
    // An empty list of destinations is the rule's wish that nobody is notified; the alert itself is kept in the state.
    if (alert.destinations?.length === 0) return;
    if (alertsFile !== undefined) this.#batch.addAlertLine(alertLine(alert));
    for (const destination of destinations) outbox.enqueue(destination.name, alert);
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
    for (const name of ["events", "bytes", "matches", "alerts", "ruleErrors", "deadLetters"] as const) {
      control.set(name, this.#counts[name]);
    }
    if (source === undefined) return;
    const progress = source.progress();
    control.set("inputBytesRead", progress.bytesRead);
    control.set("inputBytesTotal", progress.bytesTotal ?? 0);
  }

  async #close(): Promise<void> {
    const { inputs, destinations, store } = this.#parts;
    for (const { source } of inputs) await source.close();
    for (const destination of destinations) await destination.close();
    await this.#files.close();
    await store.close();
  }
}
