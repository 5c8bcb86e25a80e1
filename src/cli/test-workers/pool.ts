import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import { StakeoutError } from "../../core/errors.ts";
import type { RuleTest, TestResult } from "../../testing/rule-tests/model.ts";
import type { PlannedTests, PlanOptions } from "../../testing/rule-tests/plan.ts";
import {
  type NumberedTest,
  type TestOrder,
  type TestThreadData,
  type TestThreadMessage,
  testLabel,
} from "./messages.ts";

export interface ThreadOptions {
  readonly plan: PlanOptions;
  readonly run: TestThreadData["run"];
  readonly bail: boolean;
  readonly threads: number;
  /** How long one test may take. */
  readonly testBudgetMs: number;
  readonly onProgress: (done: number, failed: number) => void;
}

/** Tests handed to a thread at a time: enough that the crossing costs little, few enough that none waits for another. */
const testsPerOrder = 50;

/**
 * Runs tests of a plan in several threads, each of which loads the rules for itself: an evaluation belongs to a thread. The
 * results are in the order of the tests. With `bail`, those that came before the threads had stopped. Throws `LANE_FAILED`
 * when a thread ends, `RULE_BUDGET_EXCEEDED` when a test does not, and `RULES_INVALID` when the files were changed meanwhile.
 */
export async function runInThreads(
  planned: PlannedTests,
  tests: readonly RuleTest[],
  options: ThreadOptions,
): Promise<readonly TestResult[]> {
  const numbers = new Map(planned.tests.map((test, number) => [test, number]));
  const queue = tests.map((test): NumberedTest => ({
    number: numbers.get(test) ?? -1,
    ruleId: test.ruleId,
    name: test.name,
  }));
  const results = new Map<number, TestResult>();
  let failed = 0;
  const takeResults = (order: TestOrder, answers: readonly TestResult[]): void => {
    answers.forEach((answer, index) => results.set(order.tests[index]?.number ?? -1, answer));
    failed += answers.filter((answer) => !answer.passed).length;
    options.onProgress(results.size, failed);
  };
  const perOrder = Math.min(testsPerOrder, Math.ceil(queue.length / options.threads));
  const nextOrder = (): TestOrder | undefined => {
    if (queue.length === 0 || (options.bail && failed > 0)) return undefined;
    return { tests: queue.splice(0, perOrder) };
  };
  await Promise.all(
    Array.from({ length: options.threads }, () => runThread(options, nextOrder, takeResults)),
  );
  return tests.flatMap((test) => results.get(numbers.get(test) ?? -1) ?? []);
}

type TakeResults = (order: TestOrder, results: readonly TestResult[]) => void;

/** One thread, from its start until there is nothing left for it. */
async function runThread(
  { plan, run, testBudgetMs }: ThreadOptions,
  nextOrder: () => TestOrder | undefined,
  takeResults: TakeResults,
): Promise<void> {
  const data: TestThreadData = { plan, run };
  const url = new URL(`./thread${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(url, { workerData: data });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let order: TestOrder | undefined;
  let timer: NodeJS.Timeout | undefined;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; this is a thread
  const post = (next: TestOrder): void => worker.postMessage(next);
  const goOn = (): void => {
    order = nextOrder();
    if (order === undefined) resolve();
    else post(order);
  };
  worker.on("message", (message: TestThreadMessage) => {
    clearTimeout(timer);
    if (message.type === "begins") {
      timer = setTimeout(() => reject(tooLong(message.test, testBudgetMs)), testBudgetMs);
      return;
    }
    if (message.type === "changed") return reject(changed(message.test));
    if (order !== undefined) takeResults(order, message.results);
    goOn();
  });
  worker.on("error", (error) => reject(failure(`failed: ${error.message}`, error)));
  worker.on("exit", (code) => reject(failure(`ended with code ${code}`)));
  goOn();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function failure(what: string, cause?: unknown): StakeoutError {
  return new StakeoutError("LANE_FAILED", `A thread that ran tests ${what}.`, { cause });
}

function tooLong(test: NumberedTest, testBudgetMs: number): StakeoutError {
  return new StakeoutError(
    "RULE_BUDGET_EXCEEDED",
    `${testLabel(test)} has not ended after ${testBudgetMs / 1000} s. Look for a loop that does not end; --rule-budget ` +
      "allows more time.",
    { fields: { rule: test.ruleId } },
  );
}

function changed({ ruleId, name }: NumberedTest): StakeoutError {
  return new StakeoutError(
    "RULES_INVALID",
    `Rules or tests were changed while the tests ran; "${name}" of ${ruleId} is not where it was. Run the tests again.`,
  );
}
