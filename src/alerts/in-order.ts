import type { MaybePromise } from "../core/json.ts";

/** Calls `use` with the value, at once when it is there, later when it is a promise. */
export function chain<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/**
 * Maps one item after the other, never two at a time (calls to a store must not overlap). Synchronous as long as `map`
 * is.
 */
export function mapInOrder<T, R>(items: readonly T[], map: (item: T) => MaybePromise<R>): MaybePromise<R[]> {
  const results: R[] = [];
  for (const [index, item] of items.entries()) {
    const result = map(item);
    if (result instanceof Promise)
      return finishInOrder(result, { results, rest: items.slice(index + 1), map });
    results.push(result);
  }
  return results;
}

interface Rest<T, R> {
  readonly results: R[];
  readonly rest: readonly T[];
  readonly map: (item: T) => MaybePromise<R>;
}

async function finishInOrder<T, R>(first: Promise<R>, { results, rest, map }: Rest<T, R>): Promise<R[]> {
  results.push(await first);
  for (const item of rest) results.push(await map(item));
  return results;
}
