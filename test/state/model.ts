import type { JsonObject } from "../../src/core/json.ts";

/**
 * What a store must answer, in the plainest way: one map for what was committed, one for now, nothing cached, nothing
 * batched, every ended item thrown away whenever time has passed.
 */
export interface ModelItem {
  count?: number;
  strings?: string[];
  dictionary?: JsonObject;
  end: number;
}

const ninetyDaysMs = 90 * 24 * 60 * 60 * 1000;

export class Model {
  items: Record<string, ModelItem> = Object.create(null) as Record<string, ModelItem>;
  private committed = "{}";
  nowMs: number;
  private committedMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.committedMs = nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.forgetEnded();
  }

  commit(): void {
    this.committed = write(this.items);
    this.committedMs = this.nowMs;
  }

  /** Everything since the last commit never happened; the clock starts from there. */
  crash(): void {
    this.items = read(this.committed);
    this.nowMs = this.committedMs;
    this.forgetEnded();
  }

  increment(key: string, amount: number, end?: number): number {
    const item = this.orNew(key);
    item.count = (item.count ?? 0) + amount;
    const { count } = item;
    this.move(key, end);
    return count;
  }

  put(key: string, members: readonly string[], end?: number): void {
    const set = distinct(members);
    if (set.length === 0) this.drop(key, "strings");
    else this.orNew(key).strings = set;
    this.move(key, end);
  }

  add(key: string, members: readonly string[], end?: number): string[] {
    if (members.length === 0) return this.items[key]?.strings ?? [];
    const item = this.orNew(key);
    item.strings = distinct([...(item.strings ?? []), ...members]);
    const answer = item.strings;
    this.move(key, end);
    return answer;
  }

  remove(key: string, members: readonly string[], end?: number): string[] {
    const left = (this.items[key]?.strings ?? []).filter((member) => !members.includes(member));
    if (members.length === 0) return left;
    const item = this.items[key];
    if (item?.strings !== undefined && left.length > 0) item.strings = left;
    else this.drop(key, "strings");
    this.move(key, end);
    return left;
  }

  putDictionary(key: string, value: JsonObject, end?: number): void {
    if (Object.keys(value).length === 0) this.drop(key, "dictionary");
    else this.orNew(key).dictionary = value;
    this.move(key, end);
  }

  drop(key: string, column: "count" | "strings" | "dictionary"): void {
    const item = this.items[key];
    if (item !== undefined) delete item[column];
  }

  delete(key: string): void {
    delete this.items[key];
  }

  move(key: string, end: number | undefined): void {
    const item = this.items[key];
    if (item === undefined || end === undefined) return;
    item.end = end;
    this.forgetEnded();
  }

  private orNew(key: string): ModelItem {
    this.items[key] ??= { end: this.nowMs + ninetyDaysMs };
    return this.items[key];
  }

  private forgetEnded(): void {
    for (const [key, { end }] of Object.entries(this.items)) if (end <= this.nowMs) delete this.items[key];
  }
}

function distinct(members: readonly string[]): string[] {
  return members.filter((member, index) => members.indexOf(member) === index);
}

function write(items: Record<string, ModelItem>): string {
  return JSON.stringify(items, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? "never" : value));
}

function read(text: string): Record<string, ModelItem> {
  const items = JSON.parse(text, (name, value: unknown) =>
    name === "end" && value === "never" ? Number.POSITIVE_INFINITY : value,
  ) as Record<string, ModelItem>;
  return Object.assign(Object.create(null) as Record<string, ModelItem>, items);
}
