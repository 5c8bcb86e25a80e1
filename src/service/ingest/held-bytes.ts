/** Bytes of bodies in memory, of all requests together. */
export class HeldBytes {
  bytes = 0;
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  begin(): Holding {
    return new Holding(this);
  }
}

/** The share of one request. */
export class Holding {
  readonly #held: HeldBytes;
  #bytes = 0;

  constructor(held: HeldBytes) {
    this.#held = held;
  }

  /** False when there is no room for so many more. */
  take(bytes: number): boolean {
    if (this.#held.bytes + bytes > this.#held.bytesMax) return false;
    this.#held.bytes += bytes;
    this.#bytes += bytes;
    return true;
  }

  /** Of what was taken, so many are not in memory any more. */
  give(bytes: number): void {
    this.#held.bytes -= bytes;
    this.#bytes -= bytes;
  }

  /** Called once, when nothing of the request is in memory any more. */
  end(): void {
    this.give(this.#bytes);
  }
}
