import type { RemoteDelivery } from "../alerts/remote-outbox.ts";
import type { Problem } from "../core/errors.ts";
import { messageOf, StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import { counterNames, LaneControl, totalNames } from "./control.ts";
import type {
  CommandAnswer,
  CommittedMessage,
  CommittedTotals,
  LaneCommand,
  LaneResume,
  RuleInfo,
  SupervisorMessage,
} from "./lane-messages.ts";
import type { LaneResult } from "./lane-parts.ts";
import { RepeatableInput } from "./restart-input.ts";
import { Restarts } from "./restart.ts";
import { type LaneEnd, WatchedLane } from "./watch-lane.ts";

export type LaneOutcome =
  | { readonly kind: "done"; readonly result: LaneResult }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

export interface LaneOptions {
  /** The module that a lane's thread runs: config/lane-thread.ts. */
  readonly threadUrl: URL;
  readonly config: JsonObject;
  readonly limits: Pick<Limits, "ruleBudgetMs" | "laneHeapBytesMax" | "stdinKeptBytesMax">;
  /** False for a state that ends with the lane's thread: what starts again then begins at the beginning. */
  readonly keepsState: boolean;
  /** Fed to the lane as standard input; left out when no input asks for it. */
  readonly stdin?: NodeJS.ReadableStream;
  /** Writes text of a console destination; resolves when it is written. */
  readonly onOutput: (text: string) => Promise<void>;
  readonly onWarning: (message: string) => void;
  /** The lane's thread cannot be ended, so the process will not end by itself. Called with a sentence for people. */
  readonly onStuck: (message: string) => void;
  /** Everything is loaded and opened; the first record comes next. Called for each thread that gets so far. */
  readonly onReady?: () => void;
  /** What rules print. */
  readonly onRulePrint: (text: string) => void;
  /** The content is loaded and valid. Called for each thread that gets so far and is put to use. */
  readonly onLoaded?: (rules: readonly RuleInfo[]) => void;
  /** Takes deliveries that are committed. The same ones are handed over again when another thread goes on. */
  readonly onDeliver?: (deliveries: readonly RemoteDelivery[]) => void;
  readonly onCommitted?: (message: CommittedMessage) => void;
  /** A thread that died is replaced. */
  readonly onRestart?: () => void;
  /** What lanes of the same run did before this one, to go on counting from. */
  readonly totals?: CommittedTotals | undefined;
}

/** A thread that has loaded other content, ready to go on in place of the present one. */
export interface Standby {
  readonly lane: WatchedLane;
  readonly control: LaneControl;
  readonly config: JsonObject;
  readonly rules: readonly RuleInfo[];
}

/** What came of loading other content. */
export type Prepared =
  | { readonly kind: "standby"; readonly standby: Standby }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/**
 * The main thread's hold on one lane. A thread that rules hold up for longer than their budget, or that they end, is
 * replaced by a new one, which goes on after the last commit: whoever holds this sees one lane all the time.
 */
export class LaneHandle {
  /** Settles when the lane has ended for good. Rejects with a `StakeoutError` or what the lane threw. */
  readonly outcome: Promise<LaneOutcome>;
  readonly #options: LaneOptions;
  readonly #restarts: Restarts;
  readonly #input: RepeatableInput | undefined;
  readonly #warned = new Set<string>();
  #control = new LaneControl();
  /** The configuration of the content that is in use. */
  #config: JsonObject;
  #lane: WatchedLane;
  /** A thread that is to take over as soon as the present one has ended. */
  #swap: { readonly standby: Standby; readonly swapped: PromiseWithResolvers<void> } | undefined;
  #stopping = false;
  #isOver = false;
  #totals: CommittedTotals | undefined;
  #fileBytes: Readonly<Record<string, number>> | undefined;
  /** Characters written that the next thread will want to write again. */
  #writtenCharacters = 0;
  /** Of those, how many the present thread has still to repeat. */
  #repeatedCharacters = 0;

  constructor(options: LaneOptions) {
    const { limits, stdin, totals } = options;
    this.#options = options;
    this.#totals = totals;
    for (const name of totalNames) this.#control.set(name, totals?.[name] ?? 0);
    this.#config = options.config;
    this.#restarts = new Restarts(limits.ruleBudgetMs);
    this.#input = stdin && new RepeatableInput(stdin, limits.stdinKeptBytesMax);
    this.#lane = this.#start();
    this.outcome = this.#supervise();
  }

  get control(): LaneControl {
    return this.#control;
  }

  /** Asks the lane to commit and end after the event under way. */
  stop(): void {
    this.#stopping = true;
    this.#control.requestStop();
    this.#lane.wake();
  }

  /** Sends on what the lane waits for. What comes while no thread can take it is told again by the next one's needs. */
  tell(message: Extract<SupervisorMessage, { type: "arrival" | "ended" }>): void {
    this.#lane.post(message);
  }

  /** Has something done between two batches. Rejects with `LANE_FAILED` when the thread ends before it is. */
  command(command: LaneCommand): Promise<CommandAnswer> {
    return this.#lane.command(command);
  }

  /** Loads the content anew in a thread that waits, while the present one goes on. */
  async prepare(config: JsonObject): Promise<Prepared> {
    const control = new LaneControl();
    const { promise: loaded, resolve } = Promise.withResolvers<readonly RuleInfo[]>();
    const lane = this.#watch({ config, control, resume: undefined, onLoaded: resolve });
    const first = await Promise.race([loaded, lane.ended]);
    if (isLoaded(first)) return { kind: "standby", standby: { lane, control, config, rules: first } };
    if (first.kind === "invalid") return first;
    return { kind: "invalid", problems: [problemOf(first)] };
  }

  /**
   * Lets the thread that waits go on in place of the present one, after its next commit. Resolves when it does. Rejects with
   * `LANE_FAILED` when the lane is stopped first, or when the thread that waits has ended: then the present content goes on.
   */
  async swap(standby: Standby): Promise<void> {
    if (this.#isOver || standby.lane.hasEnded) {
      await this.discard(standby);
      throw this.#isOver ? laneEnded() : standbyEnded();
    }
    const swapped = Promise.withResolvers<void>();
    this.#swap = { standby, swapped };
    this.#control.requestStop();
    this.#lane.wake();
    await swapped.promise;
  }

  /** Ends a thread that waits and is not wanted after all. */
  async discard({ lane }: Standby): Promise<void> {
    await lane.terminate();
  }

  async #supervise(): Promise<LaneOutcome> {
    try {
      for (;;) {
        const end = await this.#lane.ended;
        if (this.#takeOver(end)) continue;
        const outcome = end.kind === "died" ? this.#judge(end) : toOutcome(end);
        if (outcome !== undefined) return outcome;
        this.#options.onRestart?.();
        this.#lane = this.#start();
      }
    } finally {
      this.#isOver = true;
      if (this.#swap !== undefined) {
        await this.discard(this.#swap.standby);
        this.#swap.swapped.reject(laneEnded());
      }
    }
  }

  /** Puts the thread that waits to use. Answers false when there is none, or the lane is not to go on at all. */
  #takeOver(end: LaneEnd): boolean {
    const swap = this.#swap;
    if (swap === undefined || this.#stopping || end.kind === "failed") return false;
    if (end.kind === "died") {
      // What it did is in the commit, or is done again; only what it was blamed for has to be kept.
      this.#judge(end);
      this.#options.onRestart?.();
    }
    this.#swap = undefined;
    const { standby, swapped } = swap;
    if (standby.lane.hasEnded) {
      // The present content goes on; only its control is used up, which says to stop.
      this.#useControl(new LaneControl());
      this.#lane = this.#start();
      swapped.reject(standbyEnded());
      return true;
    }
    this.#useControl(standby.control);
    this.#config = standby.config;
    this.#lane = standby.lane;
    this.#options.onLoaded?.(standby.rules);
    standby.lane.post({ type: "go", resume: this.#resume() });
    swapped.resolve();
    return true;
  }

  #useControl(control: LaneControl): void {
    const counters = this.#control.read();
    for (const name of counterNames) control.set(name, counters[name]);
    this.#control = control;
  }

  /** What comes of a thread that died: nothing yet when another one can take over. */
  #judge({ death }: Extract<LaneEnd, { kind: "died" }>): LaneOutcome | undefined {
    const verdict = this.#restarts.judge(death);
    if (verdict.kind === "invalid") return { kind: "invalid", problems: [verdict.problem] };
    if (verdict.kind === "give-up") throw new StakeoutError("LANE_FAILED", verdict.message);
    this.#options.onWarning(verdict.warning);
    return undefined;
  }

  #start(): WatchedLane {
    const { onLoaded } = this.#options;
    const lane = this.#watch({
      config: this.#config,
      control: this.#control,
      resume: this.#resume(),
      onLoaded,
    });
    if (lane.stdin !== null) this.#input?.feed(lane.stdin);
    return lane;
  }

  #watch({ config, control, resume, onLoaded }: WatchRequest): WatchedLane {
    const { threadUrl, limits, stdin, onStuck, onReady, onRulePrint, onDeliver } = this.#options;
    return new WatchedLane({
      threadUrl,
      data: { config, control: control.memory, resume },
      control,
      ruleBudgetMs: limits.ruleBudgetMs,
      heapBytesMax: limits.laneHeapBytesMax,
      stdin: stdin !== undefined,
      onOutput: (text) => this.#write(text),
      onWarning: (message) => this.#warn(message),
      onStuck,
      onReady,
      onRulePrint,
      onLoaded,
      onDeliver,
      onCommitted: (message) => this.#committed(message),
    });
  }

  #resume(): LaneResume {
    const { suspects, blames } = this.#restarts;
    this.#repeatedCharacters = this.#writtenCharacters;
    this.#writtenCharacters = 0;
    return {
      suspects,
      blames,
      committed: this.#totals,
      fileBytes: this.#fileBytes ?? {},
      stdin: this.#input?.resume(),
    };
  }

  #committed(message: CommittedMessage): void {
    if (message.progressed) this.#restarts.progressed();
    this.#options.onCommitted?.(message);
    if (!this.#options.keepsState) {
      this.#fileBytes ??= message.fileBytes;
      return;
    }
    this.#totals = message.totals;
    // Deliveries are taken out of the outbox with the commit that follows them.
    this.#writtenCharacters = 0;
    if (message.stdin !== undefined) this.#input?.committed(message.stdin);
  }

  /** A new thread says again what was wrong with the files when the first one loaded them. */
  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }

  /** A new thread delivers again what its commit still holds as undelivered; most of it was written already. */
  async #write(text: string): Promise<void> {
    const repeated = Math.min(this.#repeatedCharacters, text.length);
    this.#repeatedCharacters -= repeated;
    this.#writtenCharacters += text.length;
    if (repeated < text.length) await this.#options.onOutput(text.slice(repeated));
  }
}

interface WatchRequest {
  readonly config: JsonObject;
  readonly control: LaneControl;
  readonly resume: LaneResume | undefined;
  readonly onLoaded: LaneOptions["onLoaded"];
}

function isLoaded(first: readonly RuleInfo[] | LaneEnd): first is readonly RuleInfo[] {
  return Array.isArray(first);
}

/** Why content could not be loaded, where no file is to blame. */
function problemOf(end: Exclude<LaneEnd, { kind: "invalid" }>): Problem {
  if (end.kind === "done") return { file: "", line: 0, message: "the lane ended while it was loading" };
  if (end.kind === "failed") return { file: "", line: 0, message: messageOf(end.error) };
  const { busy, reason, budgetMs } = end.death;
  const why = reason ?? `loading took longer than ${(budgetMs ?? 0) / 1000} s`;
  return { file: busy?.kind === "loading" ? busy.file : "", line: 0, message: why };
}

function laneEnded(): StakeoutError {
  return new StakeoutError("LANE_FAILED", "The lane has ended.");
}

function standbyEnded(): StakeoutError {
  return new StakeoutError("LANE_FAILED", "The thread with the new content ended before it could take over.");
}

function toOutcome(end: Exclude<LaneEnd, { kind: "died" }>): LaneOutcome {
  if (end.kind === "failed") throw end.error;
  return end;
}
