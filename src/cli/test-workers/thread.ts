/** The module that a thread of `stakeout test` runs: makes the same plan again and runs what it is told to. */
import { parentPort, workerData } from "node:worker_threads";

import type { TestResult } from "../../testing/rule-tests/model.ts";
import { planTests } from "../../testing/rule-tests/plan.ts";
import type { TestOrder, TestThreadData, TestThreadMessage } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("thread.ts runs only as a worker thread");

const { plan, run } = workerData as TestThreadData;
const planning = planTests(plan);

port.on("message", (order: TestOrder) => void carryOut(order));

async function carryOut(order: TestOrder): Promise<void> {
  port?.postMessage(await answerTo(order));
}

async function answerTo(order: TestOrder): Promise<TestThreadMessage> {
  const planned = await planning;
  const results: TestResult[] = [];
  for (const wanted of order.tests) {
    const test = planned.tests[wanted.number];
    if (test?.ruleId !== wanted.ruleId || test.name !== wanted.name) return { type: "changed", test: wanted };
    port?.postMessage({ type: "begins", test: wanted } satisfies TestThreadMessage);
    results.push(await planned.run(test, run));
  }
  return { type: "results", results };
}
