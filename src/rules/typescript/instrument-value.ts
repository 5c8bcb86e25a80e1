import { inspect } from "node:util";
import type { JsonValue } from "../../core/json.ts";

/** Most characters of a text, or of the JSON of an object, that are kept. */
const charactersMax = 200;

/**
 * A small copy of any value, which does not change when the value does. Text is cut; what JSON cannot hold (`undefined`, a
 * `Set`, a function) and what is too large becomes `{ "$": text }`, the text being how JavaScript would show it.
 */
export function smallCopy(value: unknown): JsonValue {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (typeof value === "string") return cut(value.toWellFormed());
  const copy = typeof value === "object" ? copyOf(value, { charactersLeft: charactersMax }) : undefined;
  return copy ?? { $: shown(value) };
}

interface Room {
  charactersLeft: number;
}

/** `undefined` where there is no room left, or something that JSON cannot hold. */
function copyOf(value: unknown, room: Room): JsonValue | undefined {
  if (typeof value === "string") {
    room.charactersLeft -= value.length + 2;
    return room.charactersLeft < 0 ? undefined : value.toWellFormed();
  }
  room.charactersLeft -= 4;
  if (room.charactersLeft < 0) return undefined;
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return value as JsonValue;
  if (Array.isArray(value)) return copyList(value, room);
  return isPlain(value) ? copyFields(value, room) : undefined;
}

function copyList(list: readonly unknown[], room: Room): JsonValue | undefined {
  const copies: JsonValue[] = [];
  for (const value of list) {
    const copy = copyOf(value, room);
    if (copy === undefined) return undefined;
    copies.push(copy);
  }
  return copies;
}

function copyFields(fields: object, room: Room): JsonValue | undefined {
  const copies: [string, JsonValue][] = [];
  for (const [name, field] of Object.entries(Object.getOwnPropertyDescriptors(fields))) {
    if (field.enumerable !== true || ("value" in field && field.value === undefined)) continue;
    room.charactersLeft -= name.length + 3;
    // A getter is code of the rule's, which looking at a value must not run.
    const copy = "value" in field && name !== "$" ? copyOf(field.value, room) : undefined;
    if (copy === undefined) return undefined;
    copies.push([name, copy]);
  }
  return Object.fromEntries(copies);
}

/** True for what a log's JSON becomes; its prototype may have been changed to give it standard fields. */
function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]" && typeof value === "object";
}

function shown(value: unknown): string {
  const text = inspect(value, {
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    customInspect: false,
    depth: 2,
    maxArrayLength: 20,
    maxStringLength: charactersMax,
  });
  return cut(text);
}

function cut(text: string): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1).toWellFormed()}…`;
}
