import type { LogTypes } from "../../parsers/log-types.ts";
import type { DetectionSpec, PantherTest } from "../../rules/panther/content.ts";
import { eventTimeMs } from "./event-time.ts";
import type { RuleTest } from "./model.ts";
import { defaultStartMs } from "./resolve-events.ts";

/**
 * A test in Panther's form as the runner runs it. It passes as it does there: the rule answers what is expected, and where
 * that is a match, none of its functions raises.
 */
export function fromPanther(test: PantherTest, spec: DetectionSpec, logTypes: LogTypes): RuleTest {
  const { name, expected, json, fields, logType, line } = test;
  const decides = decidingFunction(spec);
  return {
    ruleId: spec.manifest.id,
    name,
    file: spec.manifest.file,
    line,
    events: [{ fields, json, logType }],
    state: [],
    mocks: test.mocks.map(({ objectName, returnValue }) => ({
      name: objectName,
      answer: { kind: "value", value: returnValue },
    })),
    nowMs: eventTimeMs(logTypes.get(logType), fields) ?? defaultStartMs,
    expect: {
      matches: [decides === "policy" ? !expected : expected],
      alerts: undefined,
      state: undefined,
      errors: undefined,
    },
    decides,
    isPanther: true,
  };
}

/** The function that decides whether an event matches; `spec` is `undefined` for a rule in TypeScript. */
export function decidingFunction(spec: DetectionSpec | undefined): "rule" | "policy" {
  return spec?.kind === "policy" ? "policy" : "rule";
}
