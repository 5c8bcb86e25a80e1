import type { Event } from "../../core/event.ts";
import type { JsonObject } from "../../core/json.ts";
import { defaultLimits } from "../../core/limits.ts";
import type { DeadLetter, RecordChunk } from "../../core/record.ts";
import type { LogTypes } from "../../parsers/log-types.ts";
import { createParser, type Parser } from "../../parsers/parser.ts";
import type { RuleTest, TestEvent } from "./model.ts";

/** What `p_source_label` answers in a test. */
const sourceLabel = "test";

/** The events of a test as the records of one chunk, and the parser for them. */
export interface TestRecords {
  readonly chunk: RecordChunk;
  readonly parser: Parser;
}

export function createTestRecords({ events, isPanther = false }: RuleTest, logTypes: LogTypes): TestRecords {
  const records = events.map((event) => Buffer.from(event.json ?? JSON.stringify(recordOf(event, logTypes))));
  const starts = new Uint32Array(records.length);
  const ends = new Uint32Array(records.length);
  let end = 0;
  for (const [index, record] of records.entries()) {
    starts[index] = end;
    end += record.length;
    ends[index] = end;
  }
  const chunk: RecordChunk = {
    source: "test",
    stream: "events",
    bytes: Buffer.concat(records),
    count: records.length,
    starts,
    ends,
    baseOffset: 0,
    faults: undefined,
    positionAfter: (count) => ({ next: count }),
  };
  return { chunk, parser: isPanther ? new GivenEvents(events) : new TestParser(events, logTypes) };
}

/** A log type that nobody knows has to be named by the record itself. */
function recordOf({ fields, logType }: TestEvent, logTypes: LogTypes): JsonObject {
  return logTypes.get(logType) === undefined ? { ...fields, p_log_type: logType } : fields;
}

/** Parses each record as the log type that its test says; with several log types, by a parser for each. */
class TestParser implements Parser {
  readonly #events: readonly TestEvent[];
  readonly #logTypes: LogTypes;
  readonly #parsers = new Map<string, Parser>();

  constructor(events: readonly TestEvent[], logTypes: LogTypes) {
    this.#events = events;
    this.#logTypes = logTypes;
    for (const { logType } of events) {
      if (!this.#parsers.has(logType)) this.#parsers.set(logType, this.#create(logType));
    }
  }

  begin(chunk: RecordChunk): void {
    for (const parser of this.#parsers.values()) parser.begin(chunk);
  }

  parse(index: number): Event | DeadLetter | undefined {
    return this.#parserOf(this.#events[index]?.logType ?? "").parse(index);
  }

  attachStandardFields(event: Event, clockMs: number): void {
    this.#parserOf(event.logType).attachStandardFields(event, clockMs);
  }

  attachRecord(event: Event, index: number): void {
    this.#parserOf(event.logType).attachRecord(event, index);
  }

  toAlertEvent(event: Event, clockMs: number): JsonObject {
    return this.#parserOf(event.logType).toAlertEvent(event, clockMs);
  }

  #parserOf(logType: string): Parser {
    return this.#parsers.get(logType) ?? this.#create(logType);
  }

  #create(logType: string): Parser {
    const forced = this.#logTypes.get(logType) === undefined ? {} : { logType };
    return createParser({ logTypes: this.#logTypes, limits: defaultLimits, sourceLabel, ...forced });
  }
}

/** Hands out events as they are written, without a look at their log type: its own says nothing about what a rule gets. */
class GivenEvents implements Parser {
  readonly #events: readonly TestEvent[];
  #chunk: RecordChunk | undefined;

  constructor(events: readonly TestEvent[]) {
    this.#events = events;
  }

  begin(chunk: RecordChunk): void {
    this.#chunk = chunk;
  }

  parse(index: number): Event | undefined {
    const event = this.#events[index];
    if (event === undefined) return undefined;
    const { fields, logType } = event;
    const position = { source: "test", stream: "events", offset: index };
    return { kind: "event", logType, timeMs: undefined, fields, position };
  }

  attachStandardFields(): void {}

  attachRecord(event: Event, index: number): void {
    if (this.#chunk === undefined) return;
    const { bytes, starts, ends } = this.#chunk;
    event.record = bytes.subarray(starts[index], ends[index]);
  }

  toAlertEvent({ fields }: Event): JsonObject {
    return fields;
  }
}
