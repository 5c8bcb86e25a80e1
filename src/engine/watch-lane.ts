import { Worker } from "node:worker_threads";

import type { RemoteDelivery } from "../alerts/remote-outbox.ts";
import type { Problem } from "../core/errors.ts";
import { errorCodes, type ErrorCode, StakeoutError } from "../core/errors.ts";
import type { Busy, LaneControl } from "./control.ts";
import type {
  CommandAnswer,
  CommittedMessage,
  LaneCommand,
  LaneMessage,
  LaneThreadData,
  RuleInfo,
  SupervisorMessage,
  ThrownMessage,
} from "./lane-messages.ts";
import type { LaneResult } from "./lane-parts.ts";
import type { LaneDeath } from "./restart.ts";
import { BudgetWatch } from "./watch.ts";

/** How a lane's thread ended. */
export type LaneEnd =
  | { readonly kind: "done"; readonly result: LaneResult }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  /** It gave up by itself, for a reason that the next one would meet as well. */
  | { readonly kind: "failed"; readonly error: Error }
  | { readonly kind: "died"; readonly death: LaneDeath };

export interface WatchedLaneOptions {
  /** The module that a lane's thread runs: config/lane-thread.ts. */
  readonly threadUrl: URL;
  readonly data: LaneThreadData;
  readonly control: LaneControl;
  readonly ruleBudgetMs: number;
  readonly heapBytesMax: number;
  /** Whether it is given standard input. */
  readonly stdin: boolean;
  /** The thread does not end, whatever is done, so neither will the process by itself. Called with a sentence for people. */
  readonly onStuck: (message: string) => void;
  /** Resolves when the text is written. */
  readonly onOutput: (text: string) => Promise<void>;
  readonly onWarning: (message: string) => void;
  readonly onReady: (() => void) | undefined;
  /** Its content is loaded and valid. */
  readonly onLoaded?: ((rules: readonly RuleInfo[]) => void) | undefined;
  readonly onDeliver?: ((deliveries: readonly RemoteDelivery[]) => void) | undefined;
  readonly onRulePrint: (text: string) => void;
  readonly onCommitted: (message: CommittedMessage) => void;
}

const mebibyte = 1024 * 1024;
/**
 * Events die young. V8's own choice lets the space for young objects grow until a long run holds 150 MB more, for 2 % of
 * speed.
 */
export const youngGenerationMb = 24;
// A thread that is told to end does so within milliseconds, unless it waits for the operating system.
const endMsMin = 1000;

/** One lane's thread, ended when rules hold it up for longer than their budget. */
export class WatchedLane {
  /** Resolves when the thread has ended and its files and locks are released. Never rejects. */
  readonly ended: Promise<LaneEnd>;
  readonly #worker: Worker;
  readonly #options: WatchedLaneOptions;
  readonly #watch: BudgetWatch;
  readonly #waiting = new Map<number, PromiseWithResolvers<CommandAnswer>>();
  #commands = 0;
  #ruleIds: readonly string[] = [];
  #exceeded: LaneDeath | undefined;
  #stuck: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(options: WatchedLaneOptions) {
    const { threadUrl, data, control, ruleBudgetMs, heapBytesMax, stdin } = options;
    this.#options = options;
    control.endBusy();
    this.#worker = new Worker(threadUrl, {
      workerData: data,
      resourceLimits: {
        maxYoungGenerationSizeMb: youngGenerationMb,
        maxOldGenerationSizeMb: Math.ceil(heapBytesMax / mebibyte),
      },
      stdin,
      stdout: true,
      stderr: true,
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.setEncoding("utf8").on("data", options.onRulePrint);
    }
    this.#watch = new BudgetWatch({
      control,
      budgetMs: ruleBudgetMs,
      onExceeded: (budgetMs) => this.#end(budgetMs),
    });
    this.ended = this.#listen();
  }

  /** True once `ended` is settled. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Where the lane takes standard input from. */
  get stdin(): NodeJS.WritableStream | null {
    return this.#worker.stdin;
  }

  /** Ends a wait for input. */
  wake(): void {
    this.post({ type: "wake" });
  }

  /** Has something done between two batches. Rejects with `LANE_FAILED` when the thread ends before it is. */
  command(command: LaneCommand): Promise<CommandAnswer> {
    if (this.#hasEnded) return Promise.reject(endedBeforeCommand());
    const id = ++this.#commands;
    const waiting = Promise.withResolvers<CommandAnswer>();
    this.#waiting.set(id, waiting);
    this.post({ type: "command", id, command });
    return waiting.promise;
  }

  /** Ends it, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(budgetMs: number): void {
    const busy = this.#options.control.busy();
    if (busy === undefined) return;
    // Noted now: until it has ended the lane may get on to something else.
    this.#exceeded = { busy, ruleIds: this.#ruleIds, reason: undefined, budgetMs };
    void this.#worker.terminate();
    const { ruleBudgetMs, onStuck } = this.#options;
    this.#stuck = setTimeout(() => onStuck(stuckMessage(busy)), Math.max(ruleBudgetMs, endMsMin));
  }

  post(message: SupervisorMessage): void {
    this.#worker.postMessage(message);
  }

  #listen(): Promise<LaneEnd> {
    const { promise, resolve } = Promise.withResolvers<LaneEnd>();
    let end: LaneEnd | undefined;
    let crash: string | undefined;
    this.#worker.on("message", (message: LaneMessage) => {
      end = this.#take(message) ?? end;
    });
    this.#worker.on("error", (error) => (crash = error.message));
    // The thread's end, not its last message, settles the outcome: only then are its files and locks released.
    this.#worker.on("exit", (code) => {
      this.#watch.stop();
      clearTimeout(this.#stuck);
      this.#hasEnded = true;
      for (const { reject } of this.#waiting.values()) reject(endedBeforeCommand());
      resolve(this.#judge(end, crash ?? `its thread ended with code ${code}`));
    });
    return promise;
  }

  /** Handles a message; answers the end of the lane where it says so. */
  #take(message: LaneMessage): LaneEnd | undefined {
    const { onWarning, onCommitted, onReady } = this.#options;
    if (message.type === "done") return { kind: "done", result: message.result };
    if (message.type === "invalid") return { kind: "invalid", problems: message.problems };
    if (message.type === "failed") return { kind: "failed", error: revive(message.error) };
    if (message.type === "warning") onWarning(message.message);
    else if (message.type === "committed") onCommitted(message);
    else if (message.type === "loaded") this.#options.onLoaded?.(message.rules);
    else if (message.type === "deliver") this.#options.onDeliver?.(message.deliveries);
    else if (message.type === "answer") this.#answer(message.id, message.answer);
    else if (message.type === "ready") {
      this.#ruleIds = message.ruleIds;
      if (message.budgetsMs !== undefined) this.#watch.setRuleBudgets(message.budgetsMs);
      onReady?.();
    } else void this.#write(message.id, message.text);
    return undefined;
  }

  #answer(id: number, answer: CommandAnswer): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  #judge(end: LaneEnd | undefined, reason: string): LaneEnd {
    if (end !== undefined && !isDeath(end)) return end;
    if (this.#exceeded !== undefined) return { kind: "died", death: this.#exceeded };
    const busy = this.#options.control.busy();
    if (end?.kind === "failed" && busy === undefined) return end;
    const why = end?.kind === "failed" ? end.error.message : reason;
    return { kind: "died", death: { busy, ruleIds: this.#ruleIds, reason: why } };
  }

  async #write(id: number, text: string): Promise<void> {
    try {
      await this.#options.onOutput(text);
      this.post({ type: "written", id });
    } catch (error) {
      this.post({ type: "written", id, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

function endedBeforeCommand(): StakeoutError {
  return new StakeoutError("LANE_FAILED", "The lane ended before it could do that. Try again.");
}

function stuckMessage(busy: Busy): string {
  const at =
    busy.kind === "loading"
      ? `loading ${busy.file}`
      : `the rules that look at the event at ${busy.position.stream} offset ${busy.position.offset}`;
  return `The lane cannot be ended: ${at} waits for the operating system and cannot be interrupted. Everything up to the last commit is kept.`;
}

/** A language's runtime that died ends its lane with this error. */
function isDeath(end: LaneEnd): boolean {
  return end.kind === "failed" && end.error instanceof StakeoutError && end.error.code === "LANE_FAILED";
}

function revive(error: ThrownMessage): Error {
  if (error.code === undefined || !Object.hasOwn(errorCodes, error.code)) {
    return Object.assign(new Error(error.message), { stack: error.stack });
  }
  const revived = new StakeoutError(error.code as ErrorCode, error.message, { fields: error.fields });
  revived.stack = error.stack;
  return revived;
}
