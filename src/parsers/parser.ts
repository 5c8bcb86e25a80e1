import { isAscii, isUtf8 } from "node:buffer";

import { StakeoutError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { Position } from "../core/position.ts";
import type { DeadLetter, RecordChunk } from "../core/record.ts";
import * as faults from "./faults.ts";
import { timeOf, type LogType } from "./log-type.ts";
import type { LogTypes } from "./log-types.ts";
import { isDeeperThan, shortestBytesDeeperThan } from "./nesting.ts";
import { attachStandardFields, toAlertEvent, type StandardContext } from "./standard-fields.ts";
import { parseIso8601 } from "./time.ts";

export interface ParserOptions {
  readonly logTypes: LogTypes;
  /** Every record is of this log type; left out, each record says so itself or is recognised. */
  readonly logType?: string;
  readonly limits: Pick<Limits, "recordBytesMax" | "nestingMax">;
  /** What `p_source_label` answers. */
  readonly sourceLabel: string;
}

/** Turns the records of one source into events. Nothing that a record holds makes it throw. */
export interface Parser {
  /** Called once for each chunk, before its records. */
  begin(chunk: RecordChunk): void;
  /**
   * The record with this number of the chunk begun last. Answers `undefined` for what is no record at all: a blank line,
   * or a line that heads the columns of a text log type.
   */
  parse(index: number): Event | DeadLetter | undefined;
  /**
   * Makes the standard fields readable on `event.fields`, where the record has none of that name itself. They are
   * inherited, so `JSON.stringify`, `Object.keys` and copies leave them out, and each is computed when it is read. Costs a
   * fifth of a parse. `clockMs` is the engine clock, which `p_parse_time` answers. Call it before anything freezes the fields.
   */
  attachStandardFields(event: Event, clockMs: number): void;
  /** Puts the bytes of the record with this number on its event, where they are the JSON of its fields. */
  attachRecord(event: Event, index: number): void;
  /** The event as alerts keep it: its own fields, the standard fields and the indicators that are not empty. */
  toAlertEvent(event: Event, clockMs: number): JsonObject;
}

/** A parser for one source. Throws `USAGE` when there is no log type of the forced name. */
export function createParser(options: ParserOptions): Parser {
  return new RecordParser(options);
}

const OPEN_BRACE = 0x7b;

const noChunk: RecordChunk = {
  source: "",
  stream: "",
  bytes: Buffer.alloc(0),
  count: 0,
  starts: new Uint32Array(),
  ends: new Uint32Array(),
  baseOffset: 0,
  faults: undefined,
  positionAfter: () => ({}),
};

class RecordParser implements Parser {
  readonly #logTypes: LogTypes;
  readonly #forced: LogType | undefined;
  readonly #sourceLabel: string;
  readonly #recordBytesMax: number;
  readonly #nestingMax: number;
  readonly #deepBytesMin: number;
  #chunk: RecordChunk = noChunk;
  /** The chunk's records as text, when all of it is ASCII so that bytes and characters have the same index. */
  #text: string | undefined;
  #textStart = 0;
  #isUtf8 = false;
  /** The record parsed last was a line of text whose fields are its columns, not JSON. */
  #fromText = false;

  constructor({ logTypes, logType, limits, sourceLabel }: ParserOptions) {
    this.#logTypes = logTypes;
    this.#forced = logType === undefined ? undefined : knownLogType(logTypes, logType);
    this.#sourceLabel = sourceLabel;
    this.#recordBytesMax = limits.recordBytesMax;
    this.#nestingMax = limits.nestingMax;
    this.#deepBytesMin = shortestBytesDeeperThan(limits.nestingMax);
  }

  begin(chunk: RecordChunk): void {
    this.#chunk = chunk;
    const { start, end } = rangeOf(chunk);
    const bytes = chunk.bytes.subarray(start, end);
    // One text for all records, of which each is a slice, is quicker than decoding record by record.
    const ascii = isAscii(bytes);
    this.#text = ascii ? bytes.toString("latin1") : undefined;
    this.#textStart = start;
    this.#isUtf8 = ascii || isUtf8(bytes);
  }

  parse(index: number): Event | DeadLetter | undefined {
    const { faults: chunkFaults, starts, ends, bytes } = this.#chunk;
    const fault = chunkFaults?.get(index);
    if (fault !== undefined) return this.#deadLetter(index, fault, fault.bytesTotal);
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    if (end - start > this.#recordBytesMax) {
      return this.#deadLetter(index, faults.tooLong(end - start, this.#recordBytesMax));
    }
    if (bytes[start] === OPEN_BRACE && this.#text !== undefined) {
      return this.#parseObject(index, this.#text.slice(start - this.#textStart, end - this.#textStart));
    }
    if (!this.#isUtf8 && !isUtf8(bytes.subarray(start, end))) return this.#deadLetter(index, faults.notUtf8);
    // What a pattern captures is a view into this text; a view into the whole chunk's would keep all of that alive.
    // Trimming takes a byte order mark off as well.
    const text = bytes.toString("utf8", start, end).trim();
    if (text === "") return undefined;
    return text.charCodeAt(0) === OPEN_BRACE ? this.#parseObject(index, text) : this.#parseText(index, text);
  }

  attachStandardFields(event: Event, clockMs: number): void {
    attachStandardFields(this.#contextOf(event, clockMs));
  }

  attachRecord(event: Event, index: number): void {
    const { bytes, starts, ends } = this.#chunk;
    const start = starts[index] ?? 0;
    if (this.#fromText || bytes[start] !== OPEN_BRACE) return;
    event.record = bytes.subarray(start, ends[index] ?? start);
  }

  toAlertEvent(event: Event, clockMs: number): JsonObject {
    return toAlertEvent(this.#contextOf(event, clockMs));
  }

  /** A record whose first character is `{`: if it is JSON, it is an object. */
  #parseObject(index: number, text: string): Event | DeadLetter | undefined {
    this.#fromText = false;
    let fields: JsonObject;
    try {
      fields = JSON.parse(text);
    } catch (error) {
      if (this.#forced?.text !== undefined) return this.#parseText(index, text);
      return this.#deadLetter(index, faults.brokenJson(error, text));
    }
    if (text.length >= this.#deepBytesMin && isDeeperThan(fields, this.#nestingMax)) {
      return this.#deadLetter(index, faults.tooDeep(this.#nestingMax));
    }
    if (this.#forced !== undefined) return this.#event(index, fields, this.#forced);
    const named = fields["p_log_type"];
    if (typeof named === "string" && named !== "") return this.#namedEvent(index, fields, named);
    const logType = this.#logTypes.recognise(fields);
    if (logType === undefined) return this.#deadLetter(index, faults.unknownLogType(fields));
    return this.#event(index, fields, logType);
  }

  /** A record that does not start with `{`. */
  #parseText(index: number, text: string): Event | DeadLetter | undefined {
    this.#fromText = true;
    const nul = faults.nulByte(text);
    if (nul !== undefined) return this.#deadLetter(index, nul);
    let fault: faults.ParseFault | undefined;
    for (const logType of this.#forced === undefined ? this.#logTypes.textTypes : [this.#forced]) {
      if (logType.text === undefined) continue;
      if (logType.text.isHeader(text)) return undefined;
      const parsed = logType.text.parse(text);
      if ("fields" in parsed) return this.#event(index, parsed.fields, logType);
      if (this.#forced !== undefined) fault = faults.patternMismatch(logType.name, parsed.mismatch);
    }
    return this.#deadLetter(index, fault ?? this.#notText(text));
  }

  /** What is wrong with a record that no pattern fits and that does not start as an object does. */
  #notText(text: string): faults.ParseFault {
    try {
      JSON.parse(text);
      return faults.notAnObject;
    } catch (error) {
      const startsAsJson = text.startsWith("[") || text.startsWith('"');
      if (this.#forced !== undefined || startsAsJson) return faults.brokenJson(error, text);
      return faults.unknownText(this.#logTypes.textTypes.map(({ name }) => name));
    }
  }

  /** An event that names its log type itself: rules may be meant for it whether or not it is a known one. */
  #namedEvent(index: number, fields: JsonObject, name: string): Event {
    const logType = this.#logTypes.get(name);
    if (logType !== undefined) return this.#event(index, fields, logType);
    return {
      kind: "event",
      logType: name,
      timeMs: standardTime(fields),
      fields,
      position: this.#position(index),
    };
  }

  #event(index: number, fields: JsonObject, logType: LogType): Event {
    const timeMs = timeOf(logType, fields) ?? standardTime(fields);
    return { kind: "event", logType: logType.name, timeMs, fields, position: this.#position(index) };
  }

  #deadLetter(index: number, { reason, message }: faults.ParseFault, total?: number): DeadLetter {
    const { bytes, starts, ends, file } = this.#chunk;
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    return {
      kind: "dead-letter",
      position: this.#position(index),
      file,
      reason,
      message,
      bytes: bytes.subarray(start, Math.min(end, start + this.#recordBytesMax)),
      bytesTotal: total ?? end - start,
    };
  }

  #position(index: number): Position {
    const { source, stream, baseOffset, starts } = this.#chunk;
    return { source, stream, offset: baseOffset + (starts[index] ?? 0) };
  }

  #contextOf(event: Event, clockMs: number): StandardContext {
    return { event, clockMs, sourceLabel: this.#sourceLabel, logType: this.#logTypes.get(event.logType) };
  }
}

/** The part of a chunk's bytes that its records take up. */
function rangeOf({ count, starts, ends }: RecordChunk): { start: number; end: number } {
  let start = starts[0] ?? 0;
  let end = 0;
  for (let index = 0; index < count; index++) {
    start = Math.min(start, starts[index] ?? 0);
    end = Math.max(end, ends[index] ?? 0);
  }
  return { start, end };
}

function knownLogType(logTypes: LogTypes, name: string): LogType {
  const logType = logTypes.get(name);
  if (logType === undefined) {
    throw new StakeoutError(
      "USAGE",
      `There is no log type "${name}". Known are: ${logTypes.names.join(", ")}.`,
      {
        fields: { logType: name },
      },
    );
  }
  return logType;
}

/** The time of an event that already carries Panther's standard fields. */
function standardTime(fields: JsonObject): number | undefined {
  const time = fields["p_event_time"];
  return typeof time === "string" ? parseIso8601(time) : undefined;
}
