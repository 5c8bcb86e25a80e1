import assert from "node:assert/strict";

import { type ErrorCode, StakeoutError } from "../../core/errors.ts";
import type { MaybePromise } from "../../core/json.ts";
import { defaultLimits, type Limits } from "../../core/limits.ts";
import { Evaluation } from "../../state/evaluation.ts";
import type { Commit, Item, OperationContext, StateStore } from "../../state/store.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";

/** What the suite needs of a test framework and of the store under test. */
export interface ConformanceTarget {
  /** Groups tests, as `describe` of vitest, jest or node:test. */
  readonly describe: (name: string, body: () => void) => void;
  /** Declares one test. */
  readonly test: (name: string, body: () => Promise<void>) => void;
  /** A new, empty store with these limits instead of the defaults. Called once for each test. */
  readonly createStore: (limits: Partial<Limits>) => MaybePromise<StateStore>;
  /**
   * Ends the store without committing, as a kill would, and opens what its last commit left. Without it, the tests of what
   * survives are left out: for stores that live in memory only.
   */
  readonly reopen?: ((store: StateStore) => MaybePromise<StateStore>) | undefined;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS: number = 24 * HOUR_MS;

/** A store under test with an engine clock, asked as a lane asks. */
export class Trial {
  store: StateStore;
  readonly clock: ManualClock = manualClock();
  private readonly target: ConformanceTarget;
  private readonly limits: Limits;

  private constructor(target: ConformanceTarget, store: StateStore, limits: Limits) {
    this.target = target;
    this.store = store;
    this.limits = limits;
  }

  static async start(target: ConformanceTarget, limits: Partial<Limits>): Promise<Trial> {
    return new Trial(target, await target.createStore(limits), { ...defaultLimits, ...limits });
  }

  /** What a rule's function answers that calls helpers. */
  async ask<T>(rule: () => MaybePromise<T>): Promise<T> {
    const evaluation = new Evaluation(this.store, this.limits);
    evaluation.begin("Trial.Rule", this.context.position, this.clock.nowMs());
    try {
      evaluation.mark();
      const answer = await evaluation.waitFor(Promise.resolve(rule()));
      const forgotten = evaluation.settle();
      if (forgotten !== undefined) throw forgotten;
      return answer;
    } finally {
      evaluation.end();
    }
  }

  /** Asserts that a rule's function fails with this code and that its error names the rule. */
  async fails(code: ErrorCode, rule: () => MaybePromise<unknown>): Promise<void> {
    await assert.rejects(this.ask(rule), (error: unknown) => {
      assert.ok(error instanceof StakeoutError, `a StakeoutError, not ${String(error)}`);
      assert.equal(error.code, code);
      assert.match(error.message, /Trial\.Rule/);
      assert.equal(error.fields["rule"], "Trial.Rule");
      return true;
    });
  }

  /** For calls that go to the store itself. */
  get context(): OperationContext {
    return {
      position: { source: "trial", stream: "stream", offset: 0 },
      ruleId: "Trial.Rule",
      sequence: 1,
      nowMs: this.clock.nowMs(),
    };
  }

  async commit(commit: Partial<Commit> = {}): Promise<void> {
    await this.store.commit({ clockMs: this.clock.nowMs(), positions: [], entries: [], ...commit });
  }

  async reopen(): Promise<void> {
    assert.ok(this.target.reopen !== undefined);
    this.store = await this.target.reopen(this.store);
  }

  /** The item under a key as a listing shows it, or `undefined`. */
  async item(key: string): Promise<Item | undefined> {
    const items = await this.store.listItems({ prefix: key, limit: 1, nowMs: this.clock.nowMs() });
    return items.find((item) => item.key === key);
  }
}

/** Declares one test with a store of its own, which is closed whatever happens. */
export type DeclareTest = (
  name: string,
  body: (trial: Trial) => Promise<void>,
  limits?: Partial<Limits>,
) => void;

export function declareTests(target: ConformanceTarget): DeclareTest {
  return (name, body, limits = {}) => {
    target.test(name, async () => {
      const trial = await Trial.start(target, limits);
      try {
        await body(trial);
      } finally {
        await trial.store.close();
      }
    });
  };
}
