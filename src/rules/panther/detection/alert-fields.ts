import type { JsonObject, JsonValue } from "../../../core/json.ts";
import { isSeverity, severities } from "../../../core/severity.ts";
import { describeValue } from "../../describe-value.ts";
import { compileExpressions, type Predicate } from "./expressions.ts";
import { compileKey, keySpecifiers, parseKeyPath } from "./key-specifier.ts";
import { read, selectionOf, type Selection } from "./selection.ts";
import type { YamlNode } from "./yaml-node.ts";

/** What an auxiliary function of a simple detection answers. */
export type Answer = (event: JsonObject) => JsonValue;

/**
 * `AlertTitle`: a text with paths in braces, each replaced by what stands there (see `shown`). `onProblem` gets what is wrong
 * with it.
 */
export function compileTitle(template: string, onProblem: (message: string) => void): Answer {
  const parts: (string | Selection)[] = [];
  let end = 0;
  for (const placeholder of template.matchAll(/\{([^{}]*)(\}?)/g)) {
    const [whole, path = "", closed] = placeholder;
    const steps = closed === "}" ? parseKeyPath(path) : undefined;
    if (steps === undefined) {
      onProblem(
        `AlertTitle: ${describeValue(whole)} is not a path in braces. Write {a.b}, {a[0]} or {a[*]}.`,
      );
    } else parts.push(template.slice(end, placeholder.index), selectionOf(steps));
    end = placeholder.index + whole.length;
  }
  parts.push(template.slice(end));
  return (event) =>
    parts.map((part) => (typeof part === "string" ? part : shown(read(part, event)))).join("");
}

/**
 * A value inside a text: texts as they are, `True`, `False` and, for null and for a value that is not there, `None`, as
 * a Python rule would write them; lists and objects as JSON.
 */
function shown(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

/** `AlertContext`: an object with the values of keys under names of their own; null where there is no value. */
export function compileContext(node: YamlNode): Answer {
  const fields = new Map<string, Selection>();
  for (const item of listOf(node, "AlertContext")) {
    item.allowKeys(["KeyName", "KeyValue"], "an entry of AlertContext");
    const name = nameOf(item);
    const keyNode = item.get("KeyValue");
    if (keyNode === undefined)
      item.report("An entry of AlertContext needs KeyValue: a Key, DeepKey or KeyPath.");
    const selection = keyNode && compileKeyAlone(keyNode);
    if (name === undefined || selection === undefined) continue;
    if (fields.has(name)) item.report(`AlertContext has two entries named ${describeValue(name)}.`);
    fields.set(name, selection);
  }
  return (event) =>
    Object.fromEntries([...fields].map(([name, selection]) => [name, read(selection, event) ?? null]));
}

/**
 * `GroupBy`: the dedup key made of the values of keys. The value itself where there is one key, as titles show it; the JSON
 * list of all where there are several, so that different values never make the same key. `undefined` for an empty list:
 * the title is the dedup key then.
 */
export function compileGroupBy(node: YamlNode): Answer | undefined {
  const selections = listOf(node, "GroupBy").map(compileKeyAlone);
  const keys = selections.filter((selection) => selection !== undefined);
  const [first] = keys;
  if (first === undefined) return undefined;
  if (keys.length === 1) return (event) => shown(read(first, event));
  return (event) => JSON.stringify(keys.map((key) => read(key, event) ?? null));
}

/** `DynamicSeverities`: the severity of the first entry whose conditions all hold, else `DEFAULT`, that of the rule. */
export function compileSeverities(node: YamlNode): Answer {
  const entries: { readonly severity: string; readonly applies: Predicate }[] = [];
  for (const item of listOf(node, "DynamicSeverities")) {
    item.allowKeys(["ChangeTo", "Conditions"], "an entry of DynamicSeverities");
    const severity = severityAt(item);
    const conditionsNode = item.get("Conditions");
    if (conditionsNode === undefined) item.report("An entry of DynamicSeverities needs Conditions, a list.");
    if (conditionsNode?.items()?.length === 0) {
      conditionsNode.report(
        "Conditions is empty, so this severity would always apply. Set Severity instead.",
      );
    }
    const applies = conditionsNode && compileExpressions(conditionsNode, "detection");
    if (severity !== undefined && applies !== undefined) entries.push({ severity, applies });
  }
  return (event) => entries.find(({ applies }) => applies(event))?.severity ?? "DEFAULT";
}

function severityAt(item: YamlNode): string | undefined {
  const node = item.get("ChangeTo");
  const value = node?.value;
  if (typeof value === "string" && isSeverity(value.toLowerCase())) return value;
  if (node === undefined) item.report("An entry of DynamicSeverities needs ChangeTo, a severity.");
  else node.report(`ChangeTo must be one of ${severities.join(", ")}, not ${describeValue(value)}.`);
  return undefined;
}

function listOf(node: YamlNode, name: string): readonly YamlNode[] {
  const items = node.items();
  if (items === undefined) node.report(`${name} must be a list, not ${describeValue(node.value)}.`);
  return items ?? [];
}

function nameOf(entry: YamlNode): string | undefined {
  const node = entry.get("KeyName");
  if (typeof node?.value === "string" && node.value !== "") return node.value;
  if (node === undefined) entry.report("An entry of AlertContext needs KeyName, a text.");
  else node.report(`KeyName must be a text that is not empty, not ${describeValue(node.value)}.`);
  return undefined;
}

/** A key specifier with nothing beside it. */
function compileKeyAlone(node: YamlNode): Selection | undefined {
  node.allowKeys(keySpecifiers, "a key specifier");
  return compileKey(node, keySpecifiers);
}
