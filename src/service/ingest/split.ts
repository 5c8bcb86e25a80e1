import type { HttpSourceConfig } from "../../config/service-config.ts";
import type { RecordChunk, RecordFault } from "../../core/record.ts";
import type { SpoolEntry } from "../../sources/spool/spool.ts";
import { type ByteInput, RecordReader } from "../../sources/records/reader.ts";
import { RecordWindow } from "../../sources/records/window.ts";

/** Some records of a request, as ranges of its content. */
export type RecordRanges = SpoolEntry["records"][number];

/** Records of a content in order, or why it cannot be taken apart. */
export type Split =
  | { readonly kind: "records"; readonly records: readonly RecordRanges[]; readonly count: number }
  | { readonly kind: "fault"; readonly fault: RecordFault }
  | { readonly kind: "too-many" };

export interface SplitOptions extends Pick<HttpSourceConfig, "format" | "envelopeField"> {
  readonly recordsMax: number;
}

/** Finds records in contents that are in memory as a whole, as `stakeout run` finds them in a file. One content at a time. */
export class ContentSplitter {
  /** A record that does not fit is found nonetheless: where it begins and how long it is. */
  readonly #window: RecordWindow = new RecordWindow({ bufferBytes: 128 * 1024, recordBytesMax: 256 * 1024 });

  split(content: Buffer, { recordsMax, ...options }: SplitOptions): Split {
    const reader = new RecordReader({
      source: "",
      stream: "",
      input: inputOf(content),
      window: this.#window,
      resume: undefined,
      positionAt: () => ({}),
      ...options,
    });
    const records: RecordRanges[] = [];
    let count = 0;
    for (let chunk = nextOf(reader); chunk !== undefined; chunk = nextOf(reader)) {
      const fault = faultOf(chunk);
      if (fault !== undefined) return { kind: "fault", fault };
      count += chunk.count;
      if (count > recordsMax) return { kind: "too-many" };
      records.push(rangesOf(chunk, content));
    }
    return { kind: "records", records, count };
  }
}

function nextOf(reader: RecordReader): RecordChunk | undefined {
  const chunk = reader.next();
  if (chunk instanceof Promise) throw new Error("a reader of bytes in memory waits for nothing");
  return chunk;
}

function inputOf(content: Buffer): ByteInput {
  let offset = 0;
  return {
    get ended(): boolean {
      return offset === content.length;
    },
    failure: undefined,
    read(target) {
      const bytes = content.copy(target, 0, offset);
      offset += bytes;
      return bytes;
    },
  };
}

/** A record that is too long for the window is none: whether it is too long for an event is the lane's to say. */
function faultOf({ faults }: RecordChunk): RecordFault | undefined {
  return faults?.values().find((fault) => fault.reason !== "too-long");
}

function rangesOf({ count, starts, ends, baseOffset, faults }: RecordChunk, content: Buffer): RecordRanges {
  const ranges = { bytes: content, count, starts: new Uint32Array(count), ends: new Uint32Array(count) };
  for (let index = 0; index < count; index++) {
    const start = baseOffset + (starts[index] ?? 0);
    const fault = faults?.get(index);
    ranges.starts[index] = start;
    ranges.ends[index] = fault === undefined ? baseOffset + (ends[index] ?? 0) : start + fault.bytesTotal;
  }
  return ranges;
}

const openBrace = 0x7b;
const closeBrace = 0x7d;
const space = 0x20;

/** Whether the bytes can be a JSON object, by the first and the last of them. */
export function looksLikeObject(bytes: Buffer, start: number, end: number): boolean {
  let first = start;
  let last = end - 1;
  while (first < last && (bytes[first] ?? 0) <= space) first++;
  while (first < last && (bytes[last] ?? 0) <= space) last--;
  return first < last && bytes[first] === openBrace && bytes[last] === closeBrace;
}
