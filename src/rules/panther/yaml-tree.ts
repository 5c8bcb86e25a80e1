import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";

import type { JsonValue } from "../../core/json.ts";
import { hasMark, type JsonEvent, markedEvent } from "./json-events.ts";
import { numberText } from "./number-text.ts";

/** Something wrong at a place of the text. */
export interface YamlFault {
  /** In UTF-16 code units from the start of the text. */
  readonly offset: number;
  readonly message: string;
}

/** A key of a mapping with what it leads to. */
interface Entry {
  readonly key: string;
  readonly place: unknown;
  readonly node: unknown;
}

/** Levels of mappings and lists: those of an event, and of what stands around it in a file. */
const nestingMax = 220;
/** Values with all aliases resolved: a few aliases of aliases could stand for billions. */
const valuesMax = 2_000_000;

/** Takes the nodes of the YAML library apart into plain values. Aliases and merge keys count as what they stand for. */
export class YamlTree {
  readonly value: JsonValue;
  readonly faults: YamlFault[] = [];
  readonly #root: unknown;
  readonly #events: readonly JsonEvent[];
  readonly #anchors = new Map<string, unknown>();
  readonly #targets = new Map<Alias, unknown>();
  readonly #entries = new Map<YAMLMap, ReadonlyMap<string, Entry>>();
  #values = 0;

  /** `events` are those that were cut out of the text before it was parsed. */
  constructor(root: unknown, events: readonly JsonEvent[] = []) {
    this.#root = root;
    this.#events = events;
    this.#link(root);
    this.value = this.faults.length === 0 ? this.#valueOf(root, 0) : null;
  }

  /** JSON text of a node. Numbers keep their digits. */
  jsonOf(node: unknown): string {
    if (isScalar(node)) {
      const { value, source } = node;
      const event = typeof value === "string" ? markedEvent(value, this.#events) : undefined;
      if (event !== undefined) return event.json;
      return typeof value === "number" ? numberText(source ?? String(value)) : JSON.stringify(value);
    }
    if (isSeq(node)) return `[${node.items.map((item) => this.jsonOf(item)).join(",")}]`;
    if (isAlias(node)) return this.jsonOf(this.#targets.get(node));
    if (!isMap(node)) return "null";
    const fields: string[] = [];
    for (const [key, entry] of this.#entriesOf(node)) {
      fields.push(`${JSON.stringify(key)}:${this.jsonOf(entry.node)}`);
    }
    return `{${fields.join(",")}}`;
  }

  /** The node at the end of a path; and, going down it, the nodes that mark its line: keys of mappings, items of lists. */
  find(path: readonly (string | number)[]): { readonly node: unknown; readonly places: readonly unknown[] } {
    let node = this.#root;
    const places = [node];
    for (const step of path) {
      const next = this.#child(node, step);
      if (next === undefined) return { node: undefined, places };
      node = next.node;
      places.push(next.place);
    }
    return { node, places };
  }

  #child(parent: unknown, step: string | number): Omit<Entry, "key"> | undefined {
    const node = isAlias(parent) ? this.#targets.get(parent) : parent;
    if (isMap(node)) return this.#entriesOf(node).get(String(step));
    if (!isSeq(node) || typeof step !== "number" || step >= node.items.length) return undefined;
    return { node: node.items[step], place: node.items[step] };
  }

  /** Finds what each alias stands for: the last anchor of its name before it. */
  #link(node: unknown): void {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) this.#fault(node, `the alias *${node.source} has no anchor before it`);
      this.#targets.set(node, target);
      return;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (isSeq(node)) for (const item of node.items) this.#link(item);
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      this.#link(key);
      this.#link(value);
    }
  }

  #valueOf(node: unknown, depth: number): JsonValue {
    this.#values += 1;
    if (isScalar(node)) return this.#scalarValue(node);
    if (depth > nestingMax) this.#faultOnce(node, `it is nested deeper than ${nestingMax} levels`);
    if (this.#values > valuesMax) this.#faultOnce(node, `it stands for more than ${valuesMax} values`);
    if (depth > nestingMax || this.#values > valuesMax) return null;
    if (isAlias(node)) return this.#valueOf(this.#targets.get(node), depth + 1);
    if (isSeq(node)) return node.items.map((item) => this.#valueOf(item, depth + 1));
    if (!isMap(node)) return null;
    const object: Record<string, JsonValue> = {};
    for (const [key, entry] of this.#entriesOf(node, depth)) {
      setField(object, key, this.#valueOf(entry.node, depth + 1));
    }
    return object;
  }

  #scalarValue(node: Scalar): JsonValue {
    const { value } = node;
    if (typeof value === "number") return Number.isFinite(value) ? value : null;
    if (typeof value !== "string") return typeof value === "boolean" ? value : null;
    if (this.#events.length === 0 || !hasMark(value)) return value;
    const event = markedEvent(value, this.#events);
    if (event === undefined) this.#fault(node, "what looked like an event is part of a text");
    return event?.value ?? null;
  }

  /** The keys of a mapping, none twice: its own, then those of its merge keys that it does not have itself. */
  #entriesOf(map: YAMLMap, depth: number = 0): ReadonlyMap<string, Entry> {
    const known = this.#entries.get(map);
    if (known !== undefined) return known;
    const entries = new Map<string, Entry>();
    const merged: unknown[] = [];
    for (const { key: place, value: node } of map.items) {
      const key = this.#keyText(place);
      if (key === undefined) this.#fault(place, "a key must be plain text, not a list or a mapping");
      else if (isMergeKey(place)) merged.push(node);
      else if (entries.has(key)) this.#fault(place, `the key ${key} stands twice in the same mapping`);
      else entries.set(key, { key, place, node });
    }
    for (const node of merged) {
      for (const entry of this.#mergedEntries(node, depth + 1)) {
        if (!entries.has(entry.key)) entries.set(entry.key, entry);
      }
    }
    this.#entries.set(map, entries);
    return entries;
  }

  /** What a merge key brings: a mapping, or several in a list, the first of which counts most. */
  #mergedEntries(node: unknown, depth: number): readonly Entry[] {
    const target = isAlias(node) ? this.#targets.get(node) : node;
    if (depth > nestingMax) this.#faultOnce(node, "its merge keys lead back to themselves");
    else if (isMap(target)) return [...this.#entriesOf(target, depth).values()];
    else if (isSeq(target)) return target.items.flatMap((item) => this.#mergedEntries(item, depth + 1));
    else this.#fault(node, "a merge key << must name a mapping or a list of mappings");
    return [];
  }

  #keyText(key: unknown): string | undefined {
    const node = isAlias(key) ? this.#targets.get(key) : key;
    if (node === null) return "null";
    if (!isScalar(node)) return undefined;
    return typeof node.value === "string" ? node.value : (node.source ?? "null") || "null";
  }

  #fault(node: unknown, message: string): void {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    this.faults.push({ offset: range?.[0] ?? 0, message });
  }

  #faultOnce(node: unknown, message: string): void {
    if (!this.faults.some((fault) => fault.message === message)) this.#fault(node, message);
  }
}

/** In quotes it is a key like any other. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

function setField(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key !== "__proto__") object[key] = value;
  // Assigning it would replace the prototype; as an own field it is data like any other.
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
