import { isThenable, type JsonObject, type MaybePromise } from "../core/json.ts";
import { checkAmount, checkDictionary, checkKey, checkMembers, checkThreshold } from "./arguments.ts";
import { type Evaluation, perform, requireEvaluation } from "./evaluation.ts";
import { endOf, type Lifetime } from "./lifetime.ts";

/** One string, or several. */
export type Members = string | readonly string[] | ReadonlySet<string>;

/**
 * The counter under `key`; 0 where nothing was counted, and when its lifetime is over.
 *
 * @param key A non-empty string of at most 1,024 bytes in UTF-8. All rules share one space of keys.
 */
export function getCounter(key: string): Promise<number> {
  return perform("getCounter", (evaluation) => {
    checkKey(evaluation, key);
    return evaluation.store.getCounter(evaluation.next(), key);
  });
}

/**
 * Adds to the counter under `key` and answers its new value. A counter that does not exist, or whose lifetime is over, starts
 * at 0.
 *
 * @param amount A whole number; negative to count down. 1 unless given.
 * @param lifetime Sets when everything under the key is forgotten. Left out, the key keeps the end it has; a new key lives
 * 90 days. So `const count = await incrementCounter(key); if (count === 1) await setKeyExpiration(key, { in: "1h" });` counts
 * within an hour that begins with the first increment.
 * @throws `STATE_COUNTER_OVERFLOW` when the counter would leave ±9007199254740991; it stays as it was.
 */
export function incrementCounter(key: string, amount: number = 1, lifetime?: Lifetime): Promise<number> {
  return perform("incrementCounter", (evaluation) => {
    checkKey(evaluation, key);
    checkAmount(evaluation, "amount", amount);
    const expiresAtMs = optionalEnd(evaluation, lifetime);
    return evaluation.store.incrementCounter(evaluation.next(), key, { amount, expiresAtMs });
  });
}

/** Empties the counter under `key`. What else is under the key stays, and so does its end. */
export function resetCounter(key: string): Promise<void> {
  return perform("resetCounter", (evaluation) => {
    checkKey(evaluation, key);
    return evaluation.store.resetCounter(evaluation.next(), key);
  });
}

/**
 * Sets when everything under `key` is forgotten; does nothing where there is nothing.
 *
 * @param lifetime `{ in: "1h" }` or `{ in: 3600 }` (seconds) from now on, `{ at: … }` at a `Date` or at seconds since 1970 (a
 * time that has passed forgets the key at once), or `0` to keep it for good.
 */
export function setKeyExpiration(key: string, lifetime: Lifetime): Promise<void> {
  return perform("setKeyExpiration", (evaluation) => {
    checkKey(evaluation, key);
    const expiresAtMs = endOf(lifetime, evaluation.nowMs, evaluation.ruleId);
    return evaluation.store.setKeyExpiration(evaluation.next(), key, expiresAtMs);
  });
}

/** A copy of the string set under `key`; empty where there is none, and when its lifetime is over. */
export function getStringSet(key: string): Promise<Set<string>> {
  return perform("getStringSet", (evaluation) => {
    checkKey(evaluation, key);
    return evaluation.store.getStringSet(evaluation.next(), key);
  });
}

/**
 * Replaces the string set under `key`, and nothing else under it. No members empty it.
 *
 * @param members Strings; a single string is one member, not its letters.
 * @param lifetime As with `incrementCounter`.
 * @throws `STATE_LIMIT_EXCEEDED` over 100,000 members, with a member over 8 KiB, or over 16 MiB in all (all can be configured).
 */
export function putStringSet(key: string, members: Members, lifetime?: Lifetime): Promise<void> {
  return perform("putStringSet", (evaluation) => {
    checkKey(evaluation, key);
    const write = {
      members: checkMembers(evaluation, members),
      expiresAtMs: optionalEnd(evaluation, lifetime),
    };
    return evaluation.store.putStringSet(evaluation.next(), key, write);
  });
}

/**
 * Adds to the string set under `key` and answers a copy of the whole set. Adding nothing only reads.
 *
 * @param members As with `putStringSet`.
 * @param lifetime As with `incrementCounter`.
 */
export function addToStringSet(key: string, members: Members, lifetime?: Lifetime): Promise<Set<string>> {
  return perform("addToStringSet", (evaluation) => {
    checkKey(evaluation, key);
    const write = {
      members: checkMembers(evaluation, members),
      expiresAtMs: optionalEnd(evaluation, lifetime),
    };
    return evaluation.store.addToStringSet(evaluation.next(), key, write);
  });
}

/**
 * Removes from the string set under `key` and answers a copy of what is left. Removing nothing only reads.
 *
 * @param members As with `putStringSet`; those that are not in the set do not matter.
 * @param lifetime As with `incrementCounter`; never makes a key that is not there.
 */
export function removeFromStringSet(
  key: string,
  members: Members,
  lifetime?: Lifetime,
): Promise<Set<string>> {
  return perform("removeFromStringSet", (evaluation) => {
    checkKey(evaluation, key);
    const write = {
      members: checkMembers(evaluation, members),
      expiresAtMs: optionalEnd(evaluation, lifetime),
    };
    return evaluation.store.removeFromStringSet(evaluation.next(), key, write);
  });
}

/** Empties the string set under `key`. What else is under the key stays, and so does its end. */
export function resetStringSet(key: string): Promise<void> {
  return perform("resetStringSet", (evaluation) => {
    checkKey(evaluation, key);
    return evaluation.store.resetStringSet(evaluation.next(), key);
  });
}

/** A copy of the dictionary under `key`; `{}` where there is none, and when its lifetime is over. */
export function getDictionary(key: string): Promise<JsonObject> {
  return perform("getDictionary", (evaluation) => {
    checkKey(evaluation, key);
    return evaluation.store.getDictionary(evaluation.next(), key);
  });
}

/**
 * Replaces the dictionary under `key` as a whole, and nothing else under it. `{}` empties it.
 *
 * @param value An object of what JSON can hold: strings, finite numbers, booleans, null, arrays and plain objects. It is
 * copied. Anything else (dates, maps, functions, `undefined`, `NaN`, an object inside itself) is `STATE_VALUE_INVALID`.
 * @param lifetime As with `incrementCounter`.
 * @throws `STATE_LIMIT_EXCEEDED` over 1 MiB of JSON (can be configured).
 */
export function putDictionary(key: string, value: JsonObject, lifetime?: Lifetime): Promise<void> {
  return perform("putDictionary", (evaluation) => {
    checkKey(evaluation, key);
    checkDictionary(evaluation, value);
    const write = { value, expiresAtMs: optionalEnd(evaluation, lifetime) };
    return evaluation.store.putDictionary(evaluation.next(), key, write);
  });
}

/**
 * Counts one, and answers true when that makes `threshold` within the window; the counter is then empty again. The window
 * starts with the first count and lasts `expirySeconds`; after it, or after a true, the next count starts a new one.
 *
 * @param threshold A whole number from 1 on; 10 unless given.
 * @param expirySeconds Length of the window; 3,600 unless given.
 */
export function evaluateThreshold(
  key: string,
  threshold: number = 10,
  expirySeconds: number = 3600,
): Promise<boolean> {
  return perform("evaluateThreshold", (evaluation) => {
    checkKey(evaluation, key);
    checkThreshold(evaluation, threshold);
    const expiresAtMs = endOf({ in: expirySeconds }, evaluation.nowMs, evaluation.ruleId);
    const { store } = evaluation;
    const counted = store.incrementCounter(evaluation.next(), key, { amount: 1 });
    return after(counted, (count) => {
      const started = count === 1 ? store.setKeyExpiration(evaluation.next(), key, expiresAtMs) : undefined;
      if (count < threshold) return after(started, () => false);
      return after(started, () => after(store.resetCounter(evaluation.next(), key), () => true));
    });
  });
}

/** The time on the engine clock, which every lifetime goes by: in history that of the events, not that of the machine. */
export function now(): Date {
  return new Date(requireEvaluation("now").nowMs);
}

function optionalEnd(evaluation: Evaluation, lifetime: Lifetime | undefined): number | undefined {
  return lifetime === undefined ? undefined : endOf(lifetime, evaluation.nowMs, evaluation.ruleId);
}

/** Goes on at once where a store answers at once. */
function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  // oxlint-disable-next-line promise/no-callback-in-promise -- the callback is the next step of a promise chain
  return isThenable(value) ? value.then(next) : next(value);
}
