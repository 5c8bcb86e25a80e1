import type { DatabaseSync, StatementSync } from "node:sqlite";

import { ABSENT, type MutableItem } from "../items.ts";
import { NEVER } from "../store.ts";

const columns = "key, count, strings, dictionary, expires_at_ms";

interface ItemRow {
  readonly key: string;
  readonly count: number | null;
  readonly strings: string | null;
  readonly dictionary: string | null;
  readonly expires_at_ms: number | null;
}

/** The table of folded items, through one connection. */
export class ItemTable {
  private readonly select: StatementSync;
  private readonly selectFrom: StatementSync;
  private readonly upsert: StatementSync;
  private readonly remove: StatementSync;
  private readonly removeEnded: StatementSync;

  constructor(db: DatabaseSync) {
    this.select = db.prepare(`SELECT ${columns} FROM items WHERE key = ?`);
    this.selectFrom = db.prepare(`SELECT ${columns} FROM items WHERE key >= ? ORDER BY key`);
    this.upsert = db.prepare(
      `INSERT INTO items (${columns}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET count = excluded.count,
       strings = excluded.strings, dictionary = excluded.dictionary, expires_at_ms = excluded.expires_at_ms`,
    );
    this.remove = db.prepare("DELETE FROM items WHERE key = ?");
    this.removeEnded = db.prepare(
      "DELETE FROM items WHERE key IN (SELECT key FROM items WHERE expires_at_ms <= ? LIMIT ?)",
    );
  }

  /** The item under a key; one with the end `ABSENT` where there is none. */
  read(key: string): MutableItem {
    const row = this.select.get(key) as ItemRow | undefined;
    if (row !== undefined) return itemFrom(row);
    return { key, count: undefined, strings: undefined, dictionary: undefined, expiresAtMs: ABSENT };
  }

  /** All items from a key on, in key order. */
  *from(key: string): Generator<MutableItem> {
    for (const row of this.selectFrom.iterate(key)) yield itemFrom(row as unknown as ItemRow);
  }

  /** Writes an item, or removes it when its end is `ABSENT`. Answers about how many bytes that wrote. */
  write(item: MutableItem): number {
    if (item.expiresAtMs === ABSENT) {
      this.remove.run(item.key);
      return item.key.length;
    }
    const { key, count = null, dictionary = null, expiresAtMs } = item;
    const strings = item.strings === undefined ? null : JSON.stringify([...item.strings]);
    this.upsert.run(key, count, strings, dictionary, expiresAtMs === NEVER ? null : expiresAtMs);
    return key.length + (strings?.length ?? 0) + (dictionary?.length ?? 0);
  }

  /** Removes at most `limit` items that have ended. Answers how many. */
  deleteEnded(clockMs: number, limit: number): number {
    return Number(this.removeEnded.run(clockMs, limit).changes);
  }
}

function itemFrom(row: ItemRow): MutableItem {
  return {
    key: row.key,
    count: row.count ?? undefined,
    strings: row.strings === null ? undefined : new Set(JSON.parse(row.strings) as string[]),
    dictionary: row.dictionary ?? undefined,
    expiresAtMs: row.expires_at_ms ?? NEVER,
  };
}
