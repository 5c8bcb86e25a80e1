import type { Busy, LaneControl } from "./control.ts";

// Looks per budget: a rule is noticed at most a tenth of its budget late, or a second.
const looksPerBudget = 10;
const lookMsMax = 1000;

export interface BudgetWatchOptions {
  readonly control: LaneControl;
  /** How long a lane may be busy with one thing, unless it is a rule with a budget of its own. */
  readonly budgetMs: number;
  /** Called once, with the budget that was exceeded. */
  readonly onExceeded: (budgetMs: number) => void;
}

/**
 * Notices that a lane has been busy with the same thing for longer than the budget, from the main thread. It counts its
 * own looks and reads no clock, so a process that was stopped or a machine that slept exceeds nothing.
 */
export class BudgetWatch {
  readonly #options: BudgetWatchOptions;
  #timer: NodeJS.Timeout;
  #lookMs: number;
  #ruleBudgetsMs: readonly (number | undefined)[] = [];
  #beat = 0;
  #looks = 0;

  constructor(options: BudgetWatchOptions) {
    this.#options = options;
    this.#lookMs = lookMsFor([options.budgetMs]);
    this.#timer = this.#startLooking();
  }

  /** Rules' own budgets, by their number in the fixed order of all rules; `undefined` for those without. */
  setRuleBudgets(budgetsMs: readonly (number | undefined)[]): void {
    this.stop();
    this.#ruleBudgetsMs = budgetsMs;
    this.#lookMs = lookMsFor([
      this.#options.budgetMs,
      ...budgetsMs.filter((budgetMs) => budgetMs !== undefined),
    ]);
    this.#looks = 0;
    this.#timer = this.#startLooking();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { control, onExceeded } = this.#options;
    const { beat } = control;
    const busy = control.busy();
    const goesOn = beat === this.#beat && busy !== undefined;
    this.#beat = beat;
    this.#looks = goesOn ? this.#looks + 1 : 1;
    const budgetMs = this.#budgetOf(busy);
    // The first look comes at any time after the beginning, so it does not count.
    if (this.#looks < Math.ceil(budgetMs / this.#lookMs) + 1) return;
    this.stop();
    onExceeded(budgetMs);
  }

  #budgetOf(busy: Busy | undefined): number {
    const rule = busy?.kind === "evaluating" ? busy.rule : undefined;
    return (rule === undefined ? undefined : this.#ruleBudgetsMs[rule]) ?? this.#options.budgetMs;
  }

  #startLooking(): NodeJS.Timeout {
    return setInterval(() => this.#look(), this.#lookMs).unref();
  }
}

function lookMsFor(budgetsMs: readonly number[]): number {
  return Math.min(lookMsMax, Math.max(1, Math.ceil(Math.min(...budgetsMs) / looksPerBudget)));
}
