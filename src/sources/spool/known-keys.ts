import type { StoredKey } from "./frame.ts";

export interface KnownKeysOptions {
  /** How long a key is remembered, by the wall clock. */
  readonly lifetimeMs: number;
  /** Most keys in memory; beyond it the oldest are forgotten before their time. */
  readonly keysMax: number;
}

/** The keys under which requests of one source were stored. */
export class KnownKeys {
  readonly #options: KnownKeysOptions;
  /** The oldest first. */
  readonly #keys = new Map<string, StoredKey>();

  constructor(options: KnownKeysOptions) {
    this.#options = options;
  }

  find(key: string, nowMs: number): StoredKey | undefined {
    const stored = this.#keys.get(key);
    return stored === undefined || this.#isOver(stored, nowMs) ? undefined : stored;
  }

  add(stored: StoredKey, nowMs: number): void {
    this.#keys.delete(stored.key);
    this.#keys.set(stored.key, stored);
    for (const oldest of this.#keys.values()) {
      if (this.#keys.size <= this.#options.keysMax && !this.#isOver(oldest, nowMs)) break;
      this.#keys.delete(oldest.key);
    }
  }

  #isOver(stored: StoredKey, nowMs: number): boolean {
    return stored.storedMs + this.#options.lifetimeMs <= nowMs;
  }
}
