import { defaultLimits } from "../core/limits.ts";
import { LaneControl } from "../engine/control.ts";
import { KnownRecords } from "../engine/restart.ts";
import { Step, type StepOutput, type StepParts } from "../engine/step.ts";
import { SuspensionBook } from "../engine/suspensions.ts";
import type { StateStore } from "../state/store.ts";

type TestStepParts = Pick<StepParts, "rules" | "evaluation" | "alertBook" | "ruleErrorBook" | "clock"> & {
  readonly store: StateStore;
  readonly output: Pick<StepOutput, "alert" | "deadLetter" | "match">;
};

// Nobody looks at what a test is busy with, so one serves all.
const control = new LaneControl();
const knownRecords = new KnownRecords();

/** The engine's own step, for tests and explanations: nothing stops it, and no rule is suspended. */
export function createTestStep({ store, output, ...parts }: TestStepParts): Step {
  return new Step({
    ...parts,
    control,
    knownRecords,
    suspensions: new SuspensionBook({ store, limits: defaultLimits, rules: parts.rules }),
    period: undefined,
    output: {
      ...output,
      ruleError: () => undefined,
      event: () => undefined,
      warn: () => undefined,
    },
  });
}
