import type { ChildProcess } from "node:child_process";

/** Some milliseconds after something has happened so many times that can be seen from outside the process. */
export interface Moment {
  /**
   * `output` is something on standard output; `text` a text on standard error; a file's name is a write to it, or several
   * at once.
   */
  readonly after:
    | "start"
    | "output"
    | "alerts.jsonl"
    | "state.db-new"
    | "state.db-wal"
    | { readonly text: string };
  /** Default 1. */
  readonly times?: number;
  /** Default 0: at once. */
  readonly delayMs?: number;
}

export interface Interruption {
  readonly moment: Moment;
  readonly signal: NodeJS.Signals;
  /** What comes after it. */
  readonly next?: Interruption;
}

/** Sends a process a signal at a moment, and perhaps another one later, unless it has ended before. */
export class Interrupter {
  readonly #child: ChildProcess;
  #interruption: Interruption | undefined;
  #times = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, interruption: Interruption) {
    this.#child = child;
    this.#interruption = interruption;
    this.happened("start");
  }

  happened(what: string): void {
    const moment = this.#interruption?.moment;
    if (moment === undefined || what !== moment.after) return;
    this.#times += 1;
    if (this.#times >= (moment.times ?? 1)) this.#aim();
  }

  /** Called with everything on standard error. */
  printed(stderr: string): void {
    const moment = this.#interruption?.moment;
    if (moment === undefined || typeof moment.after !== "object") return;
    if (stderr.split(moment.after.text).length > (moment.times ?? 1)) this.#aim();
  }

  stop(): void {
    this.#interruption = undefined;
    clearTimeout(this.#timer);
  }

  #aim(): void {
    if (this.#timer !== undefined) return;
    const delayMs = this.#interruption?.moment.delayMs ?? 0;
    // A timer takes a millisecond at least, which is enough to miss what is over in one.
    if (delayMs === 0) this.#fire();
    else this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    const { signal, next } = this.#interruption ?? {};
    this.#interruption = next;
    this.#times = 0;
    this.#timer = undefined;
    if (signal !== undefined) this.#child.kill(signal);
  }
}
