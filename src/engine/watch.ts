import type { LaneControl } from "./control.ts";

// Looks per budget: a rule is noticed at most a tenth of its budget late, or a second.
const looksPerBudget = 10;
const lookMsMax = 1000;

export interface BudgetWatchOptions {
  readonly control: LaneControl;
  /** How long a lane may be busy with one thing. */
  readonly budgetMs: number;
  /** Called once, when that is exceeded. */
  readonly onExceeded: () => void;
}

/**
 * Notices that a lane has been busy with the same thing for longer than the budget, from the main thread. It counts its
 * own looks and reads no clock, so a process that was stopped or a machine that slept exceeds nothing.
 */
export class BudgetWatch {
  readonly #options: BudgetWatchOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #looksMax: number;
  #beat = 0;
  #looks = 0;

  constructor(options: BudgetWatchOptions) {
    this.#options = options;
    const lookMs = Math.min(lookMsMax, Math.max(1, Math.ceil(options.budgetMs / looksPerBudget)));
    // The first look comes at any time after the beginning, so it does not count.
    this.#looksMax = Math.ceil(options.budgetMs / lookMs) + 1;
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { control, onExceeded } = this.#options;
    const { beat } = control;
    const goesOn = beat === this.#beat && control.busy() !== undefined;
    this.#beat = beat;
    this.#looks = goesOn ? this.#looks + 1 : 1;
    if (this.#looks < this.#looksMax) return;
    this.stop();
    onExceeded();
  }
}
