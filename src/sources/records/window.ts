import type { RecordFault } from "../../core/record.ts";

/** Most records in one chunk; further ones come with the next. */
const recordsPerChunkMax = 8192;

/** A fault, and where reading goes on after it. */
export interface SplitFault extends RecordFault {
  /** Offset in the stream. */
  readonly next: number;
  /** True where that place is between the elements of an array. */
  readonly inside: boolean;
}

export interface WindowOptions {
  /** Bytes read at once. A longer record makes the window grow, up to `recordBytesMax` more than this. */
  readonly bufferBytes: number;
  readonly recordBytesMax: number;
}

/**
 * The part of a stream that is in memory, and the records found in it. Input fills it, a splitter scans it and adds
 * records. Indexes count from the start of `bytes`. An unfinished record that outgrows the limit keeps its beginning
 * only: what follows is scanned and dropped, so memory stays bounded however long it is.
 */
export class RecordWindow {
  bytes: Buffer;
  /** Offset in the stream of `bytes[0]`. */
  base = 0;
  /** End of what was read. */
  filled = 0;
  /** End of what the splitter has looked at. */
  scanned = 0;
  /** First byte of the record that has not ended yet, or -1. */
  open = -1;
  count = 0;
  readonly starts: Uint32Array = new Uint32Array(recordsPerChunkMax);
  readonly ends: Uint32Array = new Uint32Array(recordsPerChunkMax);
  faults: Map<number, SplitFault> | undefined;
  readonly recordBytesMax: number;
  /** Bytes of the open record that were dropped: they lay between its kept beginning and what is read now. */
  #dropped = 0;
  readonly #bufferBytes: number;
  /** One byte more than a record with its carriage return, so that dropping begins only when it is too long for sure. */
  readonly #keptBytes: number;

  constructor(options: WindowOptions) {
    this.bytes = Buffer.allocUnsafeSlow(options.bufferBytes);
    this.recordBytesMax = options.recordBytesMax;
    this.#bufferBytes = options.bufferBytes;
    this.#keptBytes = options.recordBytesMax + 2;
  }

  /** Begins another stream, at an offset in it. Its memory is kept: to take it anew costs more than a small file. */
  begin(offset: number): void {
    this.base = offset;
    this.filled = 0;
    this.scanned = 0;
    this.open = -1;
    this.#dropped = 0;
    this.count = 0;
    this.faults = undefined;
  }

  /**
   * True when scanning must stop before `filled`. Behind dropped bytes indexes no longer give offsets, so the record that
   * had them stands alone in its chunk.
   */
  get mustStop(): boolean {
    return this.count === recordsPerChunkMax || (this.#dropped > 0 && this.open < 0);
  }

  /** Where reading goes on when the input ends here and grows later: before the open record, or at the end. */
  get offsetAtEnd(): number {
    return this.open < 0 ? this.offsetOf(this.filled) : this.base + this.open;
  }

  /** Offset in the stream of an index behind what was dropped. */
  offsetOf(index: number): number {
    return this.base + index + this.#dropped;
  }

  /** Adds the open record, ending before `end`. Longer than the limit, it becomes a fault. */
  close(end: number, inside: boolean): void {
    const bytesTotal = end - this.open + this.#dropped;
    if (bytesTotal > this.recordBytesMax) {
      const message = `the record has ${bytesTotal} bytes; the limit is ${this.recordBytesMax}`;
      this.#fault(end, { reason: "too-long", message, bytesTotal, next: this.offsetOf(end), inside });
    } else {
      this.#add(end);
    }
  }

  /** Adds what there is of the open record as a fault; `next` is the offset from which reading goes on. */
  closeFaulty(end: number, fault: Omit<SplitFault, "bytesTotal">): void {
    this.#fault(end, { ...fault, bytesTotal: end - this.open + this.#dropped });
  }

  /** Adds a fault for the end of the input: with what there is of the open record, empty where none is open. */
  closeUnfinished(fault: Omit<SplitFault, "bytesTotal">): void {
    if (this.open < 0) this.open = this.filled;
    this.closeFaulty(this.filled, fault);
  }

  /** Forgets the open record without adding it. */
  discard(): void {
    this.open = -1;
  }

  /** Called when a chunk has been done with. */
  clear(): void {
    this.count = 0;
    this.faults = undefined;
    if (this.#dropped > 0 && this.open < 0) {
      this.base += this.#dropped;
      this.#dropped = 0;
      this.#shift(this.scanned);
    }
  }

  /** Room for the next bytes, behind `filled`. What came before the open record is gone then. */
  space(): Buffer {
    this.#shift(this.open < 0 ? this.scanned : this.open);
    if (this.open === 0 && this.scanned > this.#keptBytes) this.#drop();
    // At least half of the window is read at once, or long records would be read in ever smaller pieces.
    if (this.filled > this.bytes.length / 2) this.#grow();
    return this.bytes.subarray(this.filled);
  }

  #add(end: number): void {
    this.starts[this.count] = this.open;
    this.ends[this.count] = end;
    this.count++;
    this.open = -1;
  }

  #fault(end: number, fault: SplitFault): void {
    this.faults ??= new Map();
    this.faults.set(this.count, fault);
    this.#add(Math.min(end, this.open + this.recordBytesMax));
  }

  #shift(from: number): void {
    if (from === 0) return;
    this.bytes.copyWithin(0, from, this.filled);
    this.base += from;
    this.filled -= from;
    this.scanned -= from;
    if (this.open >= 0) this.open -= from;
  }

  #drop(): void {
    // The last byte stays: whether a line ends in a carriage return is seen from it.
    this.bytes[this.#keptBytes - 1] = this.bytes[this.scanned - 1] ?? 0;
    this.bytes.copyWithin(this.#keptBytes, this.scanned, this.filled);
    const bytes = this.scanned - this.#keptBytes;
    this.#dropped += bytes;
    this.scanned -= bytes;
    this.filled -= bytes;
  }

  #grow(): void {
    const wanted = Math.min(this.bytes.length * 2, this.#keptBytes + this.#bufferBytes);
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(wanted);
    this.bytes.copy(grown, 0, 0, this.filled);
    this.bytes = grown;
  }
}
