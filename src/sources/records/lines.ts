import type { InputFailure, Splitter } from "./splitter.ts";
import type { RecordWindow } from "./window.ts";

const newline = 10;
const carriageReturn = 13;
const space = 32;
const tab = 9;

/** One record per line, ended by LF or CRLF or the end of the input. Blank lines are no records. */
export class LineSplitter implements Splitter {
  readonly inside = false;

  scan(window: RecordWindow): void {
    const bytes = window.bytes.subarray(0, window.filled);
    let from = window.scanned;
    while (!window.mustStop) {
      const end = bytes.indexOf(newline, from);
      if (end < 0) {
        if (window.open < 0 && from < window.filled) window.open = from;
        window.scanned = window.filled;
        return;
      }
      if (window.open < 0) window.open = from;
      closeLine(window, end);
      from = end + 1;
      window.scanned = from;
    }
  }

  finish(window: RecordWindow, failure: InputFailure | undefined): void {
    if (failure !== undefined) {
      window.closeUnfinished({ ...failure, next: window.offsetAtEnd, inside: false });
    } else if (window.open >= 0) {
      closeLine(window, window.filled);
    }
  }
}

function closeLine(window: RecordWindow, end: number): void {
  const bytes = window.bytes;
  const start = window.open;
  const last = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
  const isShort = last - start <= window.recordBytesMax;
  if (isShort && (bytes[start] ?? 0) <= space && isBlank(bytes, start, last)) window.discard();
  else window.close(last, false);
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const byte = bytes[index];
    if (byte !== space && byte !== tab && byte !== carriageReturn) return false;
  }
  return true;
}
