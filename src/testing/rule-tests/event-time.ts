import type { JsonObject, JsonValue } from "../../core/json.ts";
import { type LogType, type TimeField, timeOf } from "../../parsers/log-type.ts";
import { parsePath } from "../../parsers/paths.ts";
import { parseIso8601 } from "../../parsers/time.ts";
import { isPlainObject } from "./plain-value.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The event's own time as the engine will see it; `undefined` for none. `logType` undefined: one that nobody knows. */
export function eventTimeMs(logType: LogType | undefined, fields: JsonObject): number | undefined {
  const time = fields["p_event_time"];
  const own = logType === undefined ? undefined : timeOf(logType, fields);
  return own ?? (typeof time === "string" ? parseIso8601(time) : undefined);
}

/**
 * A copy of an event with its time in the field where its log type has it and as its log type writes it: in the field
 * that has the time now, or else the first one. Events of a log type without a time field get `p_event_time`.
 */
export function withEventTime(logType: LogType | undefined, fields: JsonObject, timeMs: number): JsonObject {
  const times = logType?.times ?? [];
  const used = times.find(({ read, parse }) => parse(read(fields)) !== undefined) ?? times[0];
  if (used === undefined) return { ...fields, p_event_time: isoTime(timeMs) };
  return withValue(fields, parsePath(used.field), writeTime(used, used.read(fields), timeMs));
}

function withValue(object: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const inner = Object.hasOwn(object, name) ? object[name] : undefined;
  const written = rest.length === 0 ? value : withValue(isPlainObject(inner) ? inner : {}, rest, value);
  const entries = new Map(Object.entries(object)).set(name, written);
  // Unlike assigning them, this keeps a field named __proto__ a field.
  return Object.fromEntries(entries);
}

/** In text where the field has text now: nanoseconds do not fit into a number. */
function writeTime({ format }: TimeField, now: JsonValue | undefined, timeMs: number): JsonValue {
  const asText = typeof now === "string";
  if (format === "epoch-seconds") return asText ? String(timeMs / 1000) : timeMs / 1000;
  if (format === "epoch-milliseconds") return asText ? String(timeMs) : timeMs;
  if (format === "epoch-nanoseconds") return asText ? `${timeMs}000000` : timeMs * 1e6;
  return format === "iso8601" ? isoTime(timeMs) : patternTime(format, timeMs);
}

/** Whole seconds without a fraction, as most logs write them. */
function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(".000Z", "Z");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function patternTime(format: string, timeMs: number): string {
  const time = new Date(timeMs);
  const parts: Readonly<Record<string, string>> = {
    Y: String(time.getUTCFullYear()).padStart(4, "0"),
    m: two(time.getUTCMonth() + 1),
    b: months[time.getUTCMonth()] ?? "",
    d: two(time.getUTCDate()),
    e: String(time.getUTCDate()).padStart(2, " "),
    H: two(time.getUTCHours()),
    M: two(time.getUTCMinutes()),
    S: two(time.getUTCSeconds()),
    f: String(time.getUTCMilliseconds()).padStart(3, "0"),
    z: "+0000",
    "%": "%",
  };
  return format.replaceAll(/%(.)/g, (directive, letter: string) => parts[letter] ?? directive);
}
