import { expect, test } from "vitest";

import { systemChance, systemClock, systemTimer } from "../../../src/core/clock.ts";
import { Deliverer, type DeliveryEnd } from "../../../src/destinations/deliverer.ts";
import { alert } from "../../core/alert.fixture.ts";
import { policy, queued } from "../deliverer-fixtures.ts";
import type { Reaction } from "../receiver.ts";
import { webhook, webhookReceiver } from "./fixtures.ts";

const wrongs: readonly Reaction[] = [
  { status: 503 },
  "reset",
  { status: 429, headers: { "Retry-After": "0" } },
  "garbage",
  "reset",
  { status: 500 },
  { status: 408 },
];

// The only test here in which time really passes, a few milliseconds of it; nothing depends on how many.
test("through everything that a receiver does wrong, each alert arrives, and once", async () => {
  const count = 50;
  const receiver = await webhookReceiver({
    secret: "s3cret",
    nowMs: systemClock.nowMs(),
    failures: [...wrongs, ...wrongs],
  });
  const ends: DeliveryEnd[] = [];
  const allEnded = Promise.withResolvers<void>();
  const destination = webhook({ url: receiver.url, secret: "s3cret" }, { clock: systemClock });
  const deliverer = new Deliverer({
    destinations: [{ destination, policy: { ...policy, delayMs: 1, delayMaxMs: 5 } }],
    clock: systemClock,
    timer: systemTimer,
    chance: systemChance,
    onEnd: (end) => {
      ends.push(end);
      if (ends.length === count) allEnded.resolve();
    },
  });
  const ids = Array.from({ length: count }, (_, n) => n.toString(16).padStart(32, "0"));
  for (const id of ids) {
    const queuedAtMs = systemClock.nowMs();
    deliverer.submit(queued({ key: id, destination: "hook", alert: alert({ id }), queuedAtMs }));
  }
  await allEnded.promise;
  await deliverer.close(0);
  expect(ends.every(({ kind }) => kind === "delivered")).toBe(true);
  expect([...receiver.accepted.keys()].toSorted()).toEqual(ids.map((id) => `${id}:open`));
  expect(receiver.repeated).toEqual([]);
  expect(deliverer.state("hook")).toMatchObject({ delivered: count, failedAttempts: 14, circuit: "closed" });
});
