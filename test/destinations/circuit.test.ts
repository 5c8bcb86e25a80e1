import { describe, expect, test } from "vitest";

import { keys, setup } from "./deliverer-fixtures.ts";
import { delivered, failed, refused } from "./scripted-destination.ts";

describe("the circuit", () => {
  test("opens after so many failures in a row; then one attempt at a time tries it, and an answer closes it", async () => {
    let broken = true;
    const { submit, time, destination, deliverer, ends } = setup({
      script: () => (broken ? failed() : delivered),
      concurrencyMax: 2,
      breakAfter: 3,
    });
    submit(...keys(10));
    await time.advance(15);
    expect(deliverer.state("d")).toMatchObject({ circuit: "closed", failedAttempts: 2, inFlight: 2 });
    await time.advance(10);
    expect(deliverer.state("d")).toMatchObject({ circuit: "open", failedAttempts: 4, inFlight: 0 });
    expect(deliverer.state("d").retryAtMs).toBe(Date.UTC(2026, 0, 1) + 1020);
    await time.advance(1000);
    expect(deliverer.state("d")).toMatchObject({ circuit: "half-open", inFlight: 1, retryAtMs: undefined });
    broken = false;
    await time.advance(3000);
    expect(deliverer.state("d")).toMatchObject({ circuit: "closed", delivered: 10, lastFailure: undefined });
    expect(ends).toHaveLength(10);
    expect(destination.begins().filter((at) => at > 20 && at < 2000)).toHaveLength(1);
  });

  test("stays open longer each time", async () => {
    const { submit, time, destination } = setup({
      script: () => failed(),
      chance: () => 0.999_999,
      concurrencyMax: 1,
      breakAfter: 1,
    });
    submit(...keys(10));
    await time.advance(35_000);
    const begins = destination.begins();
    expect(begins.slice(1).map((at, n) => Math.round((at - (begins[n] ?? 0)) / 1000))).toEqual([2, 4, 8, 16]);
  });

  test("failures of attempts that began before it opened do not keep it open for longer", async () => {
    const { submit, time, deliverer } = setup({
      script: () => failed(),
      chance: () => 0.999_999,
      breakAfter: 1,
    });
    submit(...keys(4));
    await time.advance(20);
    expect(deliverer.state("d")).toMatchObject({ circuit: "open", failedAttempts: 4 });
    expect(deliverer.state("d").retryAtMs).toBeLessThanOrEqual(Date.UTC(2026, 0, 1) + 2010);
  });

  test("a refusal is an answer", async () => {
    const { submit, time, deliverer } = setup({
      script: (_, attempt) => (attempt === 1 ? failed() : refused),
      breakAfter: 1,
    });
    submit({ key: "k1" });
    await time.advance(2000);
    expect(deliverer.state("d")).toMatchObject({ circuit: "closed", abandoned: 1, failedAttempts: 1 });
  });

  test("an attempt from before that arrives closes it", async () => {
    const { submit, time, deliverer } = setup({
      script: ({ idempotencyKey }) =>
        idempotencyKey.includes("slow") ? { ...delivered, takesMs: 500 } : failed(),
      breakAfter: 1,
    });
    submit({ key: "slow" }, { key: "k1" });
    await time.advance(100);
    expect(deliverer.state("d").circuit).toBe("open");
    await time.advance(450);
    expect(deliverer.state("d").circuit).toBe("closed");
  });
});
