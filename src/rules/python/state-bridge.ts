import { messageOf, StakeoutError } from "../../core/errors.ts";
import type { JsonValue, MaybePromise } from "../../core/json.ts";
import { checkAmount, checkDictionary, checkKey, checkMembers } from "../../state/arguments.ts";
import { currentEvaluation, type Evaluation } from "../../state/evaluation.ts";
import { endOf } from "../../state/lifetime.ts";

/** A state operation as `python/stakeout_state.py` asks for it. Rules reach it, so nothing about the values is certain. */
export interface StateRequest {
  readonly operation: unknown;
  readonly key: unknown;
  /** JSON text. */
  readonly argument: unknown;
  /** The end of the lifetime in seconds since 1970, 0 for none, `undefined` to leave it alone. */
  readonly expires: unknown;
}

/**
 * Does a state operation in the evaluation under way. Answers JSON text, `{"ok": …}` or `{"error": {"code", "message"}}`: an
 * exception of this side must not reach Python as an object.
 */
export function operate({ operation, key, argument, expires }: StateRequest): string {
  try {
    const name = String(operation);
    const evaluation = requireEvaluation(name);
    if (name === "now") return answer(evaluation.nowMs / 1000);
    const run = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (run === undefined) throw new StakeoutError("USAGE", `There is no state operation ${name}.`);
    return answer(
      evaluation.performNow(name, () => {
        checkKey(evaluation, key);
        return run({
          evaluation,
          key,
          argument: () => JSON.parse(String(argument)),
          end: () => end(evaluation, expires),
        });
      }),
    );
  } catch (error) {
    const code = error instanceof StakeoutError ? error.code : "STATE_VALUE_INVALID";
    return JSON.stringify({ error: { code, message: messageOf(error) } });
  }
}

interface Asked {
  readonly evaluation: Evaluation;
  readonly key: string;
  readonly argument: () => unknown;
  readonly end: () => number | undefined;
}

const operations: Readonly<Record<string, (asked: Asked) => MaybePromise<unknown>>> = {
  getCounter: ({ evaluation, key }) => evaluation.store.getCounter(evaluation.next(), key),
  incrementCounter: ({ evaluation, key, argument, end }) => {
    const amount = argument();
    checkAmount(evaluation, "val", amount);
    return evaluation.store.incrementCounter(evaluation.next(), key, { amount, expiresAtMs: end() });
  },
  resetCounter: ({ evaluation, key }) => evaluation.store.resetCounter(evaluation.next(), key),
  setKeyExpiration: ({ evaluation, key, end }) =>
    evaluation.store.setKeyExpiration(
      evaluation.next(),
      key,
      end() ?? endOf(0, evaluation.nowMs, evaluation.ruleId),
    ),
  getStringSet: ({ evaluation, key }) => evaluation.store.getStringSet(evaluation.next(), key),
  putStringSet: (asked) => {
    const { evaluation, key } = asked;
    return evaluation.store.putStringSet(evaluation.next(), key, setWrite(asked));
  },
  addToStringSet: (asked) => {
    const { evaluation, key } = asked;
    return evaluation.store.addToStringSet(evaluation.next(), key, setWrite(asked));
  },
  removeFromStringSet: (asked) => {
    const { evaluation, key } = asked;
    return evaluation.store.removeFromStringSet(evaluation.next(), key, setWrite(asked));
  },
  resetStringSet: ({ evaluation, key }) => evaluation.store.resetStringSet(evaluation.next(), key),
  getDictionary: ({ evaluation, key }) => evaluation.store.getDictionary(evaluation.next(), key),
  putDictionary: ({ evaluation, key, argument, end }) => {
    const value = argument();
    checkDictionary(evaluation, value);
    return evaluation.store.putDictionary(evaluation.next(), key, {
      value,
      expiresAtMs: end(),
    });
  },
};

function setWrite({ evaluation, argument, end }: Asked): {
  members: readonly string[];
  expiresAtMs: number | undefined;
} {
  return { members: checkMembers(evaluation, argument()), expiresAtMs: end() };
}

function end({ nowMs, ruleId }: Evaluation, expires: unknown): number | undefined {
  if (expires === undefined) return undefined;
  return endOf(expires === 0 ? 0 : { at: Number(expires) }, nowMs, ruleId);
}

function answer(value: unknown): string {
  const plain: JsonValue =
    value instanceof Set ? [...(value as Set<string>)] : ((value ?? null) as JsonValue);
  return JSON.stringify({ ok: plain });
}

function requireEvaluation(operation: string): Evaluation {
  const evaluation = currentEvaluation();
  if (evaluation !== undefined) return evaluation;
  throw new StakeoutError(
    "STATE_OUTSIDE_EVALUATION",
    `${operation} works only inside the functions of a rule, while the engine asks that rule about an event.`,
    { fields: { helper: operation } },
  );
}
