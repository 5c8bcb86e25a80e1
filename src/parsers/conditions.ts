import type { JsonObject, JsonValue } from "../core/json.ts";
import { fieldReader, parsePath } from "./paths.ts";

/** The types that a condition can ask for. */
export const conditionTypes = ["string", "number", "boolean", "object", "array"] as const;

type ConditionType = (typeof conditionTypes)[number];
type Scalar = string | number | boolean;

/** What a log type file says of one field. Everything that is given must hold. */
export interface ConditionDefinition {
  readonly field: string;
  readonly exists?: boolean | undefined;
  readonly equals?: Scalar | readonly Scalar[] | undefined;
  readonly "starts-with"?: string | undefined;
  readonly "ends-with"?: string | undefined;
  readonly type?: ConditionType | undefined;
}

type Check = (value: JsonValue | undefined) => boolean;

/** One thing that must hold of a record. */
export type Condition = (fields: JsonObject) => boolean;

/** One condition for each thing that the definition asks of its field; none when it asks nothing. */
export function compileCondition(definition: ConditionDefinition): readonly Condition[] {
  const read = fieldReader(parsePath(definition.field));
  return checksOf(definition).map(
    (check): Condition =>
      (fields) =>
        check(read(fields)),
  );
}

function checksOf(definition: ConditionDefinition): readonly Check[] {
  const { exists, equals, type, "starts-with": start, "ends-with": end } = definition;
  const checks: Check[] = [];
  if (exists !== undefined) checks.push((value) => (value !== undefined && value !== null) === exists);
  if (type !== undefined) checks.push(typeCheck(type));
  if (equals !== undefined) checks.push(equalsCheck(equals));
  if (start !== undefined) checks.push((value) => typeof value === "string" && value.startsWith(start));
  if (end !== undefined) checks.push((value) => typeof value === "string" && value.endsWith(end));
  return checks;
}

function typeCheck(type: ConditionType): Check {
  if (type === "array") return (value) => Array.isArray(value);
  if (type === "object")
    return (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  return (value) => typeof value === type;
}

function equalsCheck(expected: Scalar | readonly Scalar[]): Check {
  if (typeof expected !== "object") return (value) => value === expected;
  const members = new Set<unknown>(expected);
  return (value) => members.has(value);
}
