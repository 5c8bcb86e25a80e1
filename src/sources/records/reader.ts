import { isThenable, type JsonObject, type MaybePromise } from "../../core/json.ts";
import type { RecordChunk } from "../../core/record.ts";
import { defaultEnvelopeField, detectFormat, detectionBytesMax, type Format } from "./format.ts";
import { LineSplitter } from "./lines.ts";
import type { InputFailure, Splitter } from "./splitter.ts";
import { StructuralSplitter } from "./structural.ts";
import type { RecordWindow } from "./window.ts";

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const blankLines = /^[ \t\r\n]*\n/;

/** The decompressed bytes of one stream, from the offset where reading begins. */
export interface ByteInput {
  /**
   * Copies the next bytes into `target`, at least one, and answers how many; 0 at the end. 0 while `ended` is false: no
   * more for now; the reader answers `undefined` then and must not be used again.
   */
  read(target: Buffer): MaybePromise<number>;
  /** Set as soon as it is known that nothing follows. */
  readonly ended: boolean;
  /** Why the content is not whole; looked at when `ended`. */
  readonly failure: InputFailure | undefined;
}

/** A place between two records, and all it takes to go on there. */
export interface Cursor {
  /** Offset in the decompressed stream. */
  readonly offset: number;
  readonly format: Format;
  readonly envelopeField: string;
  /** True between the elements of an array. */
  readonly inside: boolean;
  /** True when no record follows in the input as it was. */
  readonly atEnd: boolean;
  /** True when the input was not whole: its last record may still become so. */
  readonly failed: boolean;
}

export interface ReaderOptions {
  readonly source: string;
  readonly stream: string;
  readonly input: ByteInput;
  /** `auto` tells by the first bytes. */
  readonly format: Format | "auto";
  readonly envelopeField: string | undefined;
  /** Used by one reader at a time. */
  readonly window: RecordWindow;
  /** Where to go on; left out: from the stream's beginning. */
  readonly resume: Cursor | undefined;
  /** Makes a stored position from a place. */
  readonly positionAt: (cursor: Cursor) => JsonObject;
}

/** Reads one stream record by record: input, window and splitter put together. */
export class RecordReader {
  readonly #options: ReaderOptions;
  readonly #window: RecordWindow;
  #format: Format | undefined;
  #splitter: Splitter | undefined;
  #finished = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { resume, window } = options;
    this.#window = window;
    window.begin(resume?.offset ?? 0);
    if (resume !== undefined) this.#start(resume.format, resume);
  }

  /** The next chunk, or `undefined` at the end. At once unless the input makes it wait. */
  next(): MaybePromise<RecordChunk | undefined> {
    const { input } = this.#options;
    for (;;) {
      const chunk = this.#take();
      if (chunk !== undefined || this.#finished) return chunk;
      const bytes = input.read(this.#window.space());
      if (isThenable(bytes)) return this.#nextLater(bytes);
      if (bytes === 0 && !input.ended) return undefined;
      this.#window.filled += bytes;
    }
  }

  async #nextLater(first: Promise<number>): Promise<RecordChunk | undefined> {
    const { input } = this.#options;
    let bytes = await first;
    for (;;) {
      this.#window.filled += bytes;
      const chunk = this.#take();
      if (chunk !== undefined || this.#finished) return chunk;
      bytes = await input.read(this.#window.space());
    }
  }

  /** What can be made of the bytes that are there. */
  #take(): RecordChunk | undefined {
    const window = this.#window;
    window.clear();
    if (this.#splitter === undefined) this.#detect();
    const splitter = this.#splitter;
    if (splitter === undefined || this.#finished) return undefined;
    splitter.scan(window);
    while (window.count === 0 && window.mustStop) {
      window.clear();
      splitter.scan(window);
    }
    if (this.#options.input.ended && window.scanned === window.filled && !window.mustStop) {
      this.#finished = true;
      splitter.finish(window, this.#options.input.failure);
    }
    return window.count === 0 ? undefined : this.#chunk(splitter);
  }

  #chunk(splitter: Splitter): RecordChunk {
    const { bytes, count, starts, ends, base, faults } = this.#window;
    const { source, stream, positionAt } = this.#options;
    const format = this.#format ?? "lines";
    const envelopeField = this.#field();
    const finished = this.#finished;
    const positionAfter = (done: number): JsonObject => {
      const fault = faults?.get(Math.max(0, done - 1));
      const end = fault?.next ?? base + (ends[done - 1] ?? 0);
      const offset = done === 0 ? base + (starts[0] ?? 0) : end;
      const inside = fault?.inside ?? splitter.inside;
      const atEnd = finished && done === count;
      const failed = atEnd && (fault?.reason === "truncated-input" || fault?.reason === "corrupt-input");
      return positionAt({ offset, format, envelopeField, inside, atEnd, failed });
    };
    return { source, stream, bytes, count, starts, ends, baseOffset: base, faults, positionAfter };
  }

  #field(): string {
    return this.#options.resume?.envelopeField ?? this.#options.envelopeField ?? defaultEnvelopeField;
  }

  #start(format: Format, at: { readonly inside: boolean }): void {
    this.#format = format;
    const envelopeField = this.#field();
    this.#splitter =
      format === "lines"
        ? new LineSplitter()
        : new StructuralSplitter({ format, envelopeField, inside: at.inside });
  }

  /** Finds out the format, as soon as there is enough to tell. */
  #detect(): void {
    const { input, format, envelopeField } = this.#options;
    const window = this.#window;
    if (!this.#passMark()) return;
    if (format !== "auto") {
      this.#start(format, { inside: false });
      return;
    }
    let text = this.#text();
    for (let blank = blankLines.exec(text); blank !== null; blank = blankLines.exec(text)) {
      window.scanned += blank[0].length;
      text = this.#text();
    }
    const complete = input.ended || text.length >= Math.min(detectionBytesMax, window.recordBytesMax);
    const detected = detectFormat(text, { envelopeField, complete });
    if (detected !== undefined) this.#start(detected, { inside: false });
  }

  #text(): string {
    const { bytes, filled, scanned } = this.#window;
    return bytes.toString("latin1", scanned, Math.min(filled, scanned + detectionBytesMax));
  }

  /** Passes over a byte order mark where the stream begins with one; false when more bytes are needed to tell. */
  #passMark(): boolean {
    const window = this.#window;
    if (window.base > 0 || window.scanned > 0) return true;
    const found = window.bytes.subarray(0, Math.min(window.filled, byteOrderMark.length));
    if (!found.equals(byteOrderMark.subarray(0, found.length))) return true;
    if (found.length < byteOrderMark.length) return this.#options.input.ended;
    window.scanned = found.length;
    return true;
  }
}
