/**
 * Waits for a promise, but no longer than `withinMs`; `undefined`: as long as it takes. Answers whether it settled; its
 * failure is left to the next await.
 */
export async function settlesWithin(
  promise: PromiseLike<unknown>,
  withinMs: number | undefined,
): Promise<boolean> {
  if (withinMs === undefined) return await Promise.resolve(promise).then(alwaysTrue, alwaysTrue);
  const { promise: timeout, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, Math.max(0, withinMs), false);
  try {
    return await Promise.race([Promise.resolve(promise).then(alwaysTrue, alwaysTrue), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export interface WatchedPromise<T> {
  readonly promise: PromiseLike<T>;
  readonly isSettled: boolean;
}

/** Calls back when a promise settles. Its failure is left to who awaits it, however much later. */
export function watchSettling<T>(promise: PromiseLike<T>, onSettled: () => void): WatchedPromise<T> {
  const watched = { promise, isSettled: false };
  const settle = (): void => {
    watched.isSettled = true;
    onSettled();
  };
  promise.then(settle, settle);
  return watched;
}

const alwaysTrue = (): boolean => true;
