import { setImmediate as turnEventLoop } from "node:timers/promises";

import { expect, test } from "vitest";

import { Signal } from "../../src/core/signal.ts";

/** Whether a wait is over once all that happened has had its effect. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  return await Promise.race([wait.then(() => true), turnEventLoop(false)]);
}

test("what happens wakes who waits", async () => {
  const signal = new Signal();
  const wait = signal.wait();
  expect(await isOver(wait)).toBe(false);
  signal.raise();
  expect(await isOver(wait)).toBe(true);
});

test("what happened while nobody waited wakes the next one at once, however often it happened", async () => {
  const signal = new Signal();
  signal.raise();
  signal.raise();
  expect(await isOver(signal.wait())).toBe(true);
  expect(await isOver(signal.wait())).toBe(false);
});

test("one happening wakes all who wait, and none who come later", async () => {
  const signal = new Signal();
  const waits = [signal.wait(), signal.wait()];
  signal.raise();
  expect(await Promise.all(waits.map(isOver))).toEqual([true, true]);
  expect(await isOver(signal.wait())).toBe(false);
});

test("what happens after a wait was over is not lost", async () => {
  const signal = new Signal();
  const wait = signal.wait();
  signal.raise();
  signal.raise();
  expect(await isOver(wait)).toBe(true);
  expect(await isOver(signal.wait())).toBe(true);
});
