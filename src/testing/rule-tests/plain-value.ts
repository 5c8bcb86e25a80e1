import { types } from "node:util";

import type { JsonValue } from "../../core/json.ts";
import { defaultLimits } from "../../core/limits.ts";
import { describeValue } from "../../rules/describe-value.ts";

/** Reports what is wrong at a place of a definition. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/**
 * A copy of what a test file holds as JSON has it: a `Date` becomes ISO text and a field that is `undefined` is left out.
 * Sets stay, for mocks. Anything else that JSON lacks is reported.
 */
export function toPlain(value: unknown, report: Report, path: readonly PropertyKey[] = []): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (path.length > defaultLimits.nestingMax) {
    report(
      path.slice(0, 3),
      `it is nested deeper than ${defaultLimits.nestingMax} levels, or contains itself`,
    );
    return null;
  }
  if (types.isDate(value) && !Number.isNaN(value.getTime())) return value.toISOString();
  if (types.isSet(value)) return new Set([...value].map((member) => toPlain(member, report, [...path, 0])));
  if (Array.isArray(value)) return value.map((member, index) => toPlain(member, report, [...path, index]));
  if (isPlainObject(value)) return toPlainObject(value, report, path);
  report(path, `${describeValue(value)} is nothing that JSON can hold`);
  return null;
}

function toPlainObject(value: object, report: Report, path: readonly PropertyKey[]): object {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  // Unlike assigning them, this keeps a field named __proto__ a field.
  return Object.fromEntries(entries.map(([key, field]) => [key, toPlain(field, report, [...path, key])]));
}

/** True for an object as `{}` makes it, whatever realm or parser it comes from. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A value as failures and traces show it: what JSON lacks becomes a list or text. Never throws. */
export function toShown(value: unknown, depth = 0): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object" || depth > 20) return describeShort(value);
  try {
    if (types.isDate(value)) return value.toISOString();
    if (types.isSet(value)) return [...value].map((member) => toShown(member, depth + 1));
    if (Array.isArray(value)) return value.map((member) => toShown(member, depth + 1));
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(entries.map(([key, field]) => [key, toShown(field, depth + 1)]));
  } catch {
    return describeShort(value);
  }
}

function describeShort(value: unknown): string {
  if (typeof value === "object") return "an object";
  // oxlint-disable-next-line typescript/no-base-to-string -- no object gets here
  return typeof value === "function" ? "a function" : String(value);
}
