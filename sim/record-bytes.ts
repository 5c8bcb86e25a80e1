import type { RecordFault } from "../src/core/record.ts";
import type { Plan, PlannedRecord, SimLimits } from "./plan.ts";

/** A record where it stands: what a source reads and the model looks at. */
export interface PlacedRecord extends PlannedRecord {
  readonly bytes: Buffer;
  /** Of its first byte in its stream; a line end lies between two records. */
  readonly offset: number;
  /** What the source says is wrong with it. */
  readonly fault: RecordFault | undefined;
}

export const logType = "Sim.Event";

/** Sources in the order in which they are read, with their streams. */
export const sources = [
  { id: "first", streams: [0, 1] },
  { id: "second", streams: [2] },
] as const;

export function streamName(stream: number): string {
  return `stream-${stream}`;
}

/** The records of a plan as bytes, in the order in which they are read. */
export function placeRecords({ records, settings }: Plan): readonly PlacedRecord[] {
  const ends = new Map<number, number>();
  return records.map((record) => {
    const bytes = bytesOf(record.content, settings.limits);
    const offset = ends.get(record.stream) ?? 0;
    ends.set(record.stream, offset + bytes.length + 1);
    return { ...record, bytes, offset, fault: faultOf(record) };
  });
}

function bytesOf(content: PlannedRecord["content"], limits: SimLimits): Buffer {
  if (content.kind === "blank") return Buffer.from("  ");
  if (content.kind === "bad") return badBytes(content.reason, limits);
  const { n, user, value, atMs, mischief } = content;
  const time = atMs === undefined ? {} : { p_event_time: new Date(atMs).toISOString() };
  const fields = { p_log_type: logType, ...time, n, user, value, ...(mischief && { mischief }) };
  return Buffer.from(JSON.stringify(fields));
}

function badBytes(reason: string, { recordBytesMax, nestingMax }: SimLimits): Buffer {
  switch (reason) {
    case "not-an-object":
      return Buffer.from('"bare"');
    case "invalid-utf8":
      return Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
    case "nul-byte":
      return Buffer.from('{"a":"\0"}');
    case "too-long":
      return Buffer.from(JSON.stringify({ p_log_type: logType, text: "x".repeat(recordBytesMax) }));
    case "too-deep":
      return Buffer.from(`${'{"a":'.repeat(nestingMax)}{}${"}".repeat(nestingMax)}`);
    case "unknown-log-type":
      return Buffer.from('{"what":"is this"}');
    default:
      return Buffer.from('{"broken": ');
  }
}

function faultOf({ content }: PlannedRecord): RecordFault | undefined {
  if (content.kind !== "bad") return undefined;
  const { reason } = content;
  if (reason !== "truncated-input" && reason !== "corrupt-input") return undefined;
  return { reason, message: "The input ends in the middle of a record.", bytesTotal: 11 };
}
