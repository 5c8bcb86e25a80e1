import type { Alert } from "../core/alert.ts";
import type { JsonObject, MaybePromise } from "../core/json.ts";
import type { EntryWrite } from "../state/store.ts";
import { outboxKind as kind, outboxPrefix } from "./outbox-keys.ts";
import type { EntryReader } from "./pending.ts";

/** Deliveries read and handed over at once. Each can hold an alert with all its events. */
const pageSize = 32;

/** The part of a destination that the outbox uses; destinations/destination.ts has the contract. */
export interface DeliveryTarget {
  readonly name: string;
  deliver(
    deliveries: readonly { readonly idempotencyKey: string; readonly alert: Alert }[],
  ): MaybePromise<void>;
}

/** A destination that could not take its deliveries. They stay in the outbox, in order. */
export interface DeliveryFailure {
  readonly destination: string;
  /** What `deliver` threw. */
  readonly error: unknown;
}

export interface DeliveryResult {
  readonly delivered: number;
  readonly failures: readonly DeliveryFailure[];
}

/**
 * Alerts on their way to destinations that cannot take part in a commit. A delivery is committed with the batch that
 * raised the alert, handed over after it, and removed with the next commit: each arrives at least once, in order, under
 * an idempotency key (alert id and status) that stays the same. A process killed before that next commit delivers again.
 */
export interface Outbox {
  /** Finds what earlier runs left undelivered; called once, before anything else. */
  load(): Promise<void>;
  /** Deliveries that have not arrived, committed or not. */
  readonly waiting: number;
  /** Puts an alert into the queue of the destination of that name. Throws for a name that is not among the targets. */
  enqueue(destination: string, alert: Alert): void;
  /** What changed since the last call, for the commit: new deliveries, and removal of those that arrived. */
  takeWrites(): EntryWrite[];
  /**
   * Hands over everything that is committed, called after a commit. One destination that fails does not keep others from
   * their alerts; its own are tried again at the next call. Throws only what the store throws.
   */
  deliverPending(): Promise<DeliveryResult>;
}

export interface OutboxOptions {
  readonly store: EntryReader;
  readonly destinations: readonly DeliveryTarget[];
}

export function createOutbox({ store, destinations }: OutboxOptions): Outbox {
  return new QueuedOutbox(store, destinations);
}

interface Queue {
  readonly target: DeliveryTarget;
  /** Starts every key of this queue. */
  readonly prefix: string;
  nextSequence: number;
  /** Key of the last delivery that arrived; the prefix, which sorts before all keys, when none has. */
  arrived: string;
  /** Key of the last delivery put in. */
  last: string;
  /** Deliveries put in that have not arrived. */
  waiting: number;
}

class QueuedOutbox implements Outbox {
  readonly #store: EntryReader;
  readonly #queues: ReadonlyMap<string, Queue>;
  #writes: EntryWrite[] = [];

  constructor(store: EntryReader, destinations: readonly DeliveryTarget[]) {
    this.#store = store;
    this.#queues = new Map(destinations.map((target) => [target.name, emptyQueue(target)]));
  }

  async load(): Promise<void> {
    for (const queue of this.#queues.values()) {
      const end = `${queue.prefix}~`;
      const [entry] = await this.#store.listEntries({ kind, after: end, limit: 1, descending: true });
      if (entry === undefined || !entry.key.startsWith(queue.prefix)) continue;
      queue.last = entry.key;
      queue.nextSequence = sequenceOf(queue, entry) + 1;
      const [first = entry] = await this.#store.listEntries({ kind, after: queue.prefix, limit: 1 });
      queue.waiting = queue.nextSequence - sequenceOf(queue, first);
    }
  }

  get waiting(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.waiting, 0);
  }

  enqueue(destination: string, alert: Alert): void {
    const queue = this.#queues.get(destination);
    if (queue === undefined) throw new RangeError(`There is no destination named ${destination}.`);
    queue.last = queue.prefix + String(queue.nextSequence).padStart(16, "0");
    queue.nextSequence += 1;
    queue.waiting += 1;
    const value = { destination, alert } as unknown as JsonObject;
    this.#writes.push({ kind, key: queue.last, value });
  }

  takeWrites(): EntryWrite[] {
    const writes = this.#writes;
    this.#writes = [];
    return writes;
  }

  async deliverPending(): Promise<DeliveryResult> {
    const failures: DeliveryFailure[] = [];
    let delivered = 0;
    for (const queue of this.#queues.values()) {
      while (queue.arrived < queue.last) {
        const page = await this.#nextPage(queue);
        if (page.length === 0) break;
        const error = await handOver(queue.target, page);
        if (error !== undefined) {
          failures.push({ destination: queue.target.name, error: error.thrown });
          break;
        }
        delivered += page.length;
        this.#remove(queue, page);
      }
    }
    return { delivered, failures };
  }

  async #nextPage({ prefix, arrived }: Queue): Promise<readonly Waiting[]> {
    const entries = await this.#store.listEntries({ kind, after: arrived, limit: pageSize });
    return entries
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, value }) => ({ key, alert: value["alert"] as unknown as Alert }));
  }

  #remove(queue: Queue, page: readonly Waiting[]): void {
    for (const { key } of page) {
      this.#writes.push({ kind, key, value: undefined });
      queue.arrived = key;
      queue.waiting -= 1;
    }
  }
}

interface Waiting {
  readonly key: string;
  readonly alert: Alert;
}

function emptyQueue(target: DeliveryTarget): Queue {
  const prefix = outboxPrefix(target.name);
  return { target, prefix, nextSequence: 0, arrived: prefix, last: prefix, waiting: 0 };
}

function sequenceOf({ prefix }: Queue, { key }: { readonly key: string }): number {
  return Number(key.slice(prefix.length));
}

async function handOver(
  target: DeliveryTarget,
  page: readonly Waiting[],
): Promise<{ readonly thrown: unknown } | undefined> {
  try {
    await target.deliver(page.map(({ alert }) => ({ idempotencyKey: `${alert.id}:${alert.status}`, alert })));
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}
