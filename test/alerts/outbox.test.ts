import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createOutbox, type DeliveryTarget, type Outbox } from "../../src/alerts/outbox.ts";
import { alert } from "../core/alert.fixture.ts";
import { FakeStore } from "./fixtures.ts";

/** A destination that remembers what it got, and refuses everything while `broken`. */
class Recorder implements DeliveryTarget {
  readonly name: string;
  readonly received: string[] = [];
  broken = false;

  constructor(name: string) {
    this.name = name;
  }

  deliver(deliveries: readonly { readonly idempotencyKey: string }[]): void {
    if (this.broken) throw new Error(`${this.name} is down`);
    this.received.push(...deliveries.map(({ idempotencyKey }) => idempotencyKey));
  }
}

async function openOutbox(store: FakeStore, ...destinations: DeliveryTarget[]): Promise<Outbox> {
  const outbox = createOutbox({ store, destinations });
  await outbox.load();
  return outbox;
}

function waiting(store: FakeStore): number {
  return store.keys("outbox").length;
}

describe("delivery", () => {
  test("after the commit, in order, and gone with the next commit", async () => {
    const store = new FakeStore();
    const target = new Recorder("a");
    const outbox = await openOutbox(store, target);
    outbox.enqueue("a", alert({ id: "2" }));
    outbox.enqueue("a", alert({ id: "1" }));
    outbox.enqueue("a", alert({ id: "2", status: "closed" }));
    store.commit(outbox.takeWrites());
    expect(await outbox.deliverPending()).toEqual({ delivered: 3, failures: [] });
    expect(target.received).toEqual(["2:open", "1:open", "2:closed"]);
    expect(waiting(store)).toBe(3);
    store.commit(outbox.takeWrites());
    expect(waiting(store)).toBe(0);
    expect(outbox.takeWrites()).toEqual([]);
  });

  test("nothing that is not committed", async () => {
    const target = new Recorder("a");
    const outbox = await openOutbox(new FakeStore(), target);
    outbox.enqueue("a", alert());
    await outbox.deliverPending();
    expect(target.received).toEqual([]);
  });

  test("the alert itself, as it was when it was put in", async () => {
    const store = new FakeStore();
    const received: unknown[] = [];
    const outbox = await openOutbox(store, {
      name: "a",
      deliver: (deliveries) => void received.push(...deliveries),
    });
    outbox.enqueue("a", alert({ matchCount: 5 }));
    store.commit(outbox.takeWrites());
    await outbox.deliverPending();
    expect(received).toEqual([
      { idempotencyKey: "0123456789abcdef0123456789abcdef:open", alert: alert({ matchCount: 5 }) },
    ]);
  });

  test("each once, also when nothing was committed between two calls", async () => {
    const store = new FakeStore();
    const target = new Recorder("a");
    const outbox = await openOutbox(store, target);
    outbox.enqueue("a", alert());
    store.commit(outbox.takeWrites());
    await outbox.deliverPending();
    await outbox.deliverPending();
    expect(target.received).toHaveLength(1);
  });

  test("more than one page, no call larger than a page", async () => {
    const store = new FakeStore();
    const sizes: number[] = [];
    const outbox = await openOutbox(store, { name: "a", deliver: ({ length }) => void sizes.push(length) });
    for (let n = 0; n < 100; n += 1) outbox.enqueue("a", alert({ id: String(n) }));
    store.commit(outbox.takeWrites());
    expect(await outbox.deliverPending()).toMatchObject({ delivered: 100 });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32);
  });

  test("an unknown destination is refused", async () => {
    const outbox = await openOutbox(new FakeStore(), new Recorder("a"));
    expect(() => outbox.enqueue("b", alert())).toThrow(RangeError);
  });
});

describe("a destination that fails", () => {
  test("keeps its deliveries in order, and does not keep others from theirs", async () => {
    const store = new FakeStore();
    const [broken, healthy] = [new Recorder("broken"), new Recorder("healthy")];
    broken.broken = true;
    const outbox = await openOutbox(store, broken, healthy);
    for (const { name } of [broken, healthy]) outbox.enqueue(name, alert({ id: "1" }));
    store.commit(outbox.takeWrites());
    expect(await outbox.deliverPending()).toEqual({
      delivered: 1,
      failures: [{ destination: "broken", error: new Error("broken is down") }],
    });
    outbox.enqueue("broken", alert({ id: "2" }));
    store.commit(outbox.takeWrites());
    broken.broken = false;
    await outbox.deliverPending();
    expect(broken.received).toEqual(["1:open", "2:open"]);
    expect(healthy.received).toEqual(["1:open"]);
  });

  test("is reported too when it answers a promise", async () => {
    const store = new FakeStore();
    const failure = new Error("later");
    const outbox = await openOutbox(store, { name: "a", deliver: () => Promise.reject(failure) });
    outbox.enqueue("a", alert());
    store.commit(outbox.takeWrites());
    expect((await outbox.deliverPending()).failures).toEqual([{ destination: "a", error: failure }]);
  });
});

describe("restart", () => {
  test("what was left comes first, under the same key", async () => {
    const store = new FakeStore();
    const before = await openOutbox(store, new Recorder("a"));
    before.enqueue("a", alert({ id: "old" }));
    store.commit(before.takeWrites());
    const target = new Recorder("a");
    const after = await openOutbox(store, target);
    after.enqueue("a", alert({ id: "new" }));
    store.commit(after.takeWrites());
    await after.deliverPending();
    expect(target.received).toEqual(["old:open", "new:open"]);
  });

  test("deliveries of a destination that is not there wait for it", async () => {
    const store = new FakeStore();
    const before = await openOutbox(store, new Recorder("a"));
    before.enqueue("a", alert());
    store.commit(before.takeWrites());
    const other = new Recorder("b");
    await (await openOutbox(store, other)).deliverPending();
    expect(other.received).toEqual([]);
    const target = new Recorder("a");
    await (await openOutbox(store, target)).deliverPending();
    expect(target.received).toHaveLength(1);
  });

  test("whatever happens, each arrives at least once, first arrivals in order, and the outbox ends empty", async () => {
    const action = fc.constantFrom("enqueue", "commit", "break", "mend", "kill");
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
        const store = new FakeStore();
        const target = new Recorder("a");
        let outbox = await openOutbox(store, target);
        let [next, committed] = [0, 0];
        const commit = async (): Promise<void> => {
          store.commit(outbox.takeWrites());
          committed = next;
          await outbox.deliverPending();
        };
        for (const step of actions) {
          if (step === "enqueue") outbox.enqueue("a", alert({ id: String(next++) }));
          if (step === "commit") await commit();
          if (step === "break") target.broken = true;
          if (step === "mend") target.broken = false;
          if (step !== "kill") continue;
          next = committed;
          outbox = await openOutbox(store, target);
        }
        target.broken = false;
        await commit();
        await commit();
        expect([...new Set(target.received)]).toEqual(Array.from({ length: next }, (_, n) => `${n}:open`));
        expect(waiting(store)).toBe(0);
      }),
    );
  });
});
