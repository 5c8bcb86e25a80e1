import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import {
  type CounterWrite,
  DEFAULT_LIFETIME_MS,
  type DictionaryWrite,
  type Item,
  type OperationContext,
  type SetWrite,
  type StateOperations,
} from "./store.ts";

/** The end of an item that is not there: at or before every time. */
export const ABSENT: number = Number.NEGATIVE_INFINITY;

/** An item in memory. A store owns it and changes it in place. */
export interface MutableItem {
  readonly key: string;
  count: number | undefined;
  strings: Set<string> | undefined;
  /** JSON text, so that what goes in and what comes out are copies and its size is known. */
  dictionary: string | undefined;
  /** `NEVER` for no expiry, `ABSENT` for an item that is not there. */
  expiresAtMs: number;
}

/** What of an item was changed, as bits: a store that writes changes down collects them. */
export const Changed = { count: 1, strings: 2, dictionary: 4, end: 8, fresh: 16, member: 32 } as const;

/** What a store reads dictionaries and listings out as. */
export function itemOf(item: MutableItem): Item {
  return {
    key: item.key,
    count: item.count,
    strings: item.strings === undefined ? undefined : [...item.strings].sort(),
    dictionary: item.dictionary === undefined ? undefined : parseDictionary(item.dictionary),
    expiresAtMs: item.expiresAtMs,
  };
}

/** Removes everything from an item but its key. */
export function clearItem(item: MutableItem): void {
  item.count = undefined;
  item.strings = undefined;
  item.dictionary = undefined;
}

function parseDictionary(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

/**
 * What every operation does to an item, the same for all stores that hold items in this process. A store adds where items
 * are found and what happens to a change.
 */
export abstract class ItemOperations<Held extends MutableItem> implements StateOperations {
  protected readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** The item, unless there is none or it has ended by `nowMs`. */
  protected abstract find(key: string, nowMs: number): Held | undefined;
  /** An item without anything in it, in the place of whatever was under the key. The caller sets its end. */
  protected abstract start(key: string): Held;
  /** Forgets an item that `find` answered. */
  protected abstract drop(item: Held): void;
  /** Told after a change, with the bits of `Changed`. */
  protected abstract changed(item: Held, bits: number): void;
  /** Told after a member was added to or removed from a set that was there before. */
  protected abstract memberChanged(item: Held, member: string): void;

  getCounter(context: OperationContext, key: string): number {
    return this.find(key, context.nowMs)?.count ?? 0;
  }

  incrementCounter(context: OperationContext, key: string, write: CounterWrite): number {
    const found = this.find(key, context.nowMs);
    const before = found?.count ?? 0;
    const count = before + write.amount;
    if (!Number.isSafeInteger(count)) throw counterOverflow(context, key, before);
    const item = found ?? this.create(context, key);
    item.count = count;
    this.changed(item, Changed.count);
    this.end(context, item, write.expiresAtMs);
    return count;
  }

  resetCounter(context: OperationContext, key: string): void {
    const item = this.find(key, context.nowMs);
    if (item?.count === undefined) return;
    item.count = undefined;
    this.changed(item, Changed.count);
  }

  setKeyExpiration(context: OperationContext, key: string, expiresAtMs: number): void {
    const item = this.find(key, context.nowMs);
    if (item !== undefined) this.end(context, item, expiresAtMs);
  }

  getStringSet(context: OperationContext, key: string): Set<string> {
    return new Set(this.find(key, context.nowMs)?.strings);
  }

  putStringSet(context: OperationContext, key: string, write: SetWrite): void {
    const strings = new Set(write.members);
    this.checkSet(context, key, strings);
    const item = this.target(context, key, strings.size > 0);
    if (item === undefined) return;
    if (strings.size > 0 || item.strings !== undefined) {
      item.strings = strings.size > 0 ? strings : undefined;
      this.changed(item, Changed.strings);
    }
    this.end(context, item, write.expiresAtMs);
  }

  addToStringSet(context: OperationContext, key: string, write: SetWrite): Set<string> {
    if (write.members.length === 0) return this.getStringSet(context, key);
    const found = this.find(key, context.nowMs);
    this.checkAddition(context, key, { strings: found?.strings, members: write.members });
    const item = found ?? this.create(context, key);
    if (item.strings === undefined) {
      item.strings = new Set(write.members);
      this.changed(item, Changed.strings);
    } else {
      for (const member of write.members) {
        if (item.strings.has(member)) continue;
        item.strings.add(member);
        this.memberChanged(item, member);
      }
    }
    const answer = new Set(item.strings);
    this.end(context, item, write.expiresAtMs);
    return answer;
  }

  removeFromStringSet(context: OperationContext, key: string, write: SetWrite): Set<string> {
    const item = this.find(key, context.nowMs);
    if (write.members.length === 0 || item === undefined) return new Set(item?.strings);
    const { strings } = item;
    if (strings !== undefined) {
      for (const member of write.members) {
        if (strings.delete(member)) this.memberChanged(item, member);
      }
      if (strings.size === 0) this.emptyStrings(item);
    }
    const answer = new Set(strings);
    this.end(context, item, write.expiresAtMs);
    return answer;
  }

  resetStringSet(context: OperationContext, key: string): void {
    const item = this.find(key, context.nowMs);
    if (item?.strings !== undefined) this.emptyStrings(item);
  }

  getDictionary(context: OperationContext, key: string): JsonObject {
    const text = this.find(key, context.nowMs)?.dictionary;
    return text === undefined ? {} : parseDictionary(text);
  }

  putDictionary(context: OperationContext, key: string, write: DictionaryWrite): void {
    const text = JSON.stringify(write.value);
    this.checkDictionary(context, key, text);
    const filled = text !== "{}";
    const item = this.target(context, key, filled);
    if (item === undefined) return;
    if (filled || item.dictionary !== undefined) {
      item.dictionary = filled ? text : undefined;
      this.changed(item, Changed.dictionary);
    }
    this.end(context, item, write.expiresAtMs);
  }

  /** Writes an item as it is; an empty set or dictionary is none. */
  putItem(item: Item): void {
    const held = this.start(item.key);
    held.expiresAtMs = item.expiresAtMs;
    held.count = item.count;
    held.strings = filledSet(item.strings);
    held.dictionary = filledText(item.dictionary);
    const filled = Changed.count | Changed.strings | Changed.dictionary;
    this.changed(held, Changed.fresh | Changed.end | filled);
  }

  /** The live item, or a new one where the write has something to keep. */
  private target(context: OperationContext, key: string, keeps: boolean): Held | undefined {
    return this.find(key, context.nowMs) ?? (keeps ? this.create(context, key) : undefined);
  }

  private create(context: OperationContext, key: string): Held {
    context.newKey?.();
    const item = this.start(key);
    item.expiresAtMs = context.nowMs + DEFAULT_LIFETIME_MS;
    this.changed(item, Changed.fresh | Changed.end);
    return item;
  }

  private end(context: OperationContext, item: Held, expiresAtMs: number | undefined): void {
    if (expiresAtMs === undefined || expiresAtMs === item.expiresAtMs) return;
    if (expiresAtMs <= context.nowMs) {
      this.drop(item);
      return;
    }
    item.expiresAtMs = expiresAtMs;
    this.changed(item, Changed.end);
  }

  private emptyStrings(item: Held): void {
    item.strings = undefined;
    this.changed(item, Changed.strings);
  }

  private checkAddition(
    context: OperationContext,
    key: string,
    addition: { readonly strings: Set<string> | undefined; readonly members: readonly string[] },
  ): void {
    const { strings = new Set<string>(), members } = addition;
    const { setMembersMax, setMemberBytesMax, setBytesMax } = this.limits;
    const size = strings.size + members.length;
    // Far below both limits, whatever the members are: no need to look at each.
    if (size <= setMembersMax && size * setMemberBytesMax <= setBytesMax) return;
    this.checkSet(context, key, new Set([...strings, ...members]));
  }

  private checkSet(context: OperationContext, key: string, strings: ReadonlySet<string>): void {
    const { setMembersMax, setBytesMax } = this.limits;
    if (strings.size > setMembersMax) throw setTooLarge(context, key, { setMembersMax, value: strings.size });
    const bytes = bytesOf(strings);
    if (bytes > setBytesMax) throw setTooLarge(context, key, { setBytesMax, value: bytes });
  }

  private checkDictionary(context: OperationContext, key: string, text: string): void {
    const limit = this.limits.dictionaryBytesMax;
    if (text.length * 3 <= limit) return;
    const bytes = Buffer.byteLength(text);
    if (bytes <= limit) return;
    throw new StakeoutError(
      "STATE_LIMIT_EXCEEDED",
      `Rule ${context.ruleId}: the dictionary ${shown(key)} would be ${bytes} bytes of JSON; the limit ` +
        `dictionaryBytesMax is ${limit}. Nothing was changed. Keep less under one key, or raise the limit.`,
      { fields: { rule: context.ruleId, key, limit: "dictionaryBytesMax", value: bytes } },
    );
  }
}

/** Bytes of UTF-8 of all members together. */
export function bytesOf(members: Iterable<string>): number {
  let bytes = 0;
  for (const member of members) bytes += Buffer.byteLength(member);
  return bytes;
}

type SetLimit = { readonly value: number } & (
  | { readonly setMembersMax: number }
  | { readonly setBytesMax: number }
);

function setTooLarge(context: OperationContext, key: string, exceeded: SetLimit): StakeoutError {
  const { value } = exceeded;
  const [limit, most, unit] =
    "setMembersMax" in exceeded
      ? ["setMembersMax", exceeded.setMembersMax, "members"]
      : ["setBytesMax", exceeded.setBytesMax, "bytes"];
  return new StakeoutError(
    "STATE_LIMIT_EXCEEDED",
    `Rule ${context.ruleId}: the string set ${shown(key)} would have ${value} ${unit}; the limit ${limit} is ${most}. ` +
      "Nothing was changed. Keep less under one key, or raise the limit.",
    { fields: { rule: context.ruleId, key, limit, value } },
  );
}

function filledSet(members: readonly string[] | undefined): Set<string> | undefined {
  return members === undefined || members.length === 0 ? undefined : new Set(members);
}

function filledText(dictionary: JsonObject | undefined): string | undefined {
  const text = JSON.stringify(dictionary ?? {});
  return text === "{}" ? undefined : text;
}

/** A key for people: quoted, and cut where it is long. */
function shown(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}

function counterOverflow(context: OperationContext, key: string, count: number): StakeoutError {
  return new StakeoutError(
    "STATE_COUNTER_OVERFLOW",
    `Rule ${context.ruleId}: the counter ${shown(key)} stands at ${count} and would leave the range of exact integers ` +
      "(±9007199254740991). Nothing was changed. Reset the counter, or count in larger units.",
    { fields: { rule: context.ruleId, key, value: count } },
  );
}
