import { hash } from "node:crypto";

import type { JsonObject } from "../core/json.ts";
import type { EntryWrite } from "../state/store.ts";
import { allEntries, type EntryReader } from "./pending.ts";

const hourMs = 3_600_000;

/** Kinds of entries that count what rules did in an hour. */
export const hourlyKinds = { alerts: "alerts-in-hour", newKeys: "new-keys-in-hour" } as const;

export interface HourlyCountsOptions {
  readonly store: EntryReader;
  readonly kind: (typeof hourlyKinds)[keyof typeof hourlyKinds];
}

/** The latest hour in which a rule did something that is counted. */
interface HourlyCount {
  readonly ruleId: string;
  /** On the engine clock. */
  hourStartMs: number;
  count: number;
}

/**
 * Counts what rules do, each by itself, in full hours of the engine clock. Used like the books of alerts and rule errors:
 * `load` once, `take` each time, `takeWrites` once per batch; the counts are part of the commit, so neither where batches
 * are cut nor a kill makes a difference.
 */
export class HourlyCounts {
  readonly #store: EntryReader;
  readonly #kind: string;
  readonly #counts = new Map<string, HourlyCount>();
  readonly #changed = new Set<HourlyCount>();
  /** Times that `take` answered false. */
  refused = 0;

  constructor({ store, kind }: HourlyCountsOptions) {
    this.#store = store;
    this.#kind = kind;
  }

  /** Reads the last commit; called once, before anything else. */
  async load(): Promise<void> {
    for await (const { value } of allEntries(this.#store, { kind: this.#kind })) {
      const count = { ...(value as unknown as HourlyCount) };
      this.#counts.set(count.ruleId, count);
    }
  }

  /** Counts one more, unless there are `max` in the hour of this time already. Answers whether it did. */
  take(ruleId: string, clockMs: number, max: number): boolean {
    const hourStartMs = hourStartOf(clockMs);
    let count = this.#counts.get(ruleId);
    if (count === undefined) {
      count = { ruleId, hourStartMs, count: 0 };
      this.#counts.set(ruleId, count);
    } else if (count.hourStartMs !== hourStartMs) {
      count.hourStartMs = hourStartMs;
      count.count = 0;
    }
    if (count.count >= max) {
      this.refused += 1;
      return false;
    }
    count.count += 1;
    this.#changed.add(count);
    return true;
  }

  /** What changed since the last call, for the commit. */
  takeWrites(): EntryWrite[] {
    const writes = [...this.#changed].map((count): EntryWrite => {
      const value: JsonObject = { ...count };
      return { kind: this.#kind, key: keyOf(count.ruleId), value };
    });
    this.#changed.clear();
    return writes;
  }
}

/** The first millisecond after the hour of this time. */
export function hourEndOf(clockMs: number): number {
  return hourStartOf(clockMs) + hourMs;
}

function hourStartOf(clockMs: number): number {
  return Math.floor(clockMs / hourMs) * hourMs;
}

/** Ids can be long and of any characters. */
function keyOf(ruleId: string): string {
  return hash("sha256", ruleId, "hex").slice(0, 32);
}
