import type { StoredKey } from "./frame.ts";

export interface KnownKeysOptions {
  /** How long a key is remembered, by the wall clock. */
  readonly lifetimeMs: number;
  /** Most keys in memory. With as many, the older half of them is forgotten before its time. */
  readonly keysMax: number;
}

/**
 * The keys under which requests of one source were stored. They are kept in two halves, of which the older one is dropped as a
 * whole: to take the oldest keys out of one map one by one gets slower with every key that was taken out.
 */
export class KnownKeys {
  readonly #options: KnownKeysOptions;
  #newer = new Map<string, StoredKey>();
  #older: ReadonlyMap<string, StoredKey> = new Map();

  constructor(options: KnownKeysOptions) {
    this.#options = options;
  }

  find(key: string, nowMs: number): StoredKey | undefined {
    const stored = this.#newer.get(key) ?? this.#older.get(key);
    const isOver = stored !== undefined && stored.storedMs + this.#options.lifetimeMs <= nowMs;
    return isOver ? undefined : stored;
  }

  add(stored: StoredKey): void {
    if (this.#newer.size >= this.#options.keysMax / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(stored.key, stored);
  }
}
