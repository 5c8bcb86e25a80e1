/** Wakes whoever waits for something to have happened. What happened while nobody waited wakes the next one at once. */
export class Signal {
  #raised = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Something has happened. */
  raise(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#raised = waiting === undefined;
    waiting?.resolve();
  }

  /** Resolves when something has happened since the last wait was over. Several may wait for the same. */
  wait(): Promise<void> {
    if (this.#raised) {
      this.#raised = false;
      return Promise.resolve();
    }
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }
}
