import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LaneControl } from "../../src/engine/control.ts";
import { BudgetWatch } from "../../src/engine/watch.ts";

const budgetMs = 15_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Trial {
  readonly control: LaneControl;
  /** Times that something took too long. */
  readonly exceeded: () => number;
  /** The budget that was exceeded. */
  readonly exceededMs: () => number | undefined;
  readonly watch: BudgetWatch;
}

function createWatch(): Trial {
  const control = new LaneControl();
  control.enterStream("files", "/logs/a");
  let times = 0;
  let exceededMs: number | undefined;
  const onExceeded = (ms: number): void => {
    times += 1;
    exceededMs = ms;
  };
  const watch = new BudgetWatch({ control, budgetMs, onExceeded });
  return { control, exceeded: () => times, exceededMs: () => exceededMs, watch };
}

test("a record that takes longer than the budget is noticed, once, within a tenth of it", () => {
  const { control, exceeded } = createWatch();
  control.beginRecord(0);
  vi.advanceTimersByTime(budgetMs);
  expect(exceeded()).toBe(0);
  vi.advanceTimersByTime(budgetMs / 10);
  expect(exceeded()).toBe(1);
  vi.advanceTimersByTime(10 * budgetMs);
  expect(exceeded()).toBe(1);
});

test("so is a file that does not finish loading", () => {
  const { control, exceeded } = createWatch();
  control.beginLoading("/rules/a.ts");
  vi.advanceTimersByTime(1.2 * budgetMs);
  expect(exceeded()).toBe(1);
});

test("records one after another take as long as they like together", () => {
  const { control, exceeded } = createWatch();
  for (let offset = 0; offset < 10; offset++) {
    control.beginRecord(offset);
    vi.advanceTimersByTime(0.9 * budgetMs);
  }
  expect(exceeded()).toBe(0);
});

test("so do rules about one record, where each is noted", () => {
  const { control, exceeded } = createWatch();
  for (let rule = 0; rule < 10; rule++) {
    control.beginRule(rule);
    vi.advanceTimersByTime(0.9 * budgetMs);
  }
  expect(exceeded()).toBe(0);
});

test("waiting for input and committing are no evaluation", () => {
  const { control, exceeded } = createWatch();
  control.beginRecord(0);
  vi.advanceTimersByTime(0.9 * budgetMs);
  control.endBusy();
  vi.advanceTimersByTime(10 * budgetMs);
  expect(exceeded()).toBe(0);
});

test.each([
  ["longer", 4 * budgetMs],
  ["shorter", budgetMs / 30],
] as const)("a rule with a %s budget of its own has that one", (_, ownMs) => {
  const { control, exceededMs, watch } = createWatch();
  watch.setRuleBudgets([undefined, ownMs]);
  control.beginRule(1);
  vi.advanceTimersByTime(ownMs);
  expect(exceededMs()).toBeUndefined();
  vi.advanceTimersByTime(ownMs / 10);
  expect(exceededMs()).toBe(ownMs);
});

test("the budget of one rule is not that of the others", () => {
  const { control, exceededMs, watch } = createWatch();
  watch.setRuleBudgets([undefined, budgetMs / 30]);
  control.beginRule(0);
  vi.advanceTimersByTime(budgetMs);
  expect(exceededMs()).toBeUndefined();
  vi.advanceTimersByTime(budgetMs / 10);
  expect(exceededMs()).toBe(budgetMs);
});

test("nothing is noticed after it was stopped", () => {
  const { control, exceeded, watch } = createWatch();
  control.beginRecord(0);
  watch.stop();
  vi.advanceTimersByTime(10 * budgetMs);
  expect(exceeded()).toBe(0);
});
