import type { Alert } from "../core/alert.ts";
import type { JsonObject } from "../core/json.ts";
import type { EntryWrite } from "../state/store.ts";
import { outboxKind, outboxPrefix } from "./outbox-keys.ts";
import { allEntries, type EntryReader } from "./pending.ts";

/** Deliveries of one destination that whoever makes them holds at a time: each can be an alert with all its events. */
const handedOverMax = 64;

/** A committed delivery, to be made by requests. */
export interface RemoteDelivery {
  /** Of the outbox. The same delivery, handed over again after a crash, has the same one. */
  readonly key: string;
  readonly destination: string;
  /** The same for every attempt: alert id and status. */
  readonly idempotencyKey: string;
  readonly alert: Alert;
  /** Wall clock when it was put into the outbox. */
  readonly queuedAtMs: number;
}

/** How a delivery ended. */
export type RemoteDeliveryEnd =
  | { readonly kind: "delivered"; readonly key: string; readonly attempts: number }
  | {
      readonly kind: "abandoned";
      readonly key: string;
      readonly attempts: number;
      readonly reason: string;
    };

/** A delivery that was given up, as it is kept. */
export interface AbandonedDelivery {
  readonly key: string;
  readonly destination: string;
  readonly alert: Alert;
  readonly queuedAtMs: number;
  readonly abandonedAtMs: number;
  readonly attempts: number;
  readonly reason: string;
}

const abandonedKind = "abandoned-delivery";
/** How far keys have been used: one that came again would be taken for the delivery that had it before. */
const sequenceKind = "outbox-sequence";

interface RemoteQueue {
  readonly prefix: string;
  nextSequence: number;
  /** `nextSequence` as of the last commit. */
  committedSequence: number;
  /** Key of the last delivery handed over; the prefix, which sorts before all keys, when none was. */
  handed: string;
  /** Key of the last delivery that a commit may hold. */
  last: string;
  /** Handed over and not ended. */
  readonly underWay: Set<string>;
  /** Put in and not ended. */
  waiting: number;
}

/**
 * Alerts on their way to destinations that take a request each, made by somebody else while the engine goes on. A delivery is
 * committed with the batch that raised its alert, handed over after it, and taken out with a commit after its end was told. So
 * it is made at least once, whatever is killed: what no commit knows the end of is handed over again.
 */
export class RemoteOutbox {
  readonly #store: EntryReader;
  readonly #queues: ReadonlyMap<string, RemoteQueue>;
  #writes: EntryWrite[] = [];
  /** Deliveries given up that something was done about since the last commit. */
  readonly #decided = new Set<string>();

  constructor(store: EntryReader, destinations: readonly string[]) {
    this.#store = store;
    this.#queues = new Map(destinations.map((name) => [name, emptyQueue(name)]));
  }

  /**
   * Finds what earlier runs left; called once, before anything else. Deliveries for destinations that are not there any more
   * are given up, so that people see them.
   */
  async load(nowMs: number): Promise<void> {
    for (const queue of this.#queues.values()) {
      const stored = await this.#store.readEntry(sequenceKind, queue.prefix);
      queue.nextSequence = Number(stored?.["next"] ?? 0);
      queue.committedSequence = queue.nextSequence;
    }
    for await (const { key, value } of allEntries(this.#store, { kind: outboxKind })) {
      const queue = [...this.#queues.values()].find(({ prefix }) => key.startsWith(prefix));
      if (queue === undefined) this.#giveUp(key, { ...value, attempts: 0, reason: goneReason(value), nowMs });
      else {
        queue.last = key;
        queue.waiting += 1;
        const after = Number(key.slice(queue.prefix.length)) + 1;
        queue.nextSequence = Math.max(queue.nextSequence, after);
      }
    }
  }

  /** Deliveries of each destination that have not ended. */
  get waiting(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#queues].map(([name, { waiting }]) => [name, waiting]));
  }

  /** True when there is something for the next commit. */
  get dirty(): boolean {
    return this.#writes.length > 0;
  }

  enqueue(destination: string, alert: Alert, queuedAtMs: number): void {
    const queue = this.#queues.get(destination);
    if (queue === undefined) throw new RangeError(`There is no destination named ${destination}.`);
    queue.last = queue.prefix + String(queue.nextSequence).padStart(16, "0");
    queue.nextSequence += 1;
    queue.waiting += 1;
    const value = { destination, alert, queuedAtMs } as unknown as JsonObject;
    this.#writes.push({ kind: outboxKind, key: queue.last, value });
  }

  takeWrites(): EntryWrite[] {
    const writes = this.#writes;
    this.#writes = [];
    this.#decided.clear();
    for (const queue of this.#queues.values()) {
      if (queue.nextSequence === queue.committedSequence) continue;
      writes.push({ kind: sequenceKind, key: queue.prefix, value: { next: queue.nextSequence } });
      queue.committedSequence = queue.nextSequence;
    }
    return writes;
  }

  /** Committed deliveries that were not handed over yet, as many as may be under way. Called after a commit. */
  async handOver(): Promise<readonly RemoteDelivery[]> {
    const deliveries: RemoteDelivery[] = [];
    for (const queue of this.#queues.values()) {
      const room = handedOverMax - queue.underWay.size;
      if (room <= 0 || queue.handed >= queue.last) continue;
      const page = await this.#store.listEntries({ kind: outboxKind, after: queue.handed, limit: room });
      for (const { key, value } of page.filter((entry) => entry.key.startsWith(queue.prefix))) {
        const { destination, alert, queuedAtMs } = value as unknown as RemoteDelivery;
        deliveries.push({ key, destination, alert, queuedAtMs, idempotencyKey: idempotencyKeyOf(alert) });
        queue.handed = key;
        queue.underWay.add(key);
      }
    }
    return deliveries;
  }

  /**
   * Takes note of an end, and answers whether it did: one that is told twice counts once, and one of a delivery that is still
   * to be handed over will be told again.
   */
  async ended(end: RemoteDeliveryEnd, nowMs: number): Promise<boolean> {
    const queue = [...this.#queues.values()].find(({ underWay }) => underWay.has(end.key));
    if (queue === undefined) return false;
    queue.underWay.delete(end.key);
    queue.waiting -= 1;
    if (end.kind === "abandoned") await this.#abandon(end, nowMs);
    else this.#writes.push({ kind: outboxKind, key: end.key, value: undefined });
    return true;
  }

  /** Puts a delivery that was given up at the end of its queue again. Answers what is wrong, if anything is. */
  async retry(key: string, nowMs: number): Promise<string | undefined> {
    const given = await this.#findAbandoned(key);
    if (given === undefined) return noneAbandoned(key);
    const { destination, alert } = given;
    if (!this.#queues.has(destination)) return `The destination ${destination} is not configured any more.`;
    this.enqueue(destination, alert, nowMs);
    this.#forget(key);
    return undefined;
  }

  /** Forgets a delivery that was given up. Answers what is wrong, if anything is. */
  async drop(key: string): Promise<string | undefined> {
    if ((await this.#findAbandoned(key)) === undefined) return noneAbandoned(key);
    this.#forget(key);
    return undefined;
  }

  async #findAbandoned(key: string): Promise<AbandonedDelivery | undefined> {
    if (this.#decided.has(key)) return undefined;
    return (await this.#store.readEntry(abandonedKind, key)) as unknown as AbandonedDelivery | undefined;
  }

  #forget(key: string): void {
    this.#decided.add(key);
    this.#writes.push({ kind: abandonedKind, key, value: undefined });
  }

  async #abandon(end: Extract<RemoteDeliveryEnd, { kind: "abandoned" }>, nowMs: number): Promise<void> {
    const { key, attempts, reason } = end;
    const stored = await this.#store.readEntry(outboxKind, key);
    if (stored !== undefined) this.#giveUp(key, { ...stored, attempts, reason, nowMs });
  }

  #giveUp(key: string, { nowMs, ...value }: JsonObject & { readonly nowMs: number }): void {
    this.#writes.push({ kind: abandonedKind, key, value: { ...value, abandonedAtMs: nowMs } });
    this.#writes.push({ kind: outboxKind, key, value: undefined });
  }
}

function noneAbandoned(key: string): string {
  return `There is no delivery ${key} that was given up.`;
}

function goneReason({ destination }: JsonObject): string {
  return `The destination ${JSON.stringify(destination)} is not configured any more.`;
}

/** Deliveries that were given up, as of the last commit, in the order of their keys. */
export async function* abandonedDeliveries(store: EntryReader): AsyncGenerator<AbandonedDelivery> {
  for await (const { key, value } of allEntries(store, { kind: abandonedKind })) {
    yield { ...(value as unknown as AbandonedDelivery), key };
  }
}

/** Deliveries that have not ended as of the last commit, in the order of their keys. */
export async function* waitingDeliveries(store: EntryReader): AsyncGenerator<RemoteDelivery> {
  for await (const { key, value } of allEntries(store, { kind: outboxKind })) {
    const delivery = value as unknown as RemoteDelivery;
    yield { ...delivery, key, idempotencyKey: idempotencyKeyOf(delivery.alert) };
  }
}

function emptyQueue(name: string): RemoteQueue {
  const prefix = outboxPrefix(name);
  return {
    prefix,
    nextSequence: 0,
    committedSequence: 0,
    handed: prefix,
    last: prefix,
    underWay: new Set(),
    waiting: 0,
  };
}

/** The same for every attempt at telling one destination of an alert. */
export function idempotencyKeyOf({ id, status }: Alert): string {
  return `${id}:${status}`;
}
