import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import type { Clock } from "../../src/core/clock.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { StateMeasurement } from "../../src/service/state-measure.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-measure-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, "state.db");
});

/** Puts one more key into the state. */
async function addKey(key: string): Promise<void> {
  const store = openState(file, { limits: defaultLimits });
  await store.putItem({ key, count: 1, strings: undefined, dictionary: undefined, expiresAtMs: Infinity });
  await store.commit({ clockMs: 0, positions: [], entries: [] });
  await store.close();
}

describe("the size of a state", () => {
  test("is not known before there is one", () => {
    expect(new StateMeasurement(file, manualClock()).read()).toBeUndefined();
  });

  test("is found soon after there is one", async () => {
    const clock = manualClock();
    const measurement = new StateMeasurement(file, clock);
    measurement.read();
    await addKey("a");
    clock.advance(15_000);
    expect(measurement.read()?.bytes).toBeGreaterThan(0);
  });

  test("is taken every 15 s at most", async () => {
    await addKey("a");
    const clock = manualClock();
    const measurement = new StateMeasurement(file, clock);
    const first = measurement.read();
    for (let n = 0; n < 50; n++) await addKey(`${n}`.padEnd(1000, "x"));
    clock.advance(14_999);
    expect(measurement.read()).toBe(first);
    clock.advance(1);
    expect(measurement.read()).not.toEqual(first);
  });

  test("is taken less often where that takes long: a hundredth of the time at most", async () => {
    await addKey("a");
    let ms = 0;
    let looks = 0;
    // Each measure looks at the clock before and after, and takes a second.
    const clock: Clock = { nowMs: () => 0, monotonicMs: () => (looks++ % 2 === 1 ? (ms += 1000) : ms) };
    const measurement = new StateMeasurement(file, clock);
    const first = measurement.read();
    ms += 98_999;
    looks = 0;
    expect(measurement.read()).toBe(first);
    ms += 1;
    looks = 0;
    expect(measurement.read()).not.toBe(first);
  });

  test("stays as it was when it cannot be taken any more", async () => {
    await addKey("a");
    const clock = manualClock();
    const measurement = new StateMeasurement(file, clock);
    const first = measurement.read();
    writeFileSync(file, "no database");
    clock.advance(15_000);
    expect(measurement.read()).toBe(first);
  });
});
