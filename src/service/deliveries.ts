import { abandonedDeliveries, idempotencyKeyOf, waitingDeliveries } from "../alerts/remote-outbox.ts";
import { openState } from "../config/open-state.ts";
import type { Alert } from "../core/alert.ts";
import type { Limits } from "../core/limits.ts";
import type { StateStore } from "../state/store.ts";
import type {
  DeliveryDetails,
  DeliveryListing,
  DeliveryPage,
  DeliveryQuery,
  DeliverySelection,
} from "./admin/admin-service.ts";

/** Deliveries as of the last commit, for people to look at. Reads the state beside the lane that writes it. */
export class Deliveries {
  readonly #stateFile: string;
  readonly #limits: Limits;

  constructor(stateFile: string, limits: Limits) {
    this.#stateFile = stateFile;
    this.#limits = limits;
  }

  list({ abandoned, destination, limit, after }: DeliveryQuery): Promise<DeliveryPage> {
    return this.#read(async (store) => {
      const listings: DeliveryListing[] = [];
      for await (const { alert: _alert, idempotencyKey: _key, ...listing } of all(store)) {
        if (abandoned && listing.state !== "abandoned") continue;
        if (destination !== undefined && listing.destination !== destination) continue;
        if (after === undefined || listing.key > after) listings.push(listing);
      }
      listings.sort((left, right) => (left.key < right.key ? -1 : 1));
      const page = listings.slice(0, limit);
      return { deliveries: page, next: listings.length > limit ? page.at(-1)?.key : undefined };
    });
  }

  find(key: string): Promise<DeliveryDetails | undefined> {
    return this.#read(async (store) => {
      for await (const delivery of all(store)) if (delivery.key === key) return delivery;
      return undefined;
    });
  }

  /** Keys of the deliveries meant, among those that were given up. */
  async select(selection: DeliverySelection): Promise<readonly string[]> {
    if (selection.kind === "keys") return selection.keys;
    return await this.#read(async (store) => {
      const keys: string[] = [];
      for await (const { key, destination } of abandonedDeliveries(store)) {
        if (selection.kind === "all" || destination === selection.destination) keys.push(key);
      }
      return keys;
    });
  }

  /** By destination. */
  countAbandoned(): Promise<ReadonlyMap<string, number>> {
    return this.#read(async (store) => {
      const counts = new Map<string, number>();
      for await (const { destination } of abandonedDeliveries(store)) {
        counts.set(destination, (counts.get(destination) ?? 0) + 1);
      }
      return counts;
    });
  }

  async #read<T>(read: (store: StateStore) => Promise<T>): Promise<T> {
    const store = openState(this.#stateFile, { limits: this.#limits, readOnly: true });
    try {
      return await read(store);
    } finally {
      await store.close();
    }
  }
}

async function* all(store: StateStore): AsyncGenerator<DeliveryDetails> {
  for await (const delivery of waitingDeliveries(store)) {
    yield { ...describe(delivery), state: "waiting" };
  }
  for await (const { abandonedAtMs, attempts, reason, ...delivery } of abandonedDeliveries(store)) {
    yield { ...describe(delivery), state: "abandoned", abandonedAtMs, attempts, reason };
  }
}

interface Described {
  readonly key: string;
  readonly destination: string;
  readonly alert: Alert;
  readonly queuedAtMs: number;
}

function describe({
  key,
  destination,
  alert,
  queuedAtMs,
}: Described): Omit<DeliveryDetails, "state" | "abandonedAtMs" | "attempts" | "reason"> {
  const { id, status, ruleId, severity, title } = alert;
  return {
    key,
    destination,
    alertId: id,
    alertStatus: status,
    ruleId,
    severity,
    title,
    queuedAtMs,
    idempotencyKey: idempotencyKeyOf(alert),
    alert,
  };
}
