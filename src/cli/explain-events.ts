import { readFileSync, statSync } from "node:fs";
import type { Readable } from "node:stream";

import { messageOf, StakeoutError } from "../core/errors.ts";

/** A record as it was written, with its line. */
export interface EventText {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Explanations are for a few events; a history belongs into a backtest. */
const bytesMax = 16 * 1024 * 1024;

export interface EventsInput {
  /** `-` is standard input. */
  readonly file: string;
  readonly stdin: Readable;
  /** The log type is known to be text, one record a line. */
  readonly isText: boolean;
}

/**
 * The records of a file: one JSON document (an event, a list of them, or CloudTrail's `{"Records": […]}`), or one record a
 * line. Throws `USAGE` with file and line for anything else.
 */
export async function readEvents({ file, stdin, isText }: EventsInput): Promise<readonly EventText[]> {
  const read = file === "-" ? await readStream(stdin) : readText(file);
  const name = file === "-" ? "standard input" : file;
  // A byte order mark is no part of what follows it.
  const text = read.replace(/^\ufeff/, "");
  const events = isText ? linesOf(text) : eventsIn(text, name);
  if (events.length === 0) throw new StakeoutError("USAGE", `${name}: there is no event in it.`);
  return events;
}

function eventsIn(text: string, name: string): readonly EventText[] {
  const lines = linesOf(text);
  const [first] = lines;
  // A text log has no JSON to be wrong; its pattern decides.
  if (first === undefined || !/^\s*[[{]/.test(first.text)) return lines;
  if (lines.length > 1 && isJson(first.text)) {
    for (const line of lines) parseJson(line.text, { name, firstLine: line.line });
    return lines;
  }
  const document = parseJson(text, { name, firstLine: 1 });
  const records = Array.isArray(document) ? document : recordsOf(document);
  if (records === undefined) return [{ text: JSON.stringify(document), line: first.line }];
  return records.map((record) => ({ text: JSON.stringify(record), line: first.line }));
}

function linesOf(text: string): readonly EventText[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line, line: index + 1 }))
    .filter((line) => line.text.trim() !== "");
}

/** The events of an envelope: an object with a list `Records`. */
function recordsOf(document: unknown): readonly unknown[] | undefined {
  const isEnvelope = typeof document === "object" && document !== null && "Records" in document;
  return isEnvelope && Array.isArray(document.Records) ? document.Records : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string, place: { readonly name: string; readonly firstLine: number }): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = messageOf(error);
    const line = place.firstLine - 1 + errorLine(message, text);
    throw new StakeoutError("USAGE", `${place.name}:${line}: not JSON: ${message}`, {
      fields: { file: place.name, line },
      cause: error,
    });
  }
}

/** V8 tells the line of most mistakes, the position of others, and nothing where the text ends too early. */
function errorLine(message: string, text: string): number {
  const line = /\(line (\d+) column \d+\)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /at position (\d+)/.exec(message)?.[1];
  return text.slice(0, position === undefined ? text.trimEnd().length : Number(position)).split("\n").length;
}

function readText(file: string): string {
  try {
    if (statSync(file).size > bytesMax) throw tooLarge(file);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof StakeoutError) throw error;
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const problem = missing ? "there is no such file" : `it cannot be read: ${messageOf(error)}`;
    throw new StakeoutError("USAGE", `--event ${file}: ${problem}.`, { fields: { file }, cause: error });
  }
}

async function readStream(stream: Readable): Promise<string> {
  const blocks: Buffer[] = [];
  let bytes = 0;
  for await (const block of stream) {
    const buffer = Buffer.from(block as Buffer | string);
    bytes += buffer.length;
    if (bytes > bytesMax) throw tooLarge("standard input");
    blocks.push(buffer);
  }
  return Buffer.concat(blocks).toString();
}

function tooLarge(name: string): StakeoutError {
  const advice = "Cut out the events in question, or use stakeout backtest.";
  return new StakeoutError(
    "USAGE",
    `${name}: more than ${bytesMax / 1024 / 1024} MiB are too much to explain. ${advice}`,
  );
}
