import type { JsonObject } from "../../core/json.ts";
import { defaultLimits, type Limits } from "../../core/limits.ts";
import { clearItem, ItemOperations, itemOf, type MutableItem } from "../items.ts";
import { compareKeys, selectKeys } from "../key-order.ts";
import type { Commit, Entry, EntryQuery, Item, ItemQuery, StateStore } from "../store.ts";

export interface MemoryStoreOptions {
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<Limits>;
}

/** How many items each commit looks at to find ended ones. */
const SWEEP_ITEMS = 1000;

/** A store that lives as long as the process: for tests and backtests. A commit costs next to nothing. */
export function createMemoryStore(options: MemoryStoreOptions = {}): StateStore {
  return new MemoryStore({ ...defaultLimits, ...options.limits });
}

class MemoryStore extends ItemOperations<MutableItem> implements StateStore {
  clockMs = 0;
  /** Operations act on the items themselves, so a batch holds nothing beside them. */
  readonly pendingBytes = 0;
  private readonly items = new Map<string, MutableItem>();
  private sweeping: MapIterator<MutableItem> = this.items.values();
  private readonly positions = new Map<string, string>();
  private readonly entries = new Map<string, OrderedEntries>();

  readPosition(source: string, stream: string): JsonObject | undefined {
    return parsed(this.positions.get(positionKey(source, stream)));
  }

  readEntry(kind: string, key: string): JsonObject | undefined {
    return parsed(this.entries.get(kind)?.get(key));
  }

  listEntries(query: EntryQuery): readonly Entry[] {
    const { kind, after, limit, descending = false } = query;
    const entries = this.entriesOf(kind);
    const keys = entries.keysInOrder();
    const isBefore = (key: string): boolean => {
      if (after === undefined) return descending;
      return descending ? compareKeys(key, after) < 0 : compareKeys(key, after) <= 0;
    };
    // How many keys stand before the page, or for a descending one before its end.
    const cut = countWhile(keys, isBefore);
    const page = descending
      ? keys.slice(Math.max(0, cut - limit), cut).toReversed()
      : keys.slice(cut, cut + limit);
    return page.map((key) => ({ kind, key, value: parsed(entries.get(key)) ?? {} }));
  }

  listItems(query: ItemQuery): readonly Item[] {
    const items: Item[] = [];
    for (const key of selectKeys(this.items.keys(), query)) {
      if (items.length === query.limit) break;
      const item = this.find(key, query.nowMs);
      if (item !== undefined) items.push(itemOf(item));
    }
    return items;
  }

  deleteItem(key: string): boolean {
    const item = this.find(key, this.clockMs);
    this.items.delete(key);
    return item !== undefined;
  }

  commit(commit: Commit): void {
    this.clockMs = commit.clockMs;
    for (const position of commit.positions) {
      this.positions.set(positionKey(position.source, position.stream), JSON.stringify(position.value));
    }
    for (const { kind, key, value } of commit.entries) {
      this.entriesOf(kind).put(key, value === undefined ? undefined : JSON.stringify(value));
    }
    this.sweep();
  }

  close(): void {
    this.items.clear();
  }

  protected find(key: string, nowMs: number): MutableItem | undefined {
    const item = this.items.get(key);
    return item !== undefined && item.expiresAtMs > nowMs ? item : undefined;
  }

  protected start(key: string): MutableItem {
    let item = this.items.get(key);
    if (item === undefined) {
      item = { key, count: undefined, strings: undefined, dictionary: undefined, expiresAtMs: 0 };
      this.items.set(key, item);
    } else {
      clearItem(item);
    }
    return item;
  }

  protected drop(item: MutableItem): void {
    this.items.delete(item.key);
  }

  // Nothing is written down here, so nobody needs to know what changed.
  protected changed(): void {}
  protected memberChanged(): void {}

  private entriesOf(kind: string): OrderedEntries {
    let entries = this.entries.get(kind);
    if (entries === undefined) {
      entries = new OrderedEntries();
      this.entries.set(kind, entries);
    }
    return entries;
  }

  /** Frees ended items a few at a time, so that no commit takes long. */
  private sweep(): void {
    for (let looked = 0; looked < SWEEP_ITEMS; looked++) {
      const next = this.sweeping.next();
      if (next.done === true) {
        this.sweeping = this.items.values();
        return;
      }
      if (next.value.expiresAtMs <= this.clockMs) this.items.delete(next.value.key);
    }
  }
}

/** The entries of one kind. Their order is made when a listing asks for it and kept while no key comes or goes. */
class OrderedEntries {
  private readonly texts = new Map<string, string>();
  private ordered: readonly string[] | undefined;

  get(key: string): string | undefined {
    return this.texts.get(key);
  }

  put(key: string, text: string | undefined): void {
    if ((text !== undefined) !== this.texts.has(key)) this.ordered = undefined;
    if (text === undefined) this.texts.delete(key);
    else this.texts.set(key, text);
  }

  keysInOrder(): readonly string[] {
    this.ordered ??= [...this.texts.keys()].sort(compareKeys);
    return this.ordered;
  }
}

/** How many elements at the beginning fulfil a condition that all before the first that does not fulfil. */
function countWhile(keys: readonly string[], holds: (key: string) => boolean): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(keys[middle] ?? "")) from = middle + 1;
    else to = middle;
  }
  return from;
}

function positionKey(source: string, stream: string): string {
  return JSON.stringify([source, stream]);
}

function parsed(text: string | undefined): JsonObject | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as JsonObject);
}
