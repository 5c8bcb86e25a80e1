import { AsyncLocalStorage } from "node:async_hooks";

import { StakeoutError } from "../core/errors.ts";
import { isThenable, type MaybePromise } from "../core/json.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import type { Position } from "../core/position.ts";
import { Operation } from "./operation.ts";
import type { OperationContext, StateOperations } from "./store.ts";

/** One evaluation as the code that it started carries it along, across everything that code waits for. */
interface Ticket {
  readonly ruleId: string;
}

const tickets = new AsyncLocalStorage<Ticket | undefined>();
const nowhere: Position = { source: "", stream: "", offset: 0 };

/** Counts the keys that rules make, hour by hour of the engine clock and from one run to the next. */
export interface NewKeyCounts {
  /** Counts one more, unless there are `max` in the hour of this time already. Answers whether it did. */
  take(ruleId: string, clockMs: number, max: number): boolean;
}

let current: Evaluation | undefined;

/** The evaluation under way in this thread. */
export function currentEvaluation(): Evaluation | undefined {
  return current;
}

/**
 * Called by a runtime before it calls a rule function that is declared `async`: everything that the function starts is
 * then known as this evaluation's, also where it waits for something else before its first helper. Costs as much as ten
 * plain rule calls.
 */
export function markEvaluation(): void {
  current?.mark();
}

/**
 * One rule on one event: what stands behind the helpers while a lane asks a rule. A lane has one of it and uses it again
 * and again, so for rules without state `begin` and `end` are a few assignments.
 *
 * The engine calls `begin`, a function of the rule, `waitFor` with its answer where that is a promise, `settle` once it
 * has settled, then the same for the next function, and at last `end`. Nothing else may run between `begin` and a rule
 * function's return.
 */
export class Evaluation implements OperationContext {
  ruleId = "";
  position: Position = nowhere;
  nowMs = 0;
  sequence = 0;
  /** What the operations act on. */
  readonly store: StateOperations;
  readonly limits: Limits;
  private readonly newKeys: NewKeyCounts | undefined;
  private ticket: Ticket | undefined;
  /** The engine's own stack carries the ticket, because the rule function has not returned yet. */
  private marked = false;
  /** The rule function has returned a promise, so code of other evaluations may run in between. */
  private waiting = false;
  private operations: Operation<unknown>[] = [];

  /** Without `newKeys` rules may make any number of keys. */
  constructor(store: StateOperations, limits: Limits = defaultLimits, newKeys?: NewKeyCounts) {
    this.store = store;
    this.limits = limits;
    this.newKeys = newKeys;
  }

  begin(ruleId: string, position: Position, nowMs: number): void {
    this.ruleId = ruleId;
    this.position = position;
    this.nowMs = nowMs;
    // oxlint-disable-next-line typescript/no-this-alias -- what stands behind the helpers is this very object
    current = this;
  }

  end(): void {
    current = undefined;
    if (this.ticket === undefined && !this.waiting) return;
    this.unmark();
    this.ticket = undefined;
    this.waiting = false;
    this.sequence = 0;
    this.operations.length = 0;
  }

  /** True once the rule has called a helper in this evaluation, so that `settle` has something to look at. */
  get used(): boolean {
    return this.ticket !== undefined;
  }

  /** Takes what a function of the rule answered, when that is a promise, before it is awaited; answers the same. */
  waitFor<T>(answer: PromiseLike<T>): PromiseLike<T> {
    this.waiting = true;
    this.unmark();
    return answer;
  }

  /**
   * Called when a function of the rule has settled. Answers `STATE_OPERATION_NOT_AWAITED` when nobody waits for one of its
   * operations: the rule went on without knowing the result, or that there is an error.
   */
  settle(): StakeoutError | undefined {
    if (this.ticket === undefined) {
      this.waiting = false;
      return undefined;
    }
    this.unmark();
    this.waiting = false;
    const forgotten = this.operations.find((operation) => operation.unfinished);
    this.operations.length = 0;
    return forgotten === undefined ? undefined : notAwaited(this.ruleId, forgotten.helper);
  }

  /** Runs what a helper does. Whatever goes wrong reaches the rule as a rejected promise. */
  perform<T>(helper: string, run: (evaluation: Evaluation) => MaybePromise<T>): Operation<T> {
    const foreign = this.foreign(helper);
    if (foreign !== undefined) return Operation.failed(helper, foreign);
    let operation: Operation<T>;
    try {
      operation = Operation.done(helper, run(this));
    } catch (error) {
      operation = Operation.failed(helper, error);
    }
    this.operations.push(operation);
    return operation;
  }

  /**
   * Runs what a helper of a language without promises does, and answers its result at once. Throws where the store would
   * answer later.
   */
  performNow<T>(helper: string, run: (evaluation: Evaluation) => MaybePromise<T>): T {
    this.ticket ??= { ruleId: this.ruleId };
    const result = run(this);
    if (!isThenable(result)) return result;
    throw new StakeoutError(
      "STATE_OUTSIDE_EVALUATION",
      `Rule ${this.ruleId}: ${helper}() needs a store in this process; this one answers over the network.`,
      { fields: { rule: this.ruleId, helper } },
    );
  }

  /** The context for the next operation on the store. */
  next(): OperationContext {
    if (this.sequence >= this.limits.operationsPerEvaluationMax) throw this.tooManyOperations();
    this.sequence += 1;
    return this;
  }

  /** Called by the store before it makes a key. Throws `STATE_LIMIT_EXCEEDED` for one too many. */
  newKey(): void {
    const { ruleId, nowMs, limits } = this;
    const limit = limits.newKeysPerHourMax;
    if (this.newKeys?.take(ruleId, nowMs, limit) !== false) return;
    throw new StakeoutError(
      "STATE_LIMIT_EXCEEDED",
      `Rule ${ruleId}: more than ${limit} new state keys in one hour (the limit newKeysPerHourMax), so this one was not ` +
        "made. Look for a key that is different for every event, or raise the limit.",
      { fields: { rule: ruleId, limit: "newKeysPerHourMax", value: limit } },
    );
  }

  /** Makes everything that the rule function starts from here on known as this evaluation's. */
  mark(): void {
    this.ticket ??= { ruleId: this.ruleId };
    this.marked = true;
    tickets.enterWith(this.ticket);
  }

  /** The error for a call that was not made by the rule under way, or none. */
  foreign(helper: string): StakeoutError | undefined {
    const caller = tickets.getStore();
    if (caller !== undefined && caller === this.ticket) return undefined;
    if (this.waiting) return strayCall(helper, caller);
    // The engine has just called the rule function, so the caller can be nobody else.
    this.mark();
    return undefined;
  }

  private unmark(): void {
    if (!this.marked) return;
    this.marked = false;
    tickets.enterWith(undefined);
  }

  private tooManyOperations(): StakeoutError {
    const limit = this.limits.operationsPerEvaluationMax;
    return new StakeoutError(
      "STATE_LIMIT_EXCEEDED",
      `Rule ${this.ruleId}: more than ${limit} state operations on one event (the limit operationsPerEvaluationMax). ` +
        "Look for a loop that does not end, or raise the limit.",
      { fields: { rule: this.ruleId, limit: "operationsPerEvaluationMax", value: limit } },
    );
  }
}

/** Runs what a helper does in the evaluation under way. */
export function perform<T>(helper: string, run: (evaluation: Evaluation) => MaybePromise<T>): Operation<T> {
  if (current === undefined) return Operation.failed(helper, strayCall(helper, tickets.getStore()));
  return current.perform(helper, run);
}

/** The evaluation under way, for helpers that answer at once. Throws where there is none. */
export function requireEvaluation(helper: string): Evaluation {
  const evaluation = current;
  if (evaluation === undefined) throw strayCall(helper, tickets.getStore());
  const foreign = evaluation.foreign(helper);
  if (foreign !== undefined) throw foreign;
  return evaluation;
}

function notAwaited(ruleId: string, helper: string): StakeoutError {
  return new StakeoutError(
    "STATE_OPERATION_NOT_AWAITED",
    `Rule ${ruleId}: ${helper}() was called without "await". Write "await ${helper}(…)", and "async" before the function.`,
    { fields: { rule: ruleId, helper } },
  );
}

function strayCall(helper: string, caller: Ticket | undefined): StakeoutError {
  if (caller === undefined) {
    return new StakeoutError(
      "STATE_OUTSIDE_EVALUATION",
      `${helper}() works only inside the functions of a rule, while the engine asks that rule about an event. A rule ` +
        'function that waits for anything before its first helper must be declared "async", and everything it starts ' +
        "must be awaited.",
      { fields: { helper } },
    );
  }
  return new StakeoutError(
    "STATE_OPERATION_NOT_AWAITED",
    `Rule ${caller.ruleId}: ${helper}() was called after the rule had answered, so nothing was changed. Write "await" ` +
      "before the call of the function that calls it.",
    { fields: { rule: caller.ruleId, helper } },
  );
}
