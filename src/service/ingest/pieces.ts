/** Smaller pieces are put together. */
const pieceBytesMin = 1024;
/** So many of them at a time. */
const smallPiecesMax = 512;

/** Collects a body piece by piece. A client may send it byte by byte, and a piece by itself takes some hundred bytes. */
export class Pieces {
  readonly #pieces: Buffer[] = [];
  #small: Buffer[] = [];

  push(piece: Buffer): void {
    if (piece.length < pieceBytesMin) {
      this.#small.push(piece);
      if (this.#small.length >= smallPiecesMax) this.#flush();
    } else {
      this.#flush();
      this.#pieces.push(piece);
    }
  }

  /** All of them, in order. */
  end(): readonly Buffer[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    const [first] = this.#small;
    if (first === undefined) return;
    this.#pieces.push(this.#small.length === 1 ? first : Buffer.concat(this.#small));
    this.#small = [];
  }
}

/** Larger contents are rare; memory for them is taken anew. */
const reusedBytesMax = 4 * 1024 * 1024;

/**
 * Makes one buffer of pieces, in the same memory each time: memory for every request would be garbage that soon costs more
 * than the requests. What it answers is valid until the next call, so whoever uses it must be done before waiting.
 */
export class Joiner {
  #buffer: Buffer = Buffer.alloc(0);

  join(pieces: readonly Buffer[]): Buffer {
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined) return first;
    const bytes = bytesOf(pieces);
    if (bytes > reusedBytesMax) return Buffer.concat(pieces, bytes);
    if (bytes > this.#buffer.length) {
      const roomyBytes = Math.max(bytes, this.#buffer.length * 2);
      this.#buffer = Buffer.allocUnsafeSlow(Math.min(reusedBytesMax, roomyBytes));
    }
    let end = 0;
    for (const piece of pieces) end += piece.copy(this.#buffer, end);
    return this.#buffer.subarray(0, end);
  }
}

export function bytesOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
