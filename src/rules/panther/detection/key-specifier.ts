import { describeValue } from "../../describe-value.ts";
import { selectionOf, type Selection, type Step } from "./selection.ts";
import type { YamlNode } from "./yaml-node.ts";

/** The keys of which exactly one says where a value stands. */
export const keySpecifiers = ["Key", "DeepKey", "KeyPath"] as const;

type KeySpecifier = (typeof keySpecifiers)[number] | "Enrichment";

/**
 * Compiles the key specifier of an object. `undefined` after a report when it has none, several, or one that cannot be read.
 *
 * - `Key`: one field of the event, its name as it is, dots included.
 * - `DeepKey`: a list of field names and list indexes, outermost first.
 * - `KeyPath`: see `parseKeyPath`.
 * - `Enrichment`: `{Table, Selector, FieldPath}`, the same as the fields `p_enrichment`, table and selector and then the
 *   field path, in every row where the selector found several.
 */
export function compileKey(node: YamlNode, specifiers: readonly KeySpecifier[]): Selection | undefined {
  const given = specifiers.filter((specifier) => node.get(specifier) !== undefined);
  const [specifier] = given;
  const key = specifier === undefined ? undefined : node.get(specifier);
  if (specifier === undefined || key === undefined || given.length > 1) {
    const found = given.length === 0 ? "has none" : `has ${given.join(" and ")}`;
    node.report(`This needs exactly one of ${specifiers.join(", ")}, and it ${found}.`);
    return undefined;
  }
  const steps = stepsOf(specifier, key);
  return steps === undefined ? undefined : selectionOf(steps);
}

function stepsOf(specifier: KeySpecifier, key: YamlNode): readonly Step[] | undefined {
  if (specifier === "Enrichment") return enrichmentSteps(key);
  if (specifier === "DeepKey") return deepKeySteps(key);
  const text = textOf(key, specifier);
  if (text === undefined) return undefined;
  return specifier === "Key" ? [{ kind: "field", name: text }] : keyPathSteps(key, text);
}

function textOf(node: YamlNode, name: string): string | undefined {
  const { value } = node;
  if (typeof value === "string" && value !== "") return value;
  node.report(`${name} must be a text that is not empty, not ${describeValue(value)}.`);
  return undefined;
}

function keyPathSteps(node: YamlNode, path: string): readonly Step[] | undefined {
  const steps = parseKeyPath(path);
  if (steps === undefined) {
    node.report(`${describeValue(path)} is not a path. Write fields as a.b, list elements as a[0] or a[*].`);
  }
  return steps;
}

function deepKeySteps(node: YamlNode): readonly Step[] | undefined {
  const items = node.items();
  if (items === undefined || items.length === 0) {
    node.report("DeepKey must be a list of field names, outermost first.");
    return undefined;
  }
  const steps: Step[] = [];
  for (const item of items) {
    const { value } = item;
    if (typeof value === "string") steps.push({ kind: "field", name: value });
    else if (isIndex(value)) steps.push({ kind: "element", index: value });
    else
      item.report(`A step of DeepKey is a field name or the index of a list, not ${describeValue(value)}.`);
  }
  return steps.length === items.length ? steps : undefined;
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

const enrichmentKeys = ["Table", "Selector", "FieldPath"] as const;

function enrichmentSteps(node: YamlNode): readonly Step[] | undefined {
  node.allowKeys(enrichmentKeys, "Enrichment");
  const [table, selector, path] = enrichmentKeys.map((name) => {
    const part = node.get(name);
    if (part !== undefined) return textOf(part, name);
    node.report(`Enrichment needs ${name}.`);
    return undefined;
  });
  const pathNode = node.get("FieldPath");
  const rowSteps = path === undefined || pathNode === undefined ? undefined : keyPathSteps(pathNode, path);
  if (table === undefined || selector === undefined || rowSteps === undefined) return undefined;
  const fields = ["p_enrichment", table, selector].map((name): Step => ({ kind: "field", name }));
  return [...fields, { kind: "rows" }, ...rowSteps];
}

/** A field name, then any number of indexes. */
const part = /^([^.[\]]+)((?:\[(?:\*|\d{1,9})\])*)$/;

/**
 * The steps of a path such as `a.b`, `a[2].b` or `a[*].b`; `undefined` when it is not one. Names hold no dots and brackets:
 * `DeepKey` reaches such fields.
 */
export function parseKeyPath(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (const text of path.split(".")) {
    const [, name, indexes] = part.exec(text) ?? [];
    if (name === undefined || indexes === undefined) return undefined;
    steps.push({ kind: "field", name });
    for (const index of indexes.split("]").slice(0, -1)) {
      const inner = index.slice(1);
      steps.push(inner === "*" ? { kind: "every" } : { kind: "element", index: Number(inner) });
    }
  }
  return steps;
}
