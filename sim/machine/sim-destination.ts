import type { Delivery, Destination } from "../../src/destinations/destination.ts";
import type { Life, Machine } from "./machine.ts";

/** A delivery as the receiver got it. */
export interface Received {
  readonly key: string;
  /** The alert as JSON. */
  readonly text: string;
  /** Which lane delivered it, counted from the beginning. */
  readonly life: number;
}

export interface SimDestinationOptions {
  readonly name: string;
  readonly life: Life;
  readonly machine: Machine;
  readonly lifeNumber: number;
  /** The receiver, which no crash of the engine touches. */
  readonly received: Received[];
}

/** A receiver that is slow now and then, and fails before, in the middle of or after taking what it gets. */
export function createSimDestination(options: SimDestinationOptions): Destination {
  const { name, life, machine, lifeNumber, received } = options;
  const take = (deliveries: readonly Delivery[]): void => {
    for (const { idempotencyKey: key, alert } of deliveries) {
      received.push({ key, text: JSON.stringify(alert), life: lifeNumber });
    }
  };
  return {
    name,
    deliver: async (deliveries) => {
      if (machine.chance.happens(0.1)) machine.clock.pass(10_000);
      await life.perform("deliver", {
        mayFail: true,
        run: () => take(deliveries),
        half: () => take(deliveries.slice(0, deliveries.length >> 1)),
      });
    },
    close: () => undefined,
  };
}
