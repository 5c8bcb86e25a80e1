import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";

import type { JsonValue } from "../core/json.ts";
import { printable } from "../core/text.ts";
import type { Trace, TracedOperation } from "../testing/rule-tests/model.ts";
import { traceRows, type TraceRow } from "./trace-rows.ts";

export interface RenderTraceOptions {
  readonly color: boolean;
}

/** Lines of a rule and operations that are shown of one event. */
const linesPerEventMax = 200;
/** A state operation may hand over a whole set. */
const valueCharactersMax = 300;
/** What a line of the rule and its values may take together before the values go onto a line of their own. */
const columnsMax = 110;

/**
 * Why a rule did what it did, event by event: the lines of its source that were evaluated, with the values that conditions
 * saw and what they came to, then the state operations with engine clock, key, arguments and result. Of events in a row that
 * went through the same lines with the same decisions, the first and the last are shown. Lines end in a line break; nothing to
 * show is empty text.
 */
export function renderTrace(trace: Trace, options: RenderTraceOptions): string {
  const events = eventsOf(trace);
  const severalEvents = events.some(({ index }) => index > 0);
  const screen = new TraceScreen(options.color);
  let from = 0;
  while (from < events.length) {
    let to = from;
    while (events[to + 1]?.course === events[from]?.course) to += 1;
    for (const at of to === from ? [from] : [from, to]) {
      const event = events[at];
      if (event === undefined) break;
      if (severalEvents && at === to && to - from > 1) screen.leftOut(event.index - (to - from), event.index);
      if (severalEvents) screen.heading(`event ${event.index + 1}`);
      screen.event(event);
    }
    from = to + 1;
  }
  return screen.text;
}

/** What happened in one event. */
interface TracedEvent {
  readonly index: number;
  readonly rows: readonly TraceRow[];
  readonly operations: readonly TracedOperation[];
  /** The same for events that went the same way. */
  readonly course: string;
}

function eventsOf({ conditions, operations }: Trace): readonly TracedEvent[] {
  const conditionsOf = Map.groupBy(conditions, ({ eventIndex }) => eventIndex);
  const operationsOf = Map.groupBy(operations, ({ eventIndex }) => eventIndex);
  const indexes = [...new Set([...conditionsOf.keys(), ...operationsOf.keys()])].sort((a, b) => a - b);
  return indexes.map((index) => {
    const rows = traceRows(conditionsOf.get(index) ?? []);
    const operations = operationsOf.get(index) ?? [];
    const course = JSON.stringify([
      rows.map(({ file, line, value }) => [file, line, isTruthy(value)]),
      operations.map(({ operation, error }) => [operation, error]),
    ]);
    return { index, rows, operations, course };
  });
}

class TraceScreen {
  text = "";
  readonly #color: boolean;
  readonly #sources = new Map<string, readonly string[]>();

  constructor(color: boolean) {
    this.#color = color;
  }

  heading(text: string): void {
    this.#line(this.#paint("bold", text));
  }

  leftOut(first: number, last: number): void {
    const events = last - first === 2 ? `event ${last}` : `events ${first + 2} to ${last}`;
    this.#line(this.#paint("dim", `  … ${events}: the same lines and decisions`));
  }

  event({ rows, operations }: TracedEvent): void {
    let file: string | undefined;
    for (const row of rows.slice(0, linesPerEventMax)) {
      if (row.file !== file) this.#line(this.#paint("dim", `  ${shownPath(row.file)}`));
      file = row.file;
      this.#row(row);
    }
    this.#more(rows.length, "conditions");
    if (operations.length > 0) this.#line(this.#paint("dim", "  state"));
    for (const operation of operations.slice(0, linesPerEventMax)) this.#operation(operation);
    this.#more(operations.length, "operations");
  }

  #row(row: TraceRow): void {
    const source = this.#sourceLine(row);
    const number = String(row.line).padStart(6);
    const parts = row.parts.map(({ text, value }) => `${printable(text)} = ${shownValue(value)}`).join(", ");
    const arrow = this.#paint("dim", "→");
    const times = row.times === 1 ? "" : this.#paint("dim", ` (${row.times} times)`);
    const seen = `${parts === "" ? "" : `${arrow} ${parts} `}${arrow} ${this.#result(row.value)}${times}`;
    const columns = number.length + source.length + parts.length + 16;
    const gap = columns <= columnsMax ? "   " : `\n${" ".repeat(12)}`;
    this.#line(`${this.#paint("dim", number)}  ${source}${gap}${seen}`);
  }

  #operation(traced: TracedOperation): void {
    const { operation, key, result, error, atMs } = traced;
    const called = [key, ...traced.arguments].map(shownValue).join(", ");
    const answered =
      error === null ? (result === null ? "" : ` → ${this.#result(result)}`) : ` ${this.#error(error)}`;
    const time = Number.isFinite(atMs) ? new Date(atMs).toISOString() : String(atMs);
    this.#line(`    ${this.#paint("dim", time)}  ${printable(operation)}(${called})${answered}`);
  }

  #error(message: string): string {
    return this.#paint("red", `threw ${printable(message)}`);
  }

  #result(value: JsonValue): string {
    const color = value === true ? "green" : value === false ? "yellow" : "cyan";
    return this.#paint(color, shownValue(value));
  }

  #more(count: number, what: string): void {
    if (count <= linesPerEventMax) return;
    this.#line(this.#paint("dim", `        … and ${count - linesPerEventMax} more ${what}`));
  }

  /** The line as it stands in the file, or the text of the condition where that takes several lines. */
  #sourceLine({ file, line, text }: TraceRow): string {
    const source = this.#linesOf(file)[line - 1]?.trim() ?? "";
    return printable(source.includes(text) ? source : text);
  }

  #linesOf(file: string): readonly string[] {
    let lines = this.#sources.get(file);
    if (lines === undefined) {
      lines = readLines(file);
      this.#sources.set(file, lines);
    }
    return lines;
  }

  #paint(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#color ? styleText(format, text, { validateStream: false }) : text;
  }

  #line(text: string): void {
    this.text += `${text}\n`;
  }
}

/** A file that is gone costs its source lines, not the explanation. */
function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function shownPath(file: string): string {
  const fromHere = relative(process.cwd(), file);
  return printable(fromHere === "" || fromHere.startsWith("..") ? file : fromHere);
}

/** A value as JavaScript shows it: JSON, and bare text for what JSON cannot hold. */
function shownValue(value: JsonValue): string {
  const text = specialText(value) ?? JSON.stringify(value);
  return printable(text.length <= valueCharactersMax ? text : `${text.slice(0, valueCharactersMax)}…`);
}

function isTruthy(value: JsonValue): boolean {
  const special = specialText(value);
  return special === undefined ? Boolean(value) : !["undefined", "NaN", "-0", "0n"].includes(special);
}

/** The text of a value that JSON cannot hold (`{ "$": text }`). */
function specialText(value: JsonValue): string | undefined {
  if (typeof value !== "object" || value === null || !("$" in value)) return undefined;
  return typeof value["$"] === "string" ? value["$"] : undefined;
}
