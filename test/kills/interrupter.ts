import type { ChildProcess } from "node:child_process";

/** Some milliseconds after something has happened so many times that can be seen from outside the process. */
export interface Moment {
  /**
   * `output` is something on standard output; `text` a text on standard error; a file's name is a write to it, or several
   * at once.
   */
  readonly after: "start" | "output" | "alerts.jsonl" | "state.db" | "state.db-wal" | { readonly text: string };
  /** Default 1. */
  readonly times?: number;
  /** Default 0: at once. */
  readonly delayMs?: number;
}

export interface Interruption {
  readonly moment: Moment;
  readonly signal: NodeJS.Signals;
}

/** Sends a process a signal at a moment, unless it has ended before. */
export class Interrupter {
  readonly #child: ChildProcess;
  readonly #interruption: Interruption;
  #times = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, interruption: Interruption) {
    this.#child = child;
    this.#interruption = interruption;
    this.happened("start");
  }

  happened(what: string): void {
    const { after, times = 1 } = this.#interruption.moment;
    if (what !== after) return;
    this.#times += 1;
    if (this.#times >= times) this.#aim();
  }

  /** Called with everything on standard error. */
  printed(stderr: string): void {
    const { after, times = 1 } = this.#interruption.moment;
    if (typeof after === "object" && stderr.split(after.text).length > times) this.#aim();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #aim(): void {
    if (this.#timer !== undefined) return;
    const { moment, signal } = this.#interruption;
    const { delayMs = 0 } = moment;
    // A timer takes a millisecond at least, which is enough to miss what is over in one.
    if (delayMs === 0) this.#child.kill(signal);
    this.#timer = setTimeout(() => this.#child.kill(signal), delayMs);
  }
}
