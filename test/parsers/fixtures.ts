import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import type { Event } from "../../src/core/event.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import type { DeadLetter, RecordChunk, RecordFault } from "../../src/core/record.ts";
import { loadLogTypes, type LogTypes } from "../../src/parsers/log-types.ts";
import { createParser, type Parser } from "../../src/parsers/parser.ts";

export const builtIn: LogTypes = loadLogTypes([]).logTypes;

interface ParserSetup {
  readonly logTypes?: LogTypes;
  readonly logType?: string;
  readonly limits?: Partial<Limits>;
  readonly sourceLabel?: string;
}

/** A parser over the built-in log types with the default limits. */
export function makeParser(setup: ParserSetup = {}): Parser {
  const { logTypes = builtIn, limits = {}, sourceLabel = "test source", ...rest } = setup;
  return createParser({ logTypes, limits: { ...defaultLimits, ...limits }, sourceLabel, ...rest });
}

interface ChunkSetup {
  readonly source?: string;
  readonly stream?: string;
  readonly baseOffset?: number;
  readonly faults?: ReadonlyMap<number, RecordFault>;
}

/** A chunk whose records are separated by a line feed. */
export function makeChunk(records: readonly (string | Buffer)[], setup: ChunkSetup = {}): RecordChunk {
  const { source = "files", stream = "/logs/a.json", baseOffset = 0, faults } = setup;
  const parts = records.map((record) => Buffer.from(record));
  const starts = new Uint32Array(records.length);
  const ends = new Uint32Array(records.length);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    starts[index] = at;
    ends[index] = at + part.length;
    at += part.length + 1;
  }
  const bytes = Buffer.concat(parts.flatMap((part) => [part, Buffer.from("\n")]));
  return {
    source,
    stream,
    bytes,
    count: records.length,
    starts,
    ends,
    baseOffset,
    faults,
    positionAfter: () => ({}),
  };
}

type Parsed = Event | DeadLetter | undefined;

/** What becomes of records that arrive in one chunk. */
export function parseAll(
  records: readonly (string | Buffer)[],
  setup: ParserSetup & ChunkSetup = {},
): Parsed[] {
  const { source, stream, baseOffset, faults, ...parserSetup } = setup;
  const parser = makeParser(parserSetup);
  const chunk = makeChunk(records, {
    ...(source === undefined ? {} : { source }),
    ...(stream === undefined ? {} : { stream }),
    ...(baseOffset === undefined ? {} : { baseOffset }),
    ...(faults === undefined ? {} : { faults }),
  });
  parser.begin(chunk);
  return records.map((_, index) => parser.parse(index));
}

export function parseOne(record: string | Buffer, setup: ParserSetup & ChunkSetup = {}): Parsed {
  return parseAll([record], setup)[0];
}

/** The record as an event; fails the test when it is none. */
export function eventOf(record: string | Buffer | JsonObject, setup: ParserSetup & ChunkSetup = {}): Event {
  const text = typeof record === "string" || Buffer.isBuffer(record) ? record : JSON.stringify(record);
  const parsed = parseOne(text, setup);
  if (parsed?.kind !== "event")
    throw new Error(`No event: ${parsed === undefined ? "nothing" : parsed.message}`);
  return parsed;
}

/** The record as a dead letter; fails the test when it is none. */
export function deadLetterOf(record: string | Buffer, setup: ParserSetup & ChunkSetup = {}): DeadLetter {
  const parsed = parseOne(record, setup);
  if (parsed?.kind !== "dead-letter")
    throw new Error(`No dead letter: ${parsed === undefined ? "nothing" : "event"}`);
  return parsed;
}

/** A small CloudTrail record. */
export function cloudTrail(fields: Readonly<Record<string, JsonValue>> = {}): JsonObject {
  return {
    eventVersion: "1.08",
    eventTime: "2024-03-05T06:07:08Z",
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    awsRegion: "eu-central-1",
    ...fields,
  };
}

/** The indicator fields of a record's event. */
export function indicatorsOf(record: string | JsonObject): JsonObject {
  const alertEvent = makeParser().toAlertEvent(eventOf(record), 0);
  return Object.fromEntries(Object.entries(alertEvent).filter(([name]) => name.startsWith("p_any_")));
}

/** Whether a record becomes an event without a word on its log type. */
export function isRecognised(record: string | JsonObject): boolean {
  return parseOne(typeof record === "string" ? record : JSON.stringify(record))?.kind === "event";
}
