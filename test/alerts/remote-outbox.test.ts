import { describe, expect, test } from "vitest";

import {
  abandonedDeliveries,
  type RemoteDelivery,
  type RemoteDeliveryEnd,
  RemoteOutbox,
  waitingDeliveries,
} from "../../src/alerts/remote-outbox.ts";
import { createOutbox } from "../../src/alerts/outbox.ts";
import { alert } from "../core/alert.fixture.ts";
import { collect, FakeStore, later, startMs } from "./fixtures.ts";

async function openOutbox(store: FakeStore, ...destinations: readonly string[]): Promise<RemoteOutbox> {
  const outbox = new RemoteOutbox(later(store), destinations);
  await outbox.load(startMs);
  return outbox;
}

/** An outbox for `a` with so many deliveries that are committed; their alerts are named by number. */
async function filled(store: FakeStore, count: number): Promise<RemoteOutbox> {
  const outbox = await openOutbox(store, "a");
  for (let n = 0; n < count; n++) outbox.enqueue("a", alert({ id: `${n}` }), startMs);
  store.commit(outbox.takeWrites());
  return outbox;
}

function delivered(key: string): RemoteDeliveryEnd {
  return { kind: "delivered", key, attempts: 1 };
}

function abandoned(key: string): RemoteDeliveryEnd {
  return { kind: "abandoned", key, attempts: 7, reason: "The receiver answered 410." };
}

function idsOf(deliveries: readonly Pick<RemoteDelivery, "alert">[]): readonly string[] {
  return deliveries.map((delivery) => delivery.alert.id);
}

/** An outbox with one delivery that was given up, and its key. */
async function withAbandoned(store: FakeStore): Promise<{ outbox: RemoteOutbox; key: string }> {
  const outbox = await filled(store, 1);
  const [delivery] = await outbox.handOver();
  const key = delivery?.key ?? "";
  await outbox.ended(abandoned(key), startMs + 5);
  store.commit(outbox.takeWrites());
  return { outbox, key };
}

describe("handing over", () => {
  test("comes after the commit, in order, with everything that an attempt needs", async () => {
    const store = new FakeStore();
    const outbox = await openOutbox(store, "a");
    outbox.enqueue("a", alert({ id: "2" }), startMs + 1);
    outbox.enqueue("a", alert({ id: "1", status: "closed" }), startMs + 2);
    expect(await outbox.handOver()).toEqual([]);
    store.commit(outbox.takeWrites());
    const key = expect.any(String) as unknown as string;
    expect(await outbox.handOver()).toEqual([
      { key, destination: "a", idempotencyKey: "2:open", alert: alert({ id: "2" }), queuedAtMs: startMs + 1 },
      {
        key,
        destination: "a",
        idempotencyKey: "1:closed",
        alert: alert({ id: "1", status: "closed" }),
        queuedAtMs: startMs + 2,
      },
    ]);
  });

  test("happens once as long as the process lives", async () => {
    const outbox = await filled(new FakeStore(), 3);
    expect(await outbox.handOver()).toHaveLength(3);
    expect(await outbox.handOver()).toEqual([]);
  });

  test("stops at 64 under way, and goes on as they end", async () => {
    const store = new FakeStore();
    const outbox = await filled(store, 70);
    const first = await outbox.handOver();
    expect(first).toHaveLength(64);
    for (const { key } of first.slice(0, 4)) await outbox.ended(delivered(key), startMs);
    expect(idsOf(await outbox.handOver())).toEqual(["64", "65", "66", "67"]);
    expect(await outbox.handOver()).toEqual([]);
  });

  test("of one destination does not wait for another's", async () => {
    const store = new FakeStore();
    const outbox = await openOutbox(store, "a", "b");
    for (let n = 0; n < 70; n++) outbox.enqueue("a", alert({ id: `a${n}` }), startMs);
    outbox.enqueue("b", alert({ id: "b" }), startMs);
    store.commit(outbox.takeWrites());
    expect(idsOf(await outbox.handOver())).toContain("b");
  });

  test("is refused to a name that is not there", async () => {
    const outbox = await openOutbox(new FakeStore(), "a");
    expect(() => outbox.enqueue("b", alert(), startMs)).toThrow(RangeError);
  });
});

describe("an end", () => {
  test("takes the delivery out with the next commit", async () => {
    const store = new FakeStore();
    const outbox = await filled(store, 2);
    const [first] = await outbox.handOver();
    await outbox.ended(delivered(first?.key ?? ""), startMs);
    expect(store.keys("outbox")).toHaveLength(2);
    expect(outbox.waiting).toEqual({ a: 1 });
    store.commit(outbox.takeWrites());
    expect(store.keys("outbox")).toHaveLength(1);
  });

  test("that no commit took down is forgotten with the process: the delivery is handed over again, as it was", async () => {
    const store = new FakeStore();
    const before = await filled(store, 1);
    const [first] = await before.handOver();
    await before.ended(delivered(first?.key ?? ""), startMs);
    expect(await (await openOutbox(store, "a")).handOver()).toEqual([first]);
  });

  test("told twice counts once", async () => {
    const store = new FakeStore();
    const outbox = await filled(store, 2);
    const [first] = await outbox.handOver();
    expect(await outbox.ended(delivered(first?.key ?? ""), startMs)).toBe(true);
    expect(await outbox.ended(delivered(first?.key ?? ""), startMs)).toBe(false);
    expect(outbox.waiting).toEqual({ a: 1 });
  });

  test("of a delivery that this process has not handed over is not taken note of: it will be told again", async () => {
    const store = new FakeStore();
    const before = await filled(store, 1);
    const [first] = await before.handOver();
    const outbox = await openOutbox(store, "a");
    expect(await outbox.ended(delivered(first?.key ?? ""), startMs)).toBe(false);
    expect(outbox.waiting).toEqual({ a: 1 });
    expect(await outbox.handOver()).toEqual([first]);
  });

  test("that gives up keeps the delivery for people, with what happened", async () => {
    const store = new FakeStore();
    const { outbox, key } = await withAbandoned(store);
    expect(outbox.waiting).toEqual({ a: 0 });
    expect(await collect(waitingDeliveries(store))).toEqual([]);
    expect(await collect(abandonedDeliveries(store))).toEqual([
      {
        key,
        destination: "a",
        alert: alert({ id: "0" }),
        queuedAtMs: startMs,
        abandonedAtMs: startMs + 5,
        attempts: 7,
        reason: "The receiver answered 410.",
      },
    ]);
  });
});

describe("a delivery that was given up", () => {
  test("that is retried is a new one: with another key and the same idempotency key, queued now", async () => {
    const store = new FakeStore();
    const { outbox, key } = await withAbandoned(store);
    expect(await outbox.retry(key, startMs + 60)).toBeUndefined();
    expect(outbox.waiting).toEqual({ a: 1 });
    store.commit(outbox.takeWrites());
    const [again] = await outbox.handOver();
    expect(again).toMatchObject({ idempotencyKey: "0:open", queuedAtMs: startMs + 60 });
    expect(again?.key).not.toBe(key);
    expect(await collect(abandonedDeliveries(store))).toEqual([]);
  });

  test("that is dropped is gone with the commit", async () => {
    const store = new FakeStore();
    const { outbox, key } = await withAbandoned(store);
    expect(await outbox.drop(key)).toBeUndefined();
    expect(outbox.dirty).toBe(true);
    store.commit(outbox.takeWrites());
    expect(await collect(abandonedDeliveries(store))).toEqual([]);
    expect(await outbox.handOver()).toEqual([]);
  });

  test.each(["retry", "drop"] as const)(
    "cannot be retried once there is a %s that waits for the commit",
    async (first) => {
      const store = new FakeStore();
      const { outbox, key } = await withAbandoned(store);
      await outbox[first](key, startMs);
      expect(await outbox.retry(key, startMs)).toMatch(/no delivery/);
      expect(await outbox.drop(key)).toMatch(/no delivery/);
      expect(outbox.waiting).toEqual({ a: first === "retry" ? 1 : 0 });
    },
  );

  test("cannot be retried when its destination is gone, and waits for it to come back", async () => {
    const store = new FakeStore();
    const { key } = await withAbandoned(store);
    const outbox = await openOutbox(store, "b");
    expect(await outbox.retry(key, startMs)).toMatch(/a is not configured any more/);
    expect(outbox.dirty).toBe(false);
    expect(await (await openOutbox(store, "a")).retry(key, startMs)).toBeUndefined();
  });

  test.each(["retry", "drop"] as const)(
    "under a key that does not exist answers what is wrong: %s",
    async (action) => {
      const outbox = await filled(new FakeStore(), 1);
      expect(await outbox[action]("nothing", startMs)).toBe(
        "There is no delivery nothing that was given up.",
      );
      expect(outbox.dirty).toBe(false);
    },
  );
});

describe("a process that begins anew", () => {
  test("counts and hands over what was left, before what is new", async () => {
    const store = new FakeStore();
    await filled(store, 3);
    const outbox = await openOutbox(store, "a");
    expect(outbox.waiting).toEqual({ a: 3 });
    outbox.enqueue("a", alert({ id: "new" }), startMs);
    store.commit(outbox.takeWrites());
    expect(idsOf(await outbox.handOver())).toEqual(["0", "1", "2", "new"]);
  });

  test("uses no key again, also when nothing was left", async () => {
    const store = new FakeStore();
    const before = await filled(store, 1);
    const [first] = await before.handOver();
    await before.ended(delivered(first?.key ?? ""), startMs);
    store.commit(before.takeWrites());
    expect(store.keys("outbox")).toEqual([]);
    const [next] = await (await filled(store, 1)).handOver();
    expect(next?.key).not.toBe(first?.key);
  });

  test("puts nothing in place of deliveries that a run without numbers of its own left", async () => {
    const store = new FakeStore();
    const ofRun = createOutbox({ store, destinations: [{ name: "a", deliver: () => undefined }] });
    await ofRun.load();
    ofRun.enqueue("a", alert({ id: "old" }));
    store.commit(ofRun.takeWrites());
    const outbox = await filled(store, 1);
    expect(idsOf(await outbox.handOver())).toEqual(["old", "0"]);
  });

  test("gives up what was on its way to destinations that are gone, so that people see it", async () => {
    const store = new FakeStore();
    await filled(store, 2);
    const outbox = await openOutbox(store, "b");
    expect(outbox.waiting).toEqual({ b: 0 });
    expect(outbox.dirty).toBe(true);
    store.commit(outbox.takeWrites());
    expect(await collect(waitingDeliveries(store))).toEqual([]);
    const given = await collect(abandonedDeliveries(store));
    expect(given).toMatchObject([
      {
        destination: "a",
        attempts: 0,
        abandonedAtMs: startMs,
        reason: 'The destination "a" is not configured any more.',
      },
      { alert: { id: "1" } },
    ]);
  });

  test("has nothing for the commit as long as nothing happens", async () => {
    const store = new FakeStore();
    await filled(store, 2);
    const outbox = await openOutbox(store, "a");
    expect(outbox.dirty).toBe(false);
    expect(outbox.takeWrites()).toEqual([]);
  });
});
