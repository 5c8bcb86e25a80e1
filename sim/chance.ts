/**
 * Chance that a seed decides: the same seed and purpose give the same sequence on every machine. Each purpose has a
 * sequence of its own, so that drawing more for one does not change another.
 */
export class Chance {
  #state: number;

  constructor(seed: number, purpose: string) {
    let state = 2166136261;
    for (const character of `${seed}/${purpose}`) {
      state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16777619);
    }
    this.#state = state;
  }

  /** A whole number from 0 on, below `count`. */
  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  /** A whole number within the bounds, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** Mulberry32: small, quick, and good enough to choose by. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
}
