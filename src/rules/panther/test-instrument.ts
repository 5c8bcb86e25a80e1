import { StakeoutError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import type { PythonRules } from "../python/python-rules.ts";
import type { TestInstrument } from "../test-instrument.ts";

export interface InstrumentedPython {
  readonly python: PythonRules;
  /** The number under which the interpreter knows a rule, its file run; `undefined` for a rule that it does not run. */
  readonly numberOf: (ruleId: string) => number | undefined;
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/** The instrument for Python rules. Simple detections have no names to mock, and conditions that nothing records. */
export function createPythonInstrument({ python, numberOf }: InstrumentedPython): TestInstrument {
  const inspection = python.inspect();
  const required = (ruleId: string): number => {
    const number = numberOf(ruleId);
    if (number === undefined) throw new StakeoutError("NOT_FOUND", `There is no Python rule ${ruleId}.`);
    return number;
  };
  return {
    mockable: (ruleId) => {
      const number = numberOf(ruleId);
      return number === undefined ? new Set() : python.names(number);
    },
    isConstant: (ruleId, name) => Promise.resolve(inspection.isConstant(required(ruleId), name)),
    mock: (ruleId, name, replacement) => inspection.mock(required(ruleId), name, replacement),
    mockValue: (ruleId, name, read) =>
      inspection.mockValue(required(ruleId), name, (read() ?? null) as JsonValue),
    clearMocks: () => python.clearMocks(),
    watch: (ruleId) => {
      const number = numberOf(ruleId);
      if (number === undefined) return nothing;
      inspection.watch(number);
      return { [Symbol.dispose]: () => inspection.unwatch(number) };
    },
    startTrace: () => inspection.startRecording(),
    takeTrace: () => inspection.takeRecording(),
  };
}
