import { Session } from "node:inspector/promises";

/** Tells which parts of the project's code ran, by the coverage that Node itself counts. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** Call it before the code that counts is loaded. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Parts of the code that have run at any time. */
  get size(): number {
    return this.#seen.size;
  }

  /**
   * How many parts ran for the first time since the last call, or so many times as never before: 1, 2, 3, 4 to 7, 8 to 15, …
   */
  async newParts(): Promise<number> {
    const before = this.#seen.size;
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    for (const { url, functions } of result) {
      if (!url.includes("/src/")) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) this.#seen.add(`${url}:${startOffset}:${endOffset}:${times(count)}`);
        }
      }
    }
    return this.#seen.size - before;
  }
}

function times(count: number): number {
  return count < 4 ? count : 32 - Math.clz32(count);
}
