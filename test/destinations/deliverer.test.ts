import { describe, expect, test } from "vitest";

import { alert } from "../core/alert.fixture.ts";
import { keys, queued, setup } from "./deliverer-fixtures.ts";
import { delivered, failed, refused, type Script } from "./scripted-destination.ts";

const hour = 3_600_000;
const hangs: Script = { outcome: { kind: "delivered" }, takesMs: undefined };

describe("ends", () => {
  test("a delivery that arrives is told once, with its attempts", async () => {
    const { submit, time, ends } = setup();
    submit({ key: "k1" });
    await time.advance(1000);
    expect(ends).toEqual([{ kind: "delivered", key: "k1", attempts: 1 }]);
  });

  test("one that is refused is abandoned at once, with the reason", async () => {
    const { submit, time, ends } = setup({ script: () => refused });
    submit({ key: "k1" });
    await time.advance(1000);
    expect(ends).toEqual([
      { kind: "abandoned", key: "k1", attempts: 1, reason: "The receiver answered 400." },
    ]);
  });

  test("one that fails is tried again", async () => {
    const { submit, time, ends } = setup({ script: (_, attempt) => (attempt < 3 ? failed() : delivered) });
    submit({ key: "k1" });
    await time.advance(hour);
    expect(ends).toEqual([{ kind: "delivered", key: "k1", attempts: 3 }]);
  });

  test("one that fails until its time is over is abandoned with the last failure", async () => {
    const { submit, time, ends, destination } = setup({ script: () => failed(), giveUpMs: 60_000 });
    submit({ key: "k1" });
    await time.advance(hour);
    expect(ends).toEqual([
      {
        kind: "abandoned",
        key: "k1",
        attempts: destination.begins().length,
        reason: "Given up, as it could not be delivered within 1m. The receiver answered 500.",
      },
    ]);
    expect(Math.max(...destination.begins())).toBeLessThanOrEqual(60_000);
  });

  test("what waits behind a broken destination is given up at its time too", async () => {
    const { submit, time, ends, destination } = setup({
      script: () => failed(),
      giveUpMs: 60_000,
      concurrencyMax: 1,
      breakAfter: 1,
      delayMs: 30_000,
    });
    submit(...keys(5));
    await time.advance(61_000);
    expect(ends.map(({ kind }) => kind)).toEqual(Array(5).fill("abandoned"));
    expect(destination.begins().length).toBeLessThan(5);
    expect(time.pending).toBe(0);
  });

  test("the time counts from when it was put into the outbox", async () => {
    const { submit, time, ends, destination } = setup();
    submit({ key: "k1", queuedAtMs: time.clock.nowMs() - 86_400_001 });
    await time.advance(0);
    expect(ends).toMatchObject([{ kind: "abandoned", attempts: 0 }]);
    expect(destination.begins()).toEqual([]);
  });

  test("a wall clock that is moved forward is noticed within an hour", async () => {
    const { submit, time, ends } = setup({ script: () => failed(), concurrencyMax: 1, delayMs: 80_000_000 });
    submit({ key: "k1" });
    await time.advance(1000);
    time.shiftWall(86_400_000);
    await time.advance(hour);
    expect(ends).toMatchObject([{ kind: "abandoned", attempts: 1 }]);
  });

  test("a destination that is not there abandons", () => {
    const { submit, ends } = setup();
    submit({ key: "k1", destination: "gone" });
    expect(ends).toEqual([
      { kind: "abandoned", key: "k1", attempts: 0, reason: "There is no destination named gone." },
    ]);
  });
});

describe("the same delivery again", () => {
  test("while it is under way nothing happens", async () => {
    const { submit, time, ends, destination } = setup();
    submit({ key: "k1" }, { key: "k1" });
    await time.advance(1000);
    expect(ends).toHaveLength(1);
    expect(destination.begins()).toHaveLength(1);
  });

  test("when it has ended its end is told again, until that is acknowledged", async () => {
    const { submit, time, ends, destination, deliverer } = setup();
    submit({ key: "k1" });
    await time.advance(1000);
    submit({ key: "k1" });
    expect(ends).toEqual([ends[0], ends[0]]);
    expect(destination.begins()).toHaveLength(1);
    deliverer.acknowledge("k1");
    submit({ key: "k1" });
    await time.advance(1000);
    expect(destination.begins()).toHaveLength(2);
  });

  test("acknowledging what has not ended does nothing", async () => {
    const { submit, time, destination, deliverer } = setup();
    submit({ key: "k1" });
    deliverer.acknowledge("k1");
    submit({ key: "k1" });
    await time.advance(1000);
    expect(destination.begins()).toHaveLength(1);
  });

  test("another delivery under a key that has ended is made", async () => {
    const { submit, time, ends, destination } = setup();
    submit({ key: "k1" });
    await time.advance(1000);
    submit({ key: "k1", alert: alert({ id: "another" }) });
    await time.advance(1000);
    expect(destination.begins("another:open")).toHaveLength(1);
    expect(ends).toHaveLength(2);
  });

  test("another delivery under a key that has not ended is the one whose end is told", async () => {
    const { submit, time, ends } = setup({
      script: ({ idempotencyKey }) => (idempotencyKey === "another:open" ? refused : delivered),
    });
    submit({ key: "k1" }, { key: "k1", alert: alert({ id: "another" }) });
    await time.advance(1000);
    expect(ends).toMatchObject([{ kind: "abandoned", key: "k1" }]);
  });
});

describe("order", () => {
  test("deliveries begin in order of submission", async () => {
    const { submit, time, destination } = setup({ concurrencyMax: 1 });
    submit(...keys(10));
    await time.advance(1000);
    const order = destination.steps.filter(({ kind }) => kind === "begin").map((step) => step.idempotencyKey);
    expect(order).toEqual(keys(10).map(({ key }) => `alert-${key}:open`));
  });

  test("one that fails again and again does not hold up others", async () => {
    const { submit, time, ends } = setup({
      script: ({ idempotencyKey }) => (idempotencyKey.includes("k000") ? failed() : delivered),
      concurrencyMax: 1,
    });
    submit(...keys(10));
    await time.advance(200);
    expect(ends).toHaveLength(9);
  });

  test("one that always fails does not keep an open circuit open for the others", async () => {
    const { submit, time, ends } = setup({
      script: ({ idempotencyKey }) => (idempotencyKey.includes("k000") ? failed() : delivered),
      concurrencyMax: 1,
      breakAfter: 1,
    });
    submit(...keys(3));
    await time.advance(5000);
    expect(ends.map(({ key }) => key)).toEqual(["k001", "k002"]);
  });

  test("that an alert is closed is told after the alert, however long that takes", async () => {
    const { submit, time, destination, ends } = setup({
      script: ({ idempotencyKey }, attempt) =>
        idempotencyKey === "a:open" && attempt < 3 ? failed() : delivered,
    });
    submit(
      { key: "k1", alert: alert({ id: "a", status: "open" }) },
      { key: "k2", alert: alert({ id: "a", status: "closed" }) },
      { key: "k3" },
    );
    await time.advance(100_000);
    expect(ends.map(({ key }) => key)).toEqual(["k3", "k1", "k2"]);
    expect(Math.min(...destination.begins("a:closed"))).toBeGreaterThan(
      Math.max(...destination.begins("a:open")),
    );
  });
});

describe("delays", () => {
  test("double with each failure, up to the longest", async () => {
    const { submit, time, destination } = setup({
      script: () => failed(),
      chance: () => 0.999_999,
      delayMs: 1000,
      delayMaxMs: 10_000,
      giveUpMs: 100_000,
      breakAfter: 1000,
    });
    submit({ key: "k1" });
    await time.advance(40_000);
    const begins = destination.begins();
    const delays = begins.slice(1).map((at, n) => Math.round((at - (begins[n] ?? 0) - 10) / 1000));
    expect(delays).toEqual([2, 4, 8, 10, 10]);
  });

  test("are the shortest where chance wants it", async () => {
    const { submit, time, destination } = setup({ script: () => failed(), breakAfter: 1000 });
    submit({ key: "k1" });
    await time.advance(3000);
    expect(destination.begins()).toEqual([0, 1010, 2020]);
  });

  test("Retry-After holds up everything, beyond the longest delay", async () => {
    const { submit, time, destination, deliverer } = setup({
      script: ({ idempotencyKey }, attempt) =>
        idempotencyKey === "alert-k1:open" && attempt === 1 ? failed(600_000) : delivered,
      concurrencyMax: 1,
    });
    submit({ key: "k1" });
    await time.advance(20);
    submit({ key: "k2" });
    expect(deliverer.state("d").retryAtMs).toBe(Date.UTC(2026, 0, 1) + 600_010);
    await time.advance(hour);
    expect(destination.begins().map(Math.round)).toEqual([0, 600_010, 600_020]);
  });

  test("Retry-After beyond the time of a delivery abandons it, and holds up others for no longer than that", async () => {
    const { submit, time, destination, ends } = setup({
      script: (_, attempt) => (attempt === 1 ? failed(1e12) : delivered),
      giveUpMs: 60_000,
    });
    submit({ key: "k1" });
    await time.advance(10);
    expect(ends).toMatchObject([{ kind: "abandoned", attempts: 1 }]);
    await time.advance(59_000);
    submit({ key: "k2" });
    await time.advance(10_000);
    expect(destination.begins("alert-k2:open")).toEqual([60_010]);
  });
});

describe("limits", () => {
  test("no more attempts at a time than allowed", async () => {
    const { submit, time, destination, ends } = setup({ concurrencyMax: 3 });
    submit(...keys(20));
    await time.advance(1000);
    expect(destination.underWayMost).toBe(3);
    expect(ends).toHaveLength(20);
  });

  test("the rate is spread evenly", async () => {
    const { submit, time, destination } = setup({ perSecondMax: 4 });
    submit(...keys(5));
    await time.advance(5000);
    expect(destination.begins()).toEqual([0, 250, 500, 750, 1000]);
  });

  test("less than one per second", async () => {
    const { submit, time, destination } = setup({ perSecondMax: 0.1 });
    submit(...keys(3));
    await time.advance(30_000);
    expect(destination.begins()).toEqual([0, 10_000, 20_000]);
  });
});

describe("what can be seen", () => {
  test("figures of a destination", async () => {
    const { submit, time, deliverer } = setup();
    submit(...keys(3));
    await time.advance(1000);
    expect(deliverer.state("d")).toEqual({
      delivered: 3,
      abandoned: 0,
      failedAttempts: 0,
      inFlight: 0,
      circuit: "closed",
      retryAtMs: undefined,
      lastFailure: undefined,
      deliverMsTotal: 30,
    });
  });

  test("each attempt is told", async () => {
    const { submit, time, attempts } = setup({
      script: (_, attempt) => (attempt === 1 ? failed() : delivered),
    });
    submit({ key: "k1" });
    await time.advance(5000);
    expect(attempts.map(({ key, attempt, outcome }) => [key, attempt, outcome.kind])).toEqual([
      ["k1", 1, "failed"],
      ["k1", 2, "delivered"],
    ]);
    expect(attempts[1]).toMatchObject({ destination: "d", durationMs: 10 });
  });

  test("a name that is not there is a mistake of the caller", () => {
    expect(() => setup().deliverer.state("gone")).toThrow("There is no destination named gone.");
  });
});

describe("closing", () => {
  test("waits for attempts under way, begins nothing new and leaves no timer", async () => {
    const { submit, time, deliverer, ends, destination } = setup({ concurrencyMax: 1 });
    submit(...keys(3));
    const closed = deliverer.close(5000);
    await time.advance(1000);
    await closed;
    expect(ends).toMatchObject([{ kind: "delivered", key: "k000" }]);
    expect(destination.begins()).toHaveLength(1);
    expect([destination.closed, time.pending]).toEqual([1, 0]);
  });

  test("ends attempts that take too long; their deliveries have no end", async () => {
    const { submit, time, deliverer, ends, destination } = setup({
      script: () => hangs,
      giveUpMs: 5500,
    });
    submit({ key: "k1" });
    const closed = deliverer.close(5000);
    await time.advance(4999);
    expect(destination.closed).toBe(0);
    await time.advance(1);
    await closed;
    expect(ends).toEqual([]);
    expect([destination.closed, destination.underWay]).toEqual([1, 0]);
  });

  test("takes nothing afterwards, and is done once", async () => {
    const { deliverer, ends, destination } = setup();
    await deliverer.close(5000);
    await deliverer.close(5000);
    deliverer.submit(queued());
    expect([ends.length, destination.begins().length, destination.closed]).toEqual([0, 0, 1]);
  });
});
