import { describe, expect, test } from "vitest";

import { createOutbox } from "../../src/alerts/outbox.ts";
import { type RemoteDelivery, type RemoteDeliveryEnd, RemoteOutbox } from "../../src/alerts/remote-outbox.ts";
import { AlertRouting } from "../../src/alerts/routing.ts";
import type { Alert } from "../../src/core/alert.ts";
import type { Delivery } from "../../src/destinations/destination.ts";
import { AlertOutputs } from "../../src/engine/alert-outputs.ts";
import { OutputFiles } from "../../src/engine/output-files.ts";
import { FakeStore, startMs } from "../alerts/fixtures.ts";
import { alert } from "../core/alert.fixture.ts";

/** Outputs to a file, a destination that the lane tells itself, and one by way of somebody else. */
class Fixture {
  readonly store = new FakeStore();
  readonly lines: string[] = [];
  readonly told: string[] = [];
  readonly handed: RemoteDelivery[] = [];
  failure: Error | undefined;
  closed = 0;
  outputs: AlertOutputs = this.#create(undefined);
  readonly #files = new OutputFiles();

  route(routing: AlertRouting): void {
    this.outputs = this.#create(routing);
  }

  /** Another process takes up what the last commit knows. */
  async restart(): Promise<void> {
    this.outputs = this.#create(undefined);
    await this.outputs.load();
  }

  async commit(): Promise<void> {
    await this.outputs.append(this.#files);
    this.store.commit(await this.outputs.takeWrites());
  }

  #create(routing: AlertRouting | undefined): AlertOutputs {
    const { store } = this;
    const destinations = [
      {
        name: "screen",
        deliver: (deliveries: readonly Delivery[]): void => {
          if (this.failure !== undefined) throw this.failure;
          this.told.push(...deliveries.map(({ idempotencyKey }) => idempotencyKey));
        },
        close: (): void => void this.closed++,
      },
    ];
    const append = (lines: readonly string[]): number => this.lines.push(...lines);
    const file = { path: "/alerts", open: () => ({ bytes: 0 }), append, close: () => undefined };
    return new AlertOutputs({
      files: [{ name: "file", file }],
      destinations,
      outbox: createOutbox({ store, destinations }),
      remote: {
        names: ["remote"],
        outbox: new RemoteOutbox(store, ["remote"]),
        handOver: (deliveries) => this.handed.push(...deliveries),
      },
      routing,
      clock: { nowMs: () => startMs, monotonicMs: () => 0 },
    });
  }
}

async function create(): Promise<Fixture> {
  const fixture = new Fixture();
  await fixture.outputs.load();
  return fixture;
}

function delivered({ key }: Pick<RemoteDelivery, "key">): RemoteDeliveryEnd {
  return { kind: "delivered", key, attempts: 1 };
}

function toldTo({ lines, told, handed }: Fixture): readonly number[] {
  return [lines.length, told.length, handed.length];
}

describe("an alert", () => {
  test("goes everywhere where nothing routes it", async () => {
    const fixture = await create();
    fixture.outputs.add(alert());
    await fixture.commit();
    await fixture.outputs.deliver();
    expect(toldTo(fixture)).toEqual([1, 1, 1]);
    expect(fixture.handed).toMatchObject([{ destination: "remote", queuedAtMs: startMs }]);
  });

  test.each<[string, Partial<Alert>, readonly number[]]>([
    ["that names nobody goes nowhere", { destinations: [] }, [0, 0, 0]],
    ["that names one of each goes there", { destinations: ["file", "remote"] }, [1, 0, 1]],
    ["that names none of them goes by conditions", { severity: "critical" }, [0, 0, 1]],
  ])("%s", async (_, overrides, expected) => {
    const fixture = await create();
    const severities = ["low"] as const;
    const route = { enabled: true, closed: true };
    const routes = [
      { ...route, name: "file", severities },
      { ...route, name: "screen", severities },
      { ...route, name: "remote" },
    ];
    fixture.route(new AlertRouting(routes, () => undefined));
    fixture.outputs.add(alert(overrides));
    await fixture.commit();
    await fixture.outputs.deliver();
    expect(toldTo(fixture)).toEqual(expected);
  });

  test("is in the file before the commit, and handed over only after it", async () => {
    const fixture = await create();
    fixture.outputs.add(alert());
    expect(fixture.outputs.pendingBytes).toBeGreaterThan(100);
    await fixture.outputs.append(new OutputFiles());
    expect(fixture.outputs.pendingBytes).toBe(0);
    await fixture.outputs.deliver();
    expect(toldTo(fixture)).toEqual([1, 0, 0]);
    fixture.store.commit(await fixture.outputs.takeWrites());
    await fixture.outputs.deliver();
    expect(toldTo(fixture)).toEqual([1, 1, 1]);
  });

  test("waits for the lane only where the lane tells it", async () => {
    const fixture = await create();
    fixture.outputs.add(alert());
    expect(fixture.outputs.waiting).toBe(1);
  });
});

test("a destination that fails ends the run with what it threw", async () => {
  const fixture = await create();
  fixture.failure = new Error("the screen is gone");
  fixture.outputs.add(alert());
  await fixture.commit();
  await expect(fixture.outputs.deliver()).rejects.toBe(fixture.failure);
});

describe("ends", () => {
  async function withOneHandedOver(): Promise<{ fixture: Fixture; delivery: RemoteDelivery }> {
    const fixture = await create();
    fixture.outputs.add(alert());
    await fixture.commit();
    await fixture.outputs.deliver();
    await fixture.commit();
    const [delivery] = fixture.handed;
    if (delivery === undefined) throw new Error("nothing was handed over");
    return { fixture, delivery };
  }

  test("want a commit, and are told back once by the one that takes them down", async () => {
    const { fixture, delivery } = await withOneHandedOver();
    expect(fixture.outputs.dirty).toBe(false);
    fixture.outputs.ended([delivered(delivery), delivered(delivery)]);
    expect(fixture.outputs.dirty).toBe(true);
    await fixture.commit();
    expect(fixture.store.keys("outbox")).toEqual([]);
    expect(fixture.outputs.takeSettled()).toEqual([delivery.key]);
    expect(fixture.outputs.takeSettled()).toEqual([]);
    expect(fixture.outputs.dirty).toBe(false);
  });

  test("of what another process handed over are not told back, so that they are told again after the next handing over", async () => {
    const { fixture, delivery } = await withOneHandedOver();
    await fixture.restart();
    fixture.outputs.ended([delivered(delivery)]);
    await fixture.commit();
    expect(fixture.outputs.takeSettled()).toEqual([]);
    await fixture.outputs.deliver();
    expect(fixture.handed).toEqual([delivery, delivery]);
    fixture.outputs.ended([delivered(delivery)]);
    await fixture.commit();
    expect(fixture.outputs.takeSettled()).toEqual([delivery.key]);
  });

  test("that come while a commit is under way are left for the next", async () => {
    const { fixture, delivery } = await withOneHandedOver();
    const writes = fixture.outputs.takeWrites();
    fixture.outputs.ended([delivered(delivery)]);
    fixture.store.commit(await writes);
    expect(fixture.outputs.takeSettled()).toEqual([]);
    expect(fixture.outputs.dirty).toBe(true);
  });
});

test("closes the destinations that it tells itself", async () => {
  const fixture = await create();
  await fixture.outputs.close();
  expect(fixture.closed).toBe(1);
});
