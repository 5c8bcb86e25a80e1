import type { JsonValue } from "../../core/json.ts";
import { isPlainObject } from "./plain-value.ts";

/** Applies a JSON Merge Patch (RFC 7396): objects merge, `null` removes a field, all else replaces. Neither is changed. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isPlainObject(patch)) return patch;
  const merged = new Map<string, JsonValue>(isPlainObject(target) ? Object.entries(target) : []);
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) merged.delete(field);
    else merged.set(field, mergePatch(merged.get(field), value));
  }
  // Unlike assigning them, this keeps a field named __proto__ a field.
  return Object.fromEntries(merged);
}
