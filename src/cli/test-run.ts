import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";

import type { Clock } from "../core/clock.ts";
import type { RuleTest, TestResult } from "../testing/rule-tests/model.ts";
import type { PlannedTests, PlanOptions } from "../testing/rule-tests/plan.ts";
import type { TestThreadData } from "./test-workers/messages.ts";
import type { Watchdog } from "./watchdog/watchdog.ts";
import { testLabel } from "./test-workers/messages.ts";
import { runInThreads } from "./test-workers/pool.ts";

export interface ExecuteOptions {
  /** What the plan was made of, for threads to make it again. */
  readonly plan: PlanOptions;
  /** How long making it took. */
  readonly planMs: number;
  /** How each test is run; it has to be good for another thread. */
  readonly run: TestThreadData["run"];
  /** Stop after the first test that fails. */
  readonly bail: boolean;
  /** Threads; `undefined`: this one, and more when the rest takes long. */
  readonly workers: number | undefined;
  /** How long one test may take. */
  readonly testBudgetMs: number;
  /** Watches the tests that run in this thread. */
  readonly watchdog: Watchdog | undefined;
  readonly clock: Clock;
  /** Called after every test, or every few where several threads run them. */
  readonly onProgress: (done: number, failed: number) => void;
}

/** How long tests may keep the event loop from turning, so that a key press or a signal is noticed. */
const turnMs = 50;

/** What starting threads takes besides making the plan, and what has to be gained for it. */
const threadsMs = 500;

/** Runs tests in order; fewer results than tests only when it was asked to stop at a failure. */
export async function executeTests(
  planned: PlannedTests,
  tests: readonly RuleTest[],
  options: ExecuteOptions,
): Promise<readonly TestResult[]> {
  const { workers, planMs } = options;
  const threads = workers ?? availableParallelism();
  if (threads === 1) return runHere(planned, tests, { ...options, enough: () => false });
  const enough = workers === undefined ? (pace: Pace) => threadsPay(pace, { planMs, threads }) : () => true;
  const results = await runHere(planned, tests, { ...options, enough });
  const left = tests.slice(results.length);
  if (left.length === 0 || (options.bail && results.some(({ passed }) => !passed))) return results;
  const failedBefore = results.filter(({ passed }) => !passed).length;
  const further = await runInThreads(planned, left, {
    ...options,
    threads: Math.min(threads, left.length),
    onProgress: (done, failed) => options.onProgress(results.length + done, failedBefore + failed),
  });
  return [...results, ...further];
}

/** How long the pace says little: the first tests are slow, because nothing is compiled yet. */
const settleMs = 1000;

/** How tests have gone so far. */
export interface Pace {
  readonly elapsedMs: number;
  readonly done: number;
  readonly left: number;
}

/**
 * True when threads finish what is left sooner than this one, though each of them has to load the rules and make the plan
 * again. Loading a rule takes as long as tens of its tests, so that is rare: it takes long sequences, or very many tests.
 */
export function threadsPay(
  { elapsedMs, done, left }: Pace,
  { planMs, threads }: { readonly planMs: number; readonly threads: number },
): boolean {
  if (done === 0 || elapsedMs < settleMs) return false;
  const leftMs = (elapsedMs / done) * left;
  return leftMs - leftMs / threads > planMs + threadsMs;
}

interface HereOptions extends ExecuteOptions {
  /** Whether the rest is better run elsewhere. Asked before the first test and whenever the event loop turns. */
  readonly enough: (pace: Pace) => boolean;
}

async function runHere(
  planned: PlannedTests,
  tests: readonly RuleTest[],
  options: HereOptions,
): Promise<readonly TestResult[]> {
  const { run, bail, clock, onProgress, enough, testBudgetMs, watchdog } = options;
  const results: TestResult[] = [];
  let failed = 0;
  const startedMs = clock.monotonicMs();
  let turnedMs = startedMs;
  if (enough({ elapsedMs: 0, done: 0, left: tests.length })) return results;
  for (const test of tests) {
    watchdog?.enter(testLabel(test), testBudgetMs);
    const result = await planned.run(test, run);
    watchdog?.leave();
    results.push(result);
    if (!result.passed) failed++;
    onProgress(results.length, failed);
    if (bail && failed > 0) break;
    const nowMs = clock.monotonicMs();
    if (nowMs - turnedMs < turnMs) continue;
    await setImmediate();
    turnedMs = nowMs;
    const pace = { elapsedMs: nowMs - startedMs, done: results.length, left: tests.length - results.length };
    if (enough(pace)) break;
  }
  return results;
}
