import type { Alert } from "../../src/core/alert.ts";
import type { StateStore } from "../../src/state/store.ts";
import type { Received } from "../machine/sim-destination.ts";
import { entriesOf } from "./state.ts";
import { expectSame, Violation } from "./violation.ts";

export interface ReceivedBy {
  readonly name: string;
  readonly deliveries: readonly Received[];
}

/**
 * Every announced alert has arrived or is still in the outbox, what has arrived is what was announced, and within one
 * life the order is that of the announcements, without a gap and without anything twice.
 */
export async function checkDeliveries(
  announced: readonly Alert[],
  store: StateStore,
  { name, deliveries }: ReceivedBy,
): Promise<void> {
  const keys = announced.map(({ id, status }) => `${id}:${status}`);
  const numbers = new Map(keys.map((key, number) => [key, number]));
  const arrived = new Set<string>();
  let last = { life: -1, number: -1 };
  for (const { key, text, life } of deliveries) {
    const number = numbers.get(key);
    if (number === undefined) throw new Violation(`${name} was given ${key}, which was never announced`);
    expectSame(`what ${name} was given as ${key}`, announced[number], JSON.parse(text));
    if (life === last.life && number !== last.number + 1) {
      throw new Violation(`${name} was given announcement ${number} after ${last.number} in one run`);
    }
    if (number > arrived.size) throw new Violation(`${name} was given announcement ${number} too early`);
    arrived.add(key);
    last = { life, number };
  }
  const waiting = await outboxOf(store, name);
  expectSame(`what waits for ${name}`, keys.slice(keys.length - waiting.length), waiting);
  const lost = keys.slice(0, keys.length - waiting.length).find((key) => !arrived.has(key));
  if (lost !== undefined) throw new Violation(`${name} will never be given ${lost}`);
}

/** Keys of the deliveries that the outbox holds for a destination, in order. */
async function outboxOf(store: StateStore, name: string): Promise<readonly string[]> {
  const entries = await entriesOf(store, "outbox");
  return entries
    .map(({ value }) => value as unknown as { readonly destination: string; readonly alert: Alert })
    .filter(({ destination }) => destination === name)
    .map(({ alert }) => `${alert.id}:${alert.status}`);
}
