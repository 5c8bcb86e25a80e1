import type { Alert } from "../core/alert.ts";
import type { Chance, Clock, Timer } from "../core/clock.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryOutcome, RemoteDestination } from "./remote.ts";

/** A delivery that is committed, on its way to a destination that needs a request for it. */
export interface QueuedDelivery {
  /** Of the outbox: the same delivery handed over twice is one. */
  readonly key: string;
  readonly destination: string;
  readonly idempotencyKey: string;
  readonly alert: Alert;
  /** Wall clock when it was put into the outbox. */
  readonly queuedAtMs: number;
}

/** How a delivery ended. */
export type DeliveryEnd =
  | { readonly kind: "delivered"; readonly key: string; readonly attempts: number }
  /** Refused, or failed for too long. It is kept for a person to look at. */
  | { readonly kind: "abandoned"; readonly key: string; readonly attempts: number; readonly reason: string };

/** What a destination did since the process began. */
export interface DestinationState {
  readonly delivered: number;
  readonly abandoned: number;
  readonly failedAttempts: number;
  readonly inFlight: number;
  /** `open`: failing, tried again at `retryAtMs` (wall clock) with one delivery. */
  readonly circuit: "closed" | "open" | "half-open";
  readonly retryAtMs: number | undefined;
  /** Of the last failed attempt; `undefined` after one that succeeded. */
  readonly lastFailure: string | undefined;
  /** Sum over attempts that delivered. */
  readonly deliverMsTotal: number;
}

/** How a destination is treated that is slow, busy or away. */
export interface DeliveryPolicy {
  /** Attempts at a time. */
  readonly concurrencyMax: number;
  /** Attempts begun per second; `undefined`: any. They are spread evenly, never in bursts. */
  readonly perSecondMax: number | undefined;
  /** Shortest delay between attempts; the longest that chance may choose doubles with each failure, up to `delayMaxMs`. */
  readonly delayMs: number;
  readonly delayMaxMs: number;
  /** Counted from `queuedAtMs`: after so long a delivery is abandoned. */
  readonly giveUpMs: number;
  /** Failures in a row that open the circuit. */
  readonly breakAfter: number;
}

/** One attempt that is over, for metrics and logs. */
export interface DeliveryAttempt {
  readonly destination: string;
  readonly key: string;
  /** Which attempt of this process it was, from 1. */
  readonly attempt: number;
  readonly outcome: DeliveryOutcome;
  readonly durationMs: number;
}

export interface DelivererTarget {
  readonly destination: RemoteDestination;
  readonly policy: DeliveryPolicy;
}

export interface DelivererOptions {
  /** Names are unique. */
  readonly destinations: readonly DelivererTarget[];
  readonly clock: Clock;
  readonly timer: Timer;
  readonly chance: Chance;
  /** Told once for each delivery, and again when a delivery that has ended is submitted again. May be called during `submit`. */
  readonly onEnd: (end: DeliveryEnd) => void;
  readonly onAttempt?: (attempt: DeliveryAttempt) => void;
}

interface Known {
  readonly idempotencyKey: string;
  end: DeliveryEnd | undefined;
}

/**
 * Makes committed deliveries. Each destination has its own queue: deliveries begin in order of submission, those of one alert
 * follow each other, and one that fails is tried again later while others go on. See `DeliveryQueue` for when attempts are
 * made.
 */
export class Deliverer {
  readonly #queues: ReadonlyMap<string, DeliveryQueue>;
  readonly #onEnd: (end: DeliveryEnd) => void;
  /** By key: what is under way, and ends that nobody acknowledged. */
  readonly #known = new Map<string, Known>();
  #closed: Promise<void> | undefined;

  constructor({ destinations, onEnd, onAttempt, ...surroundings }: DelivererOptions) {
    this.#onEnd = onEnd;
    const report = onAttempt ?? (() => undefined);
    this.#queues = new Map(
      destinations.map((target) => [
        target.destination.name,
        new DeliveryQueue({ ...target, ...surroundings, onAttempt: report }),
      ]),
    );
  }

  /**
   * Takes a delivery over. One that is known is not made twice: while it is under way nothing happens, and when it has ended
   * its end is told again. A destination that is not there abandons it. After `close` nothing is taken.
   */
  submit(delivery: QueuedDelivery): void {
    if (this.#closed !== undefined) return;
    const { key, idempotencyKey, destination } = delivery;
    const known = this.#known.get(key);
    if (known?.idempotencyKey === idempotencyKey) {
      if (known.end !== undefined) this.#onEnd(known.end);
      return;
    }
    const entry: Known = { idempotencyKey, end: undefined };
    this.#known.set(key, entry);
    const finish = (end: DeliveryEnd): void => {
      // Another delivery under the same key: whoever submitted that knows nothing of this one any more.
      if (this.#known.get(key) !== entry) return;
      entry.end = end;
      this.#onEnd(end);
    };
    const queue = this.#queues.get(destination);
    if (queue !== undefined) return queue.add(delivery, finish);
    const reason = `There is no destination named ${destination}.`;
    finish({ kind: "abandoned", key, attempts: 0, reason });
  }

  /** The end of this delivery is committed: it is forgotten here. Without effect while it has not ended. */
  acknowledge(key: string): void {
    if (this.#known.get(key)?.end !== undefined) this.#known.delete(key);
  }

  /** Throws a RangeError for a name that is not among the destinations. */
  state(name: string): DestinationState {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new RangeError(`There is no destination named ${name}.`);
    return queue.state();
  }

  /**
   * Begins nothing new and resolves when the attempts under way are over; they are ended after `drainMs`. What has no end
   * then stays with whoever submitted it. Called again it waits for the same.
   */
  close(drainMs: number): Promise<void> {
    this.#closed ??= Promise.all([...this.#queues.values()].map((queue) => queue.close(drainMs))).then(
      () => undefined,
    );
    return this.#closed;
  }
}
