import type { TestResult } from "../../testing/rule-tests/model.ts";
import type { PlanOptions, RunOptions } from "../../testing/rule-tests/plan.ts";

/** What a thread that runs tests is started with. */
export interface TestThreadData {
  readonly plan: PlanOptions;
  readonly run: Omit<RunOptions, "onPrinted">;
}

/** To the thread: run these tests, by their number in the plan. */
export interface TestOrder {
  readonly tests: readonly NumberedTest[];
}

/** The names say whether the thread's plan is still the one that the order was made from. */
export interface NumberedTest {
  readonly number: number;
  readonly ruleId: string;
  readonly name: string;
}

/** A test as a sentence calls it. */
export function testLabel({ ruleId, name }: Pick<NumberedTest, "ruleId" | "name">): string {
  return `the test "${name}" of rule ${ruleId}`;
}

/** From the thread: which test it begins, and the results after each order. */
export type TestThreadMessage =
  | { readonly type: "begins"; readonly test: NumberedTest }
  | { readonly type: "results"; readonly results: readonly TestResult[] }
  | { readonly type: "changed"; readonly test: NumberedTest };
