import { expect, test } from "vitest";

import { settlesWithin, watchSettling } from "../../src/engine/settles-within.ts";

const never = new Promise<void>(() => undefined);

test.each<[string, () => PromiseLike<unknown>, number | undefined, boolean]>([
  ["settles", () => Promise.resolve(), 60_000, true],
  ["settles, however long it takes", () => Promise.resolve(), undefined, true],
  ["fails, which counts as well", () => Promise.reject(new Error("later")), 60_000, true],
  ["fails, however long it takes", () => Promise.reject(new Error("later")), undefined, true],
  ["does not settle", () => never, 0, false],
  ["does not settle, and the time is over already", () => never, -5, false],
])("answers about a promise that %s", async (...[, promise, withinMs, settles]) => {
  expect(await settlesWithin(promise(), withinMs)).toBe(settles);
});

test("a promise that is watched tells once that it has settled", async () => {
  let told = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  const watched = watchSettling(promise, () => (told += 1));
  expect([watched.isSettled, told]).toEqual([false, 0]);
  resolve(7);
  expect(await watched.promise).toBe(7);
  expect([watched.isSettled, told]).toEqual([true, 1]);
});

test("a promise that is watched and fails keeps its failure for who awaits it", async () => {
  const watched = watchSettling(Promise.reject(new Error("not possible")), () => undefined);
  await new Promise(setImmediate);
  expect(watched.isSettled).toBe(true);
  await expect(watched.promise).rejects.toThrow("not possible");
});
