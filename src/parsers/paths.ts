import type { JsonObject, JsonValue } from "../core/json.ts";

/** The field names that lead to a value, outermost first. */
export type Path = readonly string[];

/** A dotted path such as `userIdentity.arn`. */
export function parsePath(dotted: string): Path {
  return dotted.split(".");
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** An own field; names such as `constructor` never reach what objects inherit. */
function ownField(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Reads a value out of a record's fields; `undefined` where a part of its path is missing. */
export type FieldReader = (fields: JsonObject) => JsonValue | undefined;

/** The reader for a path of objects. */
export function fieldReader(path: Path): FieldReader {
  const [name, ...rest] = path;
  // Asking who owns a field costs more than reading it, and only these names exist without being owned.
  if (name !== undefined && rest.length === 0 && !(name in Object.prototype)) return (fields) => fields[name];
  return (fields) => {
    let value: JsonValue | undefined = fields;
    for (const step of path) {
      if (!isObject(value)) return undefined;
      value = ownField(value, step);
    }
    return value;
  };
}

/** Calls `visit` with every value at a path, going through all members of the arrays on the way and at its end. */
export function visitValues(
  value: JsonValue | undefined,
  path: Path,
  visit: (value: JsonValue) => void,
): void {
  if (isArray(value)) {
    for (const member of value) visitValues(member, path, visit);
    return;
  }
  const [name, ...rest] = path;
  if (name === undefined) {
    if (value !== undefined) visit(value);
    return;
  }
  if (isObject(value)) visitValues(ownField(value, name), rest, visit);
}

/** Calls `visit` with every text at or below a value and the name of the field that holds it, through arrays. */
export function visitTexts(
  value: JsonValue | undefined,
  name: string,
  visit: (text: string, name: string) => void,
): void {
  if (typeof value === "string") visit(value, name);
  else if (isArray(value)) for (const member of value) visitTexts(member, name, visit);
  else if (isObject(value)) for (const field of Object.keys(value)) visitTexts(value[field], field, visit);
}
