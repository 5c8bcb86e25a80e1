import type { Problem } from "../core/errors.ts";
import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import { LaneControl } from "./control.ts";
import type { CommittedMessage, CommittedTotals, LaneResume } from "./lane-messages.ts";
import type { LaneResult } from "./lane.ts";
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
}

/**
 * The main thread's hold on one lane. A thread that rules hold up for longer than their budget, or that they end, is
 * replaced by a new one, which goes on after the last commit: whoever holds this sees one lane all the time.
 */
export class LaneHandle {
  readonly control: LaneControl = new LaneControl();
  /** Settles when the lane has ended for good. Rejects with a `StakeoutError` or what the lane threw. */
  readonly outcome: Promise<LaneOutcome>;
  readonly #options: LaneOptions;
  readonly #restarts: Restarts;
  readonly #input: RepeatableInput | undefined;
  readonly #warned = new Set<string>();
  #lane: WatchedLane;
  #totals: CommittedTotals | undefined;
  #fileBytes: Readonly<Record<string, number>> | undefined;
  /** Characters written that the next thread will want to write again. */
  #writtenCharacters = 0;
  /** Of those, how many the present thread has still to repeat. */
  #repeatedCharacters = 0;

  constructor(options: LaneOptions) {
    const { limits, stdin } = options;
    this.#options = options;
    this.#restarts = new Restarts(limits.ruleBudgetMs);
    this.#input = stdin && new RepeatableInput(stdin, limits.stdinKeptBytesMax);
    this.#lane = this.#start();
    this.outcome = this.#supervise();
  }

  /** Asks the lane to commit and end after the event under way. */
  stop(): void {
    this.control.requestStop();
    this.#lane.wake();
  }

  async #supervise(): Promise<LaneOutcome> {
    for (;;) {
      const end = await this.#lane.ended;
      const outcome = end.kind === "died" ? this.#judge(end) : toOutcome(end);
      if (outcome !== undefined) return outcome;
      this.#lane = this.#start();
    }
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
    const { threadUrl, config, limits, stdin, onStuck, onReady, onRulePrint } = this.#options;
    const lane = new WatchedLane({
      threadUrl,
      data: { config, control: this.control.memory, resume: this.#resume() },
      control: this.control,
      ruleBudgetMs: limits.ruleBudgetMs,
      heapBytesMax: limits.laneHeapBytesMax,
      stdin: stdin !== undefined,
      onOutput: (text) => this.#write(text),
      onWarning: (message) => this.#warn(message),
      onStuck,
      onReady,
      onRulePrint,
      onCommitted: (message) => this.#committed(message),
    });
    if (lane.stdin !== null) this.#input?.feed(lane.stdin);
    return lane;
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

function toOutcome(end: Exclude<LaneEnd, { kind: "died" }>): LaneOutcome {
  if (end.kind === "failed") throw end.error;
  return end;
}
