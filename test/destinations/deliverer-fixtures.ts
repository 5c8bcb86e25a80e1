import {
  Deliverer,
  type DelivererOptions,
  type DeliveryAttempt,
  type DeliveryEnd,
  type DeliveryPolicy,
  type QueuedDelivery,
} from "../../src/destinations/deliverer.ts";
import type { Delivery } from "../../src/destinations/destination.ts";
import { alert } from "../core/alert.fixture.ts";
import { ManualTime } from "./manual-time.ts";
import { ScriptedDestination, type Script } from "./scripted-destination.ts";

export const policy: DeliveryPolicy = {
  concurrencyMax: 4,
  perSecondMax: undefined,
  delayMs: 1000,
  delayMaxMs: 300_000,
  giveUpMs: 86_400_000,
  breakAfter: 5,
};

interface SetupOptions extends Partial<DeliveryPolicy> {
  readonly script?: (delivery: Delivery, attempt: number) => Script;
  readonly chance?: () => number;
}

export interface Setup {
  readonly time: ManualTime;
  readonly destination: ScriptedDestination;
  readonly deliverer: Deliverer;
  readonly ends: DeliveryEnd[];
  readonly attempts: DeliveryAttempt[];
  /** Submits one delivery after the other, each of its own alert unless it says otherwise. */
  readonly submit: (...deliveries: readonly Partial<QueuedDelivery>[]) => void;
}

/** A deliverer with one destination, `d`, on a clock of its own. Chance always chooses the shortest delay. */
export function setup({ script, chance = () => 0, ...overrides }: SetupOptions = {}): Setup {
  const time = new ManualTime();
  const destination = new ScriptedDestination("d", time, script);
  const ends: DeliveryEnd[] = [];
  const attempts: DeliveryAttempt[] = [];
  const options: DelivererOptions = {
    destinations: [{ destination, policy: { ...policy, ...overrides } }],
    clock: time.clock,
    timer: time.timer,
    chance,
    onEnd: (end) => ends.push(end),
    onAttempt: (attempt) => attempts.push(attempt),
  };
  const deliverer = new Deliverer(options);
  return {
    time,
    destination,
    deliverer,
    ends,
    attempts,
    submit: (...deliveries) => {
      for (const delivery of deliveries)
        deliverer.submit(queued({ queuedAtMs: time.clock.nowMs(), ...delivery }));
    },
  };
}

/** A delivery to `d`; its alert and idempotency key follow from its key. */
export function queued(overrides: Partial<QueuedDelivery> = {}): QueuedDelivery {
  const key = overrides.key ?? "k1";
  const shown = overrides.alert ?? alert({ id: `alert-${key}` });
  return {
    key,
    destination: "d",
    idempotencyKey: `${shown.id}:${shown.status}`,
    alert: shown,
    queuedAtMs: Date.UTC(2026, 0, 1),
    ...overrides,
  };
}

/** As many deliveries, `k000` and so on. */
export function keys(count: number): readonly { readonly key: string }[] {
  return Array.from({ length: count }, (_, n) => ({ key: `k${String(n).padStart(3, "0")}` }));
}
