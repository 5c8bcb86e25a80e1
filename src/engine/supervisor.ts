import { Worker } from "node:worker_threads";

import type { ErrorCode, Problem } from "../core/errors.ts";
import { errorCodes, StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { LaneControl } from "./control.ts";
import type { LaneResult } from "./lane.ts";

/** What a lane's thread is started with. The configuration's form is a matter between whoever builds and the thread. */
export interface LaneThreadData {
  readonly config: JsonObject;
  readonly control: SharedArrayBuffer;
}

/** From the lane's thread to the main thread. */
export type LaneMessage =
  | { readonly type: "ready"; readonly rules: number }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "output"; readonly id: number; readonly text: string }
  | { readonly type: "invalid"; readonly problems: readonly Problem[] }
  | { readonly type: "done"; readonly result: LaneResult }
  | { readonly type: "failed"; readonly error: ThrownMessage };

/** From the main thread to the lane's thread. */
export type SupervisorMessage =
  | { readonly type: "written"; readonly id: number; readonly error?: string }
  | { readonly type: "wake" };

/** An error on its way between threads; classes do not survive the crossing. */
export interface ThrownMessage {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export type LaneOutcome =
  | { readonly kind: "done"; readonly result: LaneResult }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

export interface LaneOptions {
  /** The module that a lane's thread runs: config/lane-thread.ts. */
  readonly threadUrl: URL;
  readonly config: JsonObject;
  /** Fed to the lane as standard input; left out when no input asks for it. */
  readonly stdin?: NodeJS.ReadableStream;
  /** Writes text of a console destination; resolves when it is written. */
  readonly onOutput: (text: string) => Promise<void>;
  readonly onWarning: (message: string) => void;
  /** Everything is loaded and opened; the first record comes next. */
  readonly onReady?: () => void;
  /** What rules print. */
  readonly onRulePrint: (text: string) => void;
}

// Events die young. V8's own choice lets the space for young objects grow until a long run holds 150 MB more, for 2 % of
// speed.
const youngGenerationMb = 24;

/** The main thread's hold on one lane. */
export class LaneHandle {
  readonly control: LaneControl = new LaneControl();
  /** Settles when the lane's thread has ended. Rejects with a `StakeoutError` or what the lane threw. */
  readonly outcome: Promise<LaneOutcome>;
  readonly #worker: Worker;
  readonly #options: LaneOptions;

  constructor(options: LaneOptions) {
    this.#options = options;
    const data: LaneThreadData = { config: options.config, control: this.control.memory };
    this.#worker = new Worker(options.threadUrl, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
      stdin: options.stdin !== undefined,
      stdout: true,
      stderr: true,
    });
    this.#connectStreams();
    this.outcome = this.#listen();
  }

  /** Asks the lane to commit and end after the event under way. */
  stop(): void {
    this.control.requestStop();
    this.#post({ type: "wake" });
  }

  #post(message: SupervisorMessage): void {
    this.#worker.postMessage(message);
  }

  #connectStreams(): void {
    const { stdin, onRulePrint } = this.#options;
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.setEncoding("utf8").on("data", onRulePrint);
    }
    if (stdin !== undefined && this.#worker.stdin !== null) stdin.pipe(this.#worker.stdin);
  }

  #listen(): Promise<LaneOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<LaneOutcome>();
    let outcome: LaneOutcome | undefined;
    let failure: Error | undefined;
    this.#worker.on("message", (message: LaneMessage) => {
      if (message.type === "done") outcome = { kind: "done", result: message.result };
      else if (message.type === "invalid") outcome = { kind: "invalid", problems: message.problems };
      else if (message.type === "failed") failure = revive(message.error);
      else if (message.type === "warning") this.#options.onWarning(message.message);
      else if (message.type === "ready") this.#options.onReady?.();
      else if (message.type === "output") void this.#write(message.id, message.text);
    });
    this.#worker.on("error", (error) => {
      failure ??= new StakeoutError("LANE_FAILED", `The lane's thread failed: ${error.message}`, {
        cause: error,
      });
    });
    // The thread's end, not its last message, settles the outcome: only then are its files and locks released.
    this.#worker.on("exit", (code) => {
      if (outcome !== undefined && failure === undefined) resolve(outcome);
      else reject(failure ?? new StakeoutError("LANE_FAILED", `The lane's thread ended with code ${code}.`));
    });
    return promise;
  }

  async #write(id: number, text: string): Promise<void> {
    try {
      await this.#options.onOutput(text);
      this.#post({ type: "written", id });
    } catch (error) {
      this.#post({ type: "written", id, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

function revive(error: ThrownMessage): Error {
  if (error.code === undefined || !Object.hasOwn(errorCodes, error.code)) {
    return Object.assign(new Error(error.message), { stack: error.stack });
  }
  const revived = new StakeoutError(error.code as ErrorCode, error.message, { fields: error.fields });
  revived.stack = error.stack;
  return revived;
}
