import { beforeAll } from "vitest";

import type { JsonValue } from "../../../../src/core/json.ts";
import { defaultLimits, type Limits } from "../../../../src/core/limits.ts";
import { bootPython } from "../../../../src/rules/python/boot.ts";
import { toHostFunction } from "../../../../src/rules/python/host-function.ts";
import type { HostFunction } from "../../../../src/rules/python/lockdown-realm.ts";
import { operate } from "../../../../src/rules/python/state-bridge.ts";
import { createMemoryStore } from "../../../../src/state/memory/memory-store.ts";
import type { Item } from "../../../../src/state/store.ts";
import { newEvaluation, position, startMs, type TestStore } from "../../../state/fixtures.ts";

export const HOUR_MS: number = 3_600_000;
export const DAY_MS: number = 24 * HOUR_MS;

/** What came of some Python: the value of its last expression, sets as sorted lists, or what it raised. */
export interface Outcome {
  readonly value?: JsonValue;
  readonly raised?: {
    /** The class of the exception and all above it. */
    readonly classes: readonly string[];
    readonly code: string | null;
    readonly message: string;
  };
}

/** One interpreter, and a store of its own with a clock that moves when the test says so. */
export interface PythonTrial {
  nowMs: number;
  /** Runs Python as a rule's evaluation of one event; the names of the caching module are imported. Throws what it raised. */
  ask(source: string): JsonValue | undefined;
  /** The same, for Python that is expected to raise. */
  raises(source: string): NonNullable<Outcome["raised"]>;
  /** Runs Python as when a module is imported: no rule is asked about an event. */
  outside(source: string): Outcome;
  item(key: string): Item | undefined;
}

const harness = `
import ast
import json

def run(source):
    names = {}
    exec("from panther_detection_helpers.caching import *", names)
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value)
    try:
        exec(compile(tree, "rule.py", "exec"), names)
        value = eval(compile(last, "rule.py", "eval"), names)
    except Exception as error:
        classes = [each.__name__ for each in type(error).__mro__]
        code = getattr(error, "code", None)
        return json.dumps({"raised": {"classes": classes, "code": code, "message": str(error)}})
    return json.dumps({"value": value}, default=lambda part: sorted(part) if isinstance(part, set) else str(part))

run
`;

type Run = (source: string) => string;

/** Starts Python once for the tests of a file; each call of the answer makes a trial of its own. */
export function withPython(): (limits?: Limits) => PythonTrial {
  const started: { run?: Run } = {};
  beforeAll(async () => {
    const { pyodide } = await bootPython({ memoryBytesMax: 512 * 2 ** 20, cacheFolder: undefined });
    const connect = pyodide.runPython("from stakeout_state import connect; connect") as (
      asks: HostFunction,
    ) => void;
    connect(
      toHostFunction((...[operation, key, argument, expires]) =>
        operate({ operation, key, argument, expires }),
      ),
    );
    started.run = pyodide.runPython(harness) as Run;
  });
  return (limits = defaultLimits) => {
    if (started.run === undefined) throw new Error("Python has not started");
    return createTrial(started.run, limits);
  };
}

function createTrial(run: Run, limits: Limits): PythonTrial {
  const store = createMemoryStore({ limits });
  const evaluation = newEvaluation({ store, limits });
  const outside = (source: string): Outcome => JSON.parse(run(source)) as Outcome;
  const trial: PythonTrial = {
    nowMs: startMs,
    ask(source) {
      const { raised, value } = inside(source);
      if (raised !== undefined) throw new Error(`${raised.classes[0] ?? ""}: ${raised.message}`);
      return value;
    },
    raises(source) {
      const { raised, value } = inside(source);
      if (raised === undefined) throw new Error(`nothing was raised, the answer is ${JSON.stringify(value)}`);
      return raised;
    },
    outside,
    item: (key) => (store as TestStore).listItems({ prefix: key, limit: 1, nowMs: trial.nowMs })[0],
  };
  const inside = (source: string): Outcome => {
    evaluation.begin("Test.Rule", position, trial.nowMs);
    try {
      return outside(source);
    } finally {
      evaluation.end();
    }
  };
  return trial;
}
