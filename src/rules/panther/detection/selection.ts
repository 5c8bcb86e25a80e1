import type { JsonObject, JsonValue } from "../../../core/json.ts";

/** Whether one value passes. */
export type Test = (value: JsonValue) => boolean;

/**
 * The values that a key specifier leads to. Without `[*]` and without enrichment there is at most one; a part of the way
 * that is missing, or is not of the kind that the next step needs, leads to none.
 */
export interface Selection {
  /** True when the test passes for one of the values; stops at the first. `root` is an event or an element of a list. */
  some(root: JsonValue, test: Test): boolean;
  /** True when it may lead to several values. */
  readonly many: boolean;
}

/** One step on the way: a field of an object, an element of a list, every element, or every row of an enrichment. */
export type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "element"; readonly index: number }
  | { readonly kind: "every" }
  | { readonly kind: "rows" };

/** True for every value. */
export const present: Test = () => true;

type Visit = Selection["some"];

export function selectionOf(steps: readonly Step[]): Selection {
  const end: Visit = (value, test) => test(value);
  return {
    some: steps.reduceRight(stepTo, end),
    many: steps.some((step) => step.kind === "every" || step.kind === "rows"),
  };
}

/** The value that a selection leads to, or the list of all where it may lead to several; `undefined` where there is none. */
export function read(selection: Selection, root: JsonValue): JsonValue | undefined {
  const values: JsonValue[] = [];
  selection.some(root, (value) => {
    values.push(value);
    return false;
  });
  return selection.many && values.length > 0 ? values : values[0];
}

function stepTo(rest: Visit, step: Step): Visit {
  if (step.kind === "field") return stepToField(rest, step.name);
  if (step.kind === "every") return (value, test) => isList(value) && someElement(value, rest, test);
  if (step.kind === "rows") {
    return (value, test) => (isList(value) ? someElement(value, rest, test) : rest(value, test));
  }
  const { index } = step;
  return (value, test) => {
    const element = isList(value) ? value[index] : undefined;
    return element !== undefined && rest(element, test);
  };
}

function someElement(list: readonly JsonValue[], rest: Visit, test: Test): boolean {
  for (const element of list) if (rest(element, test)) return true;
  return false;
}

function stepToField(rest: Visit, name: string): Visit {
  const lowerName = name.toLowerCase();
  // Asking who owns a field costs more than reading it, and only these names exist without being owned.
  const builtIn = name in Object.prototype;
  return (value, test) => {
    if (!isObject(value)) return false;
    const exact = builtIn && !Object.hasOwn(value, name) ? undefined : value[name];
    const found = exact === undefined ? similarField(value, lowerName) : exact;
    return found !== undefined && rest(found, test);
  };
}

/** The first field whose name is the same in lower case. */
function similarField(object: JsonObject, lowerName: string): JsonValue | undefined {
  for (const name in object) {
    // Comparing lengths first spares most names the conversion; it changes the length of no name that people use.
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return object[name];
  }
  // Standard fields are inherited and not enumerable, and all their names are in lower case.
  return lowerName.startsWith("p_") ? object[lowerName] : undefined;
}

export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}
