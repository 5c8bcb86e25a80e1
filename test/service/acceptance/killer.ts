import { setTimeout as delay } from "node:timers/promises";

import type { Site } from "./site.ts";

/** When to kill: some milliseconds after the next request has begun, or after the receiver has a delivery and before it answers. */
export interface Moment {
  readonly after: "request" | "delivery";
  readonly delayMs: number;
  /** Kill the processes that are started then, too, each so many milliseconds after its start. */
  readonly thenInStart: readonly number[];
}

/** Kills the service at certain moments, and starts it again each time. */
export class Killer {
  kills = 0;
  killsInStart = 0;
  readonly #site: Site;
  #underWay: Promise<void> = Promise.resolve();
  #strike: () => void = () => undefined;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Waits for the strike before it, which is made now if its moment has not come. Then a request is to follow at once. */
  async aim({ after, delayMs, thenInStart }: Moment): Promise<void> {
    await this.done();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#strike = resolve;
    if (after === "request") resolve();
    else this.#site.onReceived = () => resolve();
    this.#underWay = promise.then(() => this.#kill(delayMs, thenInStart));
    // Whoever waits for it is told.
    this.#underWay.catch(() => undefined);
  }

  /** Resolves when a service runs that nobody is about to kill. */
  async done(): Promise<void> {
    this.#strike();
    await this.#underWay;
  }

  async #kill(delayMs: number, thenInStart: readonly number[]): Promise<void> {
    this.#site.onReceived = () => undefined;
    // A timer takes a millisecond at least, which is enough to miss what is over in one.
    if (delayMs > 0) await delay(delayMs);
    await this.#site.killAndStart();
    this.kills += 1;
    for (const startedMs of thenInStart) {
      await delay(startedMs);
      await this.#site.killAndStart();
      this.kills += 1;
      this.killsInStart += 1;
    }
    await this.#site.eventsUrl();
  }
}
