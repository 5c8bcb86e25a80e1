import type { Format } from "./format.ts";
import type { InputFailure, Splitter } from "./splitter.ts";
import type { RecordWindow } from "./window.ts";

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const newline = 0x0a;

/** This bit turns a square bracket into the brace of the same direction. */
const braceBit = 0x20;

/** Where the scan stands. */
type State =
  /** Between arrays, envelopes or documents. */
  | "outside"
  /** Between the elements of an array. */
  | "items"
  /** In an envelope, among its fields. */
  | "fields"
  /** In text among an envelope's fields. */
  | "name"
  /** In an object, array or text: an element, a document, or a field's value that is passed over. */
  | "value"
  /** In a number, a word, or whatever else is no JSON value. */
  | "token"
  /** In a line outside where none of the above begins. */
  | "garbage";

export interface StructuralOptions {
  readonly format: Exclude<Format, "lines">;
  /** Field of the array in an envelope. */
  readonly envelopeField: string;
  /** True to begin between the elements of an array. */
  readonly inside: boolean;
}

/**
 * Finds the elements of JSON arrays, or documents, by their brackets and quotes alone. It does not check the grammar:
 * an element whose brackets balance is a record, and what is wrong with it is the parser's to say. Separators are not
 * checked either, so a comma too many or too few costs no record.
 */
export class StructuralSplitter implements Splitter {
  readonly inside: boolean;
  readonly #format: Exclude<Format, "lines">;
  readonly #field: Buffer;
  #state: State;
  /** State that follows the value. */
  #outer: State = "outside";
  /** Brackets open in the value. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Bytes of the name that agree with the field's; -1 when one did not. */
  #agreeing = -1;
  /** True when the last text among the fields, and then also the colon after it, was the field's name. */
  #named = false;
  #valueNext = false;
  /** True from an array's beginning to its end, or the end of the envelope that it is in. */
  #sawArray: boolean;
  /** Offset in the stream of the bracket that ended the envelope's array. */
  #arrayEnd = 0;

  constructor(options: StructuralOptions) {
    this.#format = options.format;
    this.#field = Buffer.from(options.envelopeField);
    this.inside = options.format !== "documents";
    this.#sawArray = options.inside;
    this.#state = options.inside ? "items" : "outside";
  }

  scan(window: RecordWindow): void {
    while (window.scanned < window.filled && !window.mustStop) window.scanned = this.#step(window);
  }

  finish(window: RecordWindow, failure: InputFailure | undefined): void {
    if (failure === undefined && this.#state === "outside") return;
    if (failure === undefined && this.#state === "garbage") {
      this.#closeGarbage(window, window.filled);
      return;
    }
    const what = this.#format === "documents" ? "a JSON value" : "the JSON array or the object around it";
    const cause = failure ?? { reason: "truncated-input", message: `the input ends inside ${what}` };
    window.closeUnfinished({ ...cause, inside: this.#sawArray, next: this.#nextAtEnd(window) });
  }

  #nextAtEnd(window: RecordWindow): number {
    const isBehindArray = window.open < 0 && this.#sawArray && this.#state !== "items";
    return isBehindArray ? this.#arrayEnd : window.offsetAtEnd;
  }

  /** Scans in one state, and answers the index up to which it came. */
  #step(window: RecordWindow): number {
    let end: number;
    switch (this.#state) {
      case "value":
        end = this.#scanValue(window);
        break;
      case "items":
        end = this.#scanItems(window);
        break;
      case "outside":
        end = this.#scanOutside(window);
        break;
      case "fields":
        end = this.#scanFields(window);
        break;
      case "name":
        end = this.#scanName(window);
        break;
      case "token":
        end = this.#scanToken(window);
        break;
      case "garbage":
        end = this.#scanGarbage(window);
        break;
    }
    return end;
  }

  #scanOutside(window: RecordWindow): number {
    const index = skipSpace(window);
    if (index === window.filled) return index;
    const byte = window.bytes[index];
    if (this.#format === "array" && byte === openBracket) {
      this.#sawArray = true;
      this.#state = "items";
      return index + 1;
    }
    window.open = index;
    if (this.#format === "envelope" && byte === openBrace) {
      this.#sawArray = false;
      this.#named = false;
      this.#valueNext = false;
      this.#state = "fields";
      return index + 1;
    }
    if (this.#format === "documents" && (byte === openBrace || byte === openBracket)) {
      return this.#enterValue(index, "outside");
    }
    this.#state = "garbage";
    return index;
  }

  #scanItems(window: RecordWindow): number {
    const index = skipSpace(window);
    if (index === window.filled) return index;
    const byte = window.bytes[index];
    if (byte === comma) return index + 1;
    if (byte === closeBracket) {
      this.#arrayEnd = window.offsetOf(index);
      this.#state = this.#format === "envelope" ? "fields" : "outside";
      if (this.#format === "array") this.#sawArray = false;
      return index + 1;
    }
    window.open = index;
    if (byte === openBrace || byte === openBracket || byte === quote) return this.#enterValue(index, "items");
    this.#state = "token";
    return index;
  }

  #scanFields(window: RecordWindow): number {
    const index = skipSpace(window);
    if (index === window.filled) return index;
    const byte = window.bytes[index];
    const isArray = byte === openBracket && this.#valueNext;
    this.#valueNext = byte === colon && this.#named;
    this.#named = false;
    if (isArray) {
      window.discard();
      this.#sawArray = true;
      this.#state = "items";
    } else if (byte === quote) {
      this.#agreeing = 0;
      this.#state = "name";
    } else if (byte === openBrace || byte === openBracket) {
      return this.#enterValue(index, "fields");
    } else if (byte === closeBrace) {
      this.#closeEnvelope(window, index + 1);
    }
    return index + 1;
  }

  #scanName(window: RecordWindow): number {
    const { bytes, filled } = window;
    for (let index = window.scanned; index < filled; index++) {
      const byte = bytes[index];
      if (this.#escaped) {
        this.#escaped = false;
      } else if (byte === quote) {
        this.#named = this.#agreeing === this.#field.length;
        this.#state = "fields";
        return index + 1;
      } else if (byte === backslash) {
        this.#escaped = true;
        this.#agreeing = -1;
      } else if (this.#agreeing >= 0) {
        this.#agreeing = this.#field[this.#agreeing] === byte ? this.#agreeing + 1 : -1;
      }
    }
    return filled;
  }

  #enterValue(index: number, outer: State): number {
    this.#outer = outer;
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#state = "value";
    return index;
  }

  /** The hot loop: everything between an element's first byte and its last. */
  #scanValue(window: RecordWindow): number {
    const { bytes, filled } = window;
    let index = window.scanned;
    let depth = this.#depth;
    while (index < filled) {
      if (this.#inText) {
        index = this.#scanText(bytes, index, filled);
        if (this.#inText) break;
        if (depth === 0) return this.#closeValue(window, index);
      }
      while (index < filled) {
        const byte = bytes[index++] as number;
        if (byte === quote) {
          this.#inText = true;
          break;
        }
        if ((byte | braceBit) === openBrace) {
          depth++;
        } else if ((byte | braceBit) === closeBrace && --depth === 0) {
          return this.#closeValue(window, index);
        }
      }
    }
    this.#depth = depth;
    return index;
  }

  /** Goes behind the closing quote, or to the end of what is there. */
  #scanText(bytes: Buffer, from: number, to: number): number {
    let index = from;
    if (this.#escaped) {
      this.#escaped = false;
      index++;
    }
    while (index < to) {
      const byte = bytes[index++] as number;
      if (byte === quote) {
        this.#inText = false;
        return index;
      }
      if (byte === backslash) {
        if (index === to) this.#escaped = true;
        index++;
      }
    }
    return to;
  }

  #closeValue(window: RecordWindow, end: number): number {
    this.#depth = 0;
    this.#state = this.#outer;
    if (this.#outer !== "fields") window.close(end, this.inside);
    return end;
  }

  #scanToken(window: RecordWindow): number {
    const { bytes, filled } = window;
    let index = window.scanned;
    while (index < filled && !endsToken(bytes[index] as number)) index++;
    if (index < filled) {
      this.#state = "items";
      window.close(index, true);
    }
    return index;
  }

  #scanGarbage(window: RecordWindow): number {
    const end = window.bytes.subarray(0, window.filled).indexOf(newline, window.scanned);
    if (end < 0) return window.filled;
    this.#closeGarbage(window, end);
    return end;
  }

  #closeGarbage(window: RecordWindow, end: number): void {
    this.#state = "outside";
    if (this.#format === "documents") {
      window.close(end, false);
      return;
    }
    const wanted = this.#format === "array" ? "a JSON array" : "an object with an array of records";
    const message = `text where ${wanted} should begin`;
    window.closeFaulty(end, { reason: "invalid-json", message, next: window.offsetOf(end), inside: false });
  }

  #closeEnvelope(window: RecordWindow, end: number): void {
    this.#state = "outside";
    if (!this.#sawArray) {
      const message = `the object has no field "${this.#field.toString()}" with an array`;
      window.closeFaulty(end, { reason: "no-envelope", message, next: window.offsetOf(end), inside: false });
    }
    this.#sawArray = false;
  }
}

function skipSpace(window: RecordWindow): number {
  const { bytes, filled } = window;
  let index = window.scanned;
  while (index < filled && isSpace(bytes[index] as number)) index++;
  return index;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09;
}

/** A word ends where anything else can begin. */
function endsToken(byte: number): boolean {
  return (
    byte === comma ||
    byte === quote ||
    byte === closeBracket ||
    (byte | braceBit) === openBrace ||
    isSpace(byte)
  );
}
