import type { JsonObject, JsonValue } from "../core/json.ts";

/** Most values shown for one summary attribute. */
const valuesMax = 25;
/** Longest value shown, in characters. */
const valueLengthMax = 1000;

/**
 * The distinct values of some fields over some events, in order of appearance. A field is named by its path with dots
 * (`userIdentity.arn`); a path leads through the elements of lists. A field whose own name contains the dots comes first.
 */
export function summarize(
  attributes: readonly string[],
  events: readonly JsonObject[],
): Record<string, readonly string[]> {
  return Object.fromEntries(attributes.map((attribute) => [attribute, distinctValues(attribute, events)]));
}

function distinctValues(attribute: string, events: readonly JsonObject[]): string[] {
  const values = new Set<string>();
  for (const event of events) {
    for (const value of valuesAt(event, attribute)) {
      if (values.size === valuesMax) return [...values];
      values.add(textOf(value));
    }
  }
  return [...values];
}

function* valuesAt(value: JsonValue | undefined, path: string): Generator<JsonValue> {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const element of value) yield* valuesAt(element, path);
    return;
  }
  if (path === "") {
    yield value;
    return;
  }
  if (typeof value !== "object") return;
  const object = value as JsonObject;
  const own = (name: string): JsonValue | undefined =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  const dot = path.indexOf(".");
  if (dot < 0 || Object.hasOwn(object, path)) yield* valuesAt(own(path), "");
  else yield* valuesAt(own(path.slice(0, dot)), path.slice(dot + 1));
}

function textOf(value: JsonValue): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}
