import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isList, isObject } from "./json-kind.ts";

/** An event of a test that stands in the YAML as JSON. */
export interface JsonEvent {
  /** Its JSON text, numbers as they are written. */
  readonly json: string;
  readonly value: JsonObject;
}

export interface CutText {
  /** The text with a quoted mark in place of each event, and with all else in its line. */
  readonly text: string;
  /** The events by the number in their mark. */
  readonly events: readonly JsonEvent[];
}

/** What a mark starts with: a character that stands for nothing. */
const markStart = "\uE000";
const eventKey = /^ *(?:Log|Resource):\s*(?=\{)/gm;
const token = /\s+|"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"|[{}[\]:,]|[^\s"{}[\]:,]+/y;
const nestingMax = 200;

/**
 * Takes the events of tests that are written as JSON out of a YAML text. Most are, and the YAML parser needs many times as
 * long for them. JSON with a comma after the last item, with which YAML is content, counts too. What is anything else
 * stays, and so does JSON that YAML would reject, for the YAML parser to read or to complain about.
 */
export function cutJsonEvents(text: string): CutText {
  const events: JsonEvent[] = [];
  if (text.includes(markStart)) return { text, events };
  const parts: string[] = [];
  let kept = 0;
  for (const match of text.matchAll(eventKey)) {
    const start = match.index + match[0].length;
    if (start < kept) continue;
    const found = readJson(text, start);
    if (found === undefined) continue;
    const lines = text.slice(start, found.end).split("\n").length - 1;
    parts.push(text.slice(kept, start), `"${markStart}${events.length}"`, "\n".repeat(lines));
    events.push(found.event);
    kept = found.end;
  }
  return { text: parts.join("") + text.slice(kept), events };
}

/** True for text with a mark in it. */
export function hasMark(text: string): boolean {
  return text.includes(markStart);
}

/** The event whose mark this is; `undefined` for a mark inside other text, which was no event then. */
export function markedEvent(text: string, events: readonly JsonEvent[]): JsonEvent | undefined {
  return text.startsWith(markStart) ? events[Number(text.slice(markStart.length))] : undefined;
}

/** The JSON object that starts at an offset, when nothing stands behind it in its last line. */
function readJson(
  text: string,
  start: number,
): { readonly event: JsonEvent; readonly end: number } | undefined {
  let json = "";
  let depth = 0;
  let keys = 0;
  token.lastIndex = start;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [part] = match;
    if (/^\s/.test(part)) continue;
    if (part === "{" || part === "[") depth += 1;
    if (part === ":") keys += 1;
    const closes = part === "}" || part === "]";
    if (closes) depth -= 1;
    json = (closes && json.endsWith(",") ? json.slice(0, -1) : json) + part;
    if (depth > nestingMax) return undefined;
    if (depth === 0) break;
  }
  const end = token.lastIndex;
  if (depth !== 0 || !/^[ \t]*\r?$/m.test(lineFrom(text, end))) return undefined;
  const value = parsed(json);
  // Fewer keys than colons: one stands twice in the same object, which the YAML parser finds with its line.
  return isObject(value) && countKeys(value) === keys ? { event: { json, value }, end } : undefined;
}

function lineFrom(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(offset, end === -1 ? undefined : end);
}

function parsed(json: string): JsonValue | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The keys of all objects within a value; not a number where it holds a number too large for JSON. */
function countKeys(value: JsonValue): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + countKeys(item), 0);
  if (isObject(value)) {
    const values = Object.values(value);
    return values.reduce<number>((sum, item) => sum + countKeys(item), values.length);
  }
  return typeof value === "number" && !Number.isFinite(value) ? Number.NaN : 0;
}
