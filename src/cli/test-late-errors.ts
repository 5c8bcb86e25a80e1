import { setImmediate } from "node:timers/promises";

/**
 * Collects what rules throw when nobody waits for them any more: a rejected promise that was not awaited, a timer. It
 * belongs to no test for certain, and would end the process before the report is written.
 */
export class LateErrors implements Disposable {
  readonly #thrown: unknown[] = [];
  readonly #note = (thrown: unknown): void => void this.#thrown.push(thrown);

  constructor() {
    process.on("unhandledRejection", this.#note).on("uncaughtException", this.#note);
  }

  /** What was thrown so far. Waits until promises that were rejected already have been noticed. */
  async take(): Promise<readonly unknown[]> {
    await setImmediate();
    return this.#thrown.splice(0);
  }

  [Symbol.dispose](): void {
    process.off("unhandledRejection", this.#note).off("uncaughtException", this.#note);
  }
}
