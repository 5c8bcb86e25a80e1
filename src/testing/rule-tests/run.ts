import { systemClock } from "../../core/clock.ts";
import type { LoadedRule } from "../../rules/runtime.ts";
import { compare } from "./compare.ts";
import type { FunctionOutput, RuleTest, TestResult } from "./model.ts";
import { play, type Played, type PlayOptions } from "./play.ts";
import { collectPrinted } from "./printed.ts";
import { checkDestinations } from "./unknown-destinations.ts";
import { keyWarnings } from "./warnings.ts";

export interface RunTestOptions extends Pick<PlayOptions, "logTypes" | "instrument"> {
  /** Call the auxiliary functions also for events that do not match; what fails in them fails the test. Default: false. */
  readonly strictAuxiliary?: boolean;
  /** Trace the test even when it passes. Default: false. */
  readonly trace?: boolean;
  /** Run a test that fails a second time to trace it. Default: true. */
  readonly explainFailures?: boolean;
  /** Names of the destinations that there are: answers of `destinations` with others fail. Default: any will do. */
  readonly availableDestinations?: readonly string[] | undefined;
  /** Gets what the rule prints as it comes. */
  readonly onPrinted?: (text: string) => void;
}

/** What a test came to, and the keys that its rule wrote. */
export interface RunTest {
  readonly result: TestResult;
  readonly writtenKeys: ReadonlySet<string>;
}

/**
 * Runs one test on the real engine, on a virtual clock and state of its own, in this thread; one call at a time. What
 * variables at the top of a rule's file hold stays from test to test, as it does from event to event in a run. A test that
 * fails runs a second time with its conditions recorded, because recording them is slow.
 */
export async function runTest(test: RuleTest, rule: LoadedRule, options: RunTestOptions): Promise<RunTest> {
  const { strictAuxiliary = false, trace = false, explainFailures = true, onPrinted } = options;
  const { logTypes, instrument, availableDestinations } = options;
  const parts = { strictAuxiliary, logTypes, instrument };
  const startedMs = systemClock.monotonicMs();
  const { result: played, printed } = await collectPrinted(
    () => play(test, rule, { ...parts, trace }),
    onPrinted,
  );
  const durationMs = systemClock.monotonicMs() - startedMs;
  const destinations =
    availableDestinations === undefined
      ? { outputs: played.outputs, failures: [] }
      : checkDestinations(played.outputs, availableDestinations);
  const failures = [...compare(test, played), ...destinations.failures];
  const passed = failures.length === 0;
  const { result: traced } =
    passed || trace || !explainFailures
      ? { result: played }
      : await collectPrinted(() => play(test, rule, { ...parts, trace: true }));
  const { warnings, writtenKeys } = keyWarnings(played.operations);
  const result: TestResult = {
    test,
    passed,
    failures,
    outputs: judged(test, { outputs: destinations.outputs, matches: played.matches }),
    matches: played.matches,
    warnings,
    trace: passed && !trace ? undefined : { conditions: traced.conditions, operations: traced.operations },
    printed,
    durationMs,
  };
  return { result, writtenKeys };
}

/** The outputs, each with whether it is what the test wants. */
function judged(
  { expect }: RuleTest,
  { outputs, matches }: Pick<Played, "outputs" | "matches">,
): readonly FunctionOutput[] {
  // Whether the errors are the expected ones shows only in all of them together.
  const errorsExpected = (expect.errors ?? []).length > 0;
  return outputs.map((output) => {
    const { function: name } = output;
    const decides = name === "rule" || name === "policy";
    const expected = decides ? expect.matches?.[output.eventIndex] : undefined;
    const asExpected = expected === undefined || expected === matches[output.eventIndex];
    return { ...output, passed: asExpected && (output.error === null || errorsExpected) };
  });
}
