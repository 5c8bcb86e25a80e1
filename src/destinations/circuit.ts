import type { Chance } from "../core/clock.ts";
import { delayAfter, type DelayBounds } from "./delays.ts";

export interface CircuitPolicy extends DelayBounds {
  /** Failures in a row that open it. */
  readonly breakAfter: number;
}

/**
 * Keeps a destination that fails from being tried by every delivery that waits for it. Closed: anything goes. Open: nothing
 * until `retryAtMs`, then one attempt, during which it is half open. An answer closes it, another failure opens it for longer.
 */
export class Circuit {
  readonly #policy: CircuitPolicy;
  readonly #chance: Chance;
  /** Failures since the last answer; those of attempts that began before it opened are not counted. */
  #failures = 0;
  #probing = false;
  #retryAtMs = -Infinity;

  constructor(policy: CircuitPolicy, chance: Chance) {
    this.#policy = policy;
    this.#chance = chance;
  }

  get state(): "closed" | "open" | "half-open" {
    if (this.#failures < this.#policy.breakAfter) return "closed";
    return this.#probing ? "half-open" : "open";
  }

  /** When the next attempt may begin, in the time given to `failed`. */
  get retryAtMs(): number {
    return this.#probing ? Infinity : this.#retryAtMs;
  }

  /** An attempt begins. Answers whether it is the one that tries an open circuit; `failed` needs to know. */
  begin(): boolean {
    const probe = this.state === "open";
    if (probe) this.#probing = true;
    return probe;
  }

  /** The destination answered, whatever it was. */
  answered(): void {
    this.#failures = 0;
    this.#probing = false;
    this.#retryAtMs = -Infinity;
  }

  failed(probe: boolean, nowMs: number): void {
    // A late failure of an attempt that began before says nothing new.
    if (this.state !== "closed" && !probe) return;
    this.#failures += 1;
    this.#probing = false;
    const openings = this.#failures - this.#policy.breakAfter + 1;
    if (openings > 0) this.#retryAtMs = nowMs + delayAfter(openings, this.#policy, this.#chance);
  }
}
