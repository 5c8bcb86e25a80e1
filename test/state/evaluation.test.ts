import { describe, expect, test } from "vitest";

import type { StakeoutError } from "../../src/core/errors.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { currentEvaluation, type Evaluation, markEvaluation } from "../../src/state/evaluation.ts";
import {
  addToStringSet,
  evaluateThreshold,
  getCounter,
  incrementCounter,
  now,
  putDictionary,
  setKeyExpiration,
} from "../../src/state/helpers.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import type { OperationContext, StateStore } from "../../src/state/store.ts";
import { context, newEvaluation, position, startMs } from "./fixtures.ts";

interface Outcome {
  readonly answer?: unknown;
  readonly error?: unknown;
}

/** Asks a rule as a lane does: async functions are marked, promises awaited, everything settled. */
async function ask(evaluation: Evaluation, id: string, rule: () => unknown): Promise<Outcome> {
  evaluation.begin(id, position, startMs);
  try {
    if (rule.constructor.name === "AsyncFunction") markEvaluation();
    const answer = rule();
    const settled =
      answer instanceof Object && "then" in answer
        ? await evaluation.waitFor(answer as Promise<unknown>)
        : answer;
    const error = evaluation.settle();
    return error === undefined ? { answer: settled } : { error };
  } catch (error) {
    return { error };
  } finally {
    evaluation.end();
  }
}

function codeOf(error: unknown): unknown {
  return (error as StakeoutError).code;
}

/** Waits until what is still running elsewhere has had its turns. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** Runs code whose promise nobody awaits, as a rule's mistake, and keeps what it failed with. */
function dangle(failures: unknown[], work: () => Promise<unknown>): void {
  work().catch((error: unknown) => failures.push(error));
}

describe("a helper outside of an evaluation", () => {
  test("fails as a rejected promise", async () => {
    await expect(incrementCounter("k")).rejects.toMatchObject({ code: "STATE_OUTSIDE_EVALUATION" });
  });

  test("now() throws", () => {
    expect(() => now()).toThrow(expect.objectContaining({ code: "STATE_OUTSIDE_EVALUATION" }));
  });

  test("fails again after an evaluation has ended", async () => {
    const evaluation = newEvaluation();
    await ask(evaluation, "A", async () => incrementCounter("k"));
    expect(currentEvaluation()).toBeUndefined();
    await expect(incrementCounter("k")).rejects.toMatchObject({ code: "STATE_OUTSIDE_EVALUATION" });
  });
});

describe("an operation that nobody awaits", () => {
  const forgetful: Readonly<Record<string, () => unknown>> = {
    incrementCounter: () => void incrementCounter("k"),
    addToStringSet: () => void addToStringSet("k", ["a"]),
    evaluateThreshold: () => void evaluateThreshold("k"),
  };
  for (const [helper, rule] of Object.entries(forgetful)) {
    test(`${helper}: is an error that names rule and helper`, async () => {
      const { error } = await ask(newEvaluation(), "Forgetful.Rule", rule);
      expect(codeOf(error)).toBe("STATE_OPERATION_NOT_AWAITED");
      expect((error as StakeoutError).fields).toEqual({ rule: "Forgetful.Rule", helper });
      expect((error as Error).message).toContain("Forgetful.Rule");
    });
  }

  test("is an error in an async rule that awaits others", async () => {
    const { error } = await ask(newEvaluation(), "A", async () => {
      await incrementCounter("k");
      void setKeyExpiration("k", { in: "1h" });
      return (await getCounter("k")) > 0;
    });
    expect((error as StakeoutError).fields).toEqual({ rule: "A", helper: "setKeyExpiration" });
  });

  test("is an error also when the operation failed", async () => {
    const { error } = await ask(newEvaluation(), "A", () => void putDictionary("k", { a: Number.NaN }));
    expect(codeOf(error)).toBe("STATE_OPERATION_NOT_AWAITED");
  });

  test("is no error of the next evaluation", async () => {
    const evaluation = newEvaluation();
    await ask(evaluation, "A", () => void incrementCounter("k"));
    expect(await ask(evaluation, "B", () => false)).toEqual({ answer: false });
  });

  test("is found where a store is still working when the rule has answered", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const store: StateStore = Object.assign(Object.create(createMemoryStore()) as StateStore, {
      getCounter: () => promise,
    });
    const { error } = await ask(newEvaluation({ store }), "A", () => void getCounter("k").then(() => {}));
    expect((error as StakeoutError).fields).toEqual({ rule: "A", helper: "getCounter" });
    resolve(1);
  });
});

describe("awaiting", () => {
  const careful: Readonly<Record<string, () => Promise<unknown>>> = {
    await: async () => {
      const count = await incrementCounter("k");
      return count;
    },
    return: () => incrementCounter("k"),
    "return from async": async () => incrementCounter("k"),
    "Promise.all": () => Promise.all([incrementCounter("k"), incrementCounter("l")]),
    "then of a chain": () => incrementCounter("k").then((count) => count),
    finally: () => incrementCounter("k").finally(() => {}),
    catch: () => incrementCounter("k").catch(() => 0),
    "await later": async () => {
      const operation = incrementCounter("k");
      await turns();
      return await operation;
    },
    "await of a store that takes its time": async () => await evaluateThreshold("k", 1),
  };
  for (const [name, rule] of Object.entries(careful)) {
    test(`by ${name} is enough, also where the store takes its time`, async () => {
      for (const store of [createMemoryStore(), slowStore()]) {
        const outcome = await ask(newEvaluation({ store }), "A", rule);
        expect(outcome).toEqual({
          answer: name === "Promise.all" ? [1, 1] : name.includes("time") ? true : 1,
        });
      }
    });
  }

  test("gives the error of an operation to the rule, which may handle it", async () => {
    const outcome = await ask(newEvaluation(), "A", async () => {
      try {
        await incrementCounter("");
        return "no error";
      } catch (error) {
        return codeOf(error);
      }
    });
    expect(outcome).toEqual({ answer: "STATE_KEY_INVALID" });
  });

  test("works in every function of a rule, one after another", async () => {
    const evaluation = newEvaluation();
    evaluation.begin("A", position, startMs);
    const counts: unknown[] = [];
    for (let call = 0; call < 3; call++) {
      counts.push(await evaluation.waitFor(incrementCounter("k")));
      expect(evaluation.settle()).toBeUndefined();
    }
    evaluation.end();
    expect(counts).toEqual([1, 2, 3]);
  });
});

describe("code that goes on after its rule has answered", () => {
  test("gets an error that names its rule and touches nothing, between evaluations", async () => {
    const store = createMemoryStore();
    const evaluation = newEvaluation({ store });
    const failures: unknown[] = [];
    await ask(evaluation, "Dangling.Rule", async () => {
      dangle(failures, async () => {
        await incrementCounter("k");
        await turns();
        await incrementCounter("k");
      });
      return false;
    });
    await turns(60);
    expect(failures).toMatchObject([
      { code: "STATE_OPERATION_NOT_AWAITED", fields: { rule: "Dangling.Rule" } },
    ]);
    expect(store.getCounter(context(), "k")).toBe(1);
  });

  for (const [name, first] of Object.entries({
    "after a helper": () => getCounter("other"),
    "before any helper": () => turns(2),
  })) {
    test(`gets that error while another rule is evaluated, ${name}`, async () => {
      const store = createMemoryStore();
      const evaluation = newEvaluation({ store });
      const failures: unknown[] = [];
      await ask(evaluation, "Dangling.Rule", async () => {
        dangle(failures, async () => {
          await first();
          await turns();
          await incrementCounter("k");
        });
        return false;
      });
      const outcome = await ask(evaluation, "Other.Rule", async () => {
        await turns(60);
        return await incrementCounter("k", 10);
      });
      expect(outcome).toEqual({ answer: 10 });
      expect(failures).toMatchObject([
        { code: "STATE_OPERATION_NOT_AWAITED", fields: { rule: "Dangling.Rule" } },
      ]);
    });
  }

  test("gets that error while the same rule looks at the next event", async () => {
    const evaluation = newEvaluation();
    const failures: unknown[] = [];
    const rule = async (): Promise<number> => {
      dangle(failures, async () => {
        await getCounter("k");
        await turns();
        await incrementCounter("k");
      });
      return 0;
    };
    await ask(evaluation, "A", rule);
    const outcome = await ask(evaluation, "A", async () => {
      await turns(60);
      return await getCounter("k");
    });
    expect(outcome).toEqual({ answer: 0 });
    expect(failures).toHaveLength(1);
  });

  test("of a plain function that started it without a helper is an error, in nobody's name", async () => {
    const evaluation = newEvaluation();
    const failures: unknown[] = [];
    await ask(evaluation, "Dangling.Rule", () => {
      dangle(failures, async () => {
        await turns(5);
        await incrementCounter("k");
      });
      return false;
    });
    const outcome = await ask(evaluation, "Other.Rule", async () => {
      await turns(60);
      return await getCounter("k");
    });
    expect(outcome).toEqual({ answer: 0 });
    expect(failures).toMatchObject([{ code: "STATE_OUTSIDE_EVALUATION" }]);
  });

  test("gets no time from another rule's evaluation", async () => {
    const evaluation = newEvaluation();
    const failures: unknown[] = [];
    await ask(evaluation, "Dangling.Rule", async () => {
      dangle(failures, async () => {
        await turns();
        now();
      });
    });
    await ask(evaluation, "Other.Rule", async () => turns(60));
    expect(failures).toMatchObject([{ fields: { rule: "Dangling.Rule", helper: "now" } }]);
  });

  test("does not reach evaluations that begin in the same turn as it was left in", async () => {
    const evaluation = newEvaluation();
    await ask(evaluation, "A", async () => incrementCounter("k"));
    // Not awaited before the first helper: the engine's own calls carry nothing of A.
    expect(await ask(evaluation, "B", () => incrementCounter("k"))).toEqual({ answer: 2 });
  });
});

describe("a rule that waits before its first helper", () => {
  test("may do so when it is async, also in functions that it calls", async () => {
    const outcome = await ask(newEvaluation(), "A", async () => {
      if (!(await isFirst())) return 0;
      await turns();
      return await incrementCounter("k");
    });
    expect(outcome).toEqual({ answer: 1 });
  });

  test("is told to be async when it is not", async () => {
    const { error } = await ask(newEvaluation(), "A", () => turns().then(() => incrementCounter("k")));
    expect(codeOf(error)).toBe("STATE_OUTSIDE_EVALUATION");
    expect((error as Error).message).toContain('"async"');
  });
});

describe("the context of an operation", () => {
  test("carries rule, position, clock and the number of the operation", async () => {
    const seen: OperationContext[] = [];
    const memory = createMemoryStore();
    const store: StateStore = Object.assign(Object.create(memory) as StateStore, {
      incrementCounter: (given: OperationContext, key: string, write: { amount: number }) => {
        const { position: at, ruleId, sequence, nowMs } = given;
        seen.push({ position: at, ruleId, sequence, nowMs });
        return memory.incrementCounter(given, key, write);
      },
    });
    const evaluation = newEvaluation({ store });
    for (const id of ["A", "B"]) {
      await ask(evaluation, id, async () => [await incrementCounter("k"), await incrementCounter("l")]);
    }
    const expected = ["A", "B"].flatMap((ruleId) => [1, 2].map((sequence) => context({ ruleId, sequence })));
    expect(seen).toEqual(expected);
  });

  test("allows the limit of operations for each evaluation anew", async () => {
    const evaluation = newEvaluation({ limits: { ...defaultLimits, operationsPerEvaluationMax: 2 } });
    expect(await ask(evaluation, "A", twice)).toEqual({ answer: 2 });
    expect(await ask(evaluation, "A", twice)).toEqual({ answer: 4 });
    const { error } = await ask(evaluation, "A", async () => {
      await twice();
      await getCounter("k");
    });
    expect(error).toMatchObject({ code: "STATE_LIMIT_EXCEEDED", fields: { rule: "A" } });
  });

  test("is not used before a helper is", () => {
    const evaluation = newEvaluation();
    evaluation.begin("A", position, startMs);
    expect(evaluation.used).toBe(false);
    void incrementCounter("k");
    expect(evaluation.used).toBe(true);
    evaluation.end();
    expect(evaluation.used).toBe(false);
  });
});

async function twice(): Promise<number> {
  await incrementCounter("k");
  return await incrementCounter("k");
}

async function isFirst(): Promise<boolean> {
  await turns();
  return (await getCounter("k")) === 0;
}

/** A memory store whose operations answer later, as one on another machine does. */
function slowStore(): StateStore {
  const memory = createMemoryStore();
  return new Proxy(memory, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return async (...parts: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, parts);
        await turns(3);
        return result;
      };
    },
  });
}
