import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { JsonObject } from "../../core/json.ts";
import type { Commit, Entry, EntryQuery, EntryWrite } from "../store.ts";
import { type ChangesByKey, collectChanges } from "./item-change.ts";

/** The journal rows that were there when the file was opened. */
export interface OpenedJournal {
  /** Sequence number of the newest commit ever written. */
  readonly seq: number;
  /** Of the texts of changes in UTF-8. */
  readonly bytes: number;
  readonly changes: ChangesByKey;
}

/** Everything in a state file except folded items: journal, entries, positions and the engine clock. */
export class CommittedRows {
  private readonly db: DatabaseSync;
  private readonly insertJournal: StatementSync;
  private readonly upsertEntry: StatementSync;
  private readonly deleteEntry: StatementSync;
  private readonly selectEntry: StatementSync;
  private readonly upsertPosition: StatementSync;
  private readonly selectPosition: StatementSync;
  private readonly updateMeta: StatementSync;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.insertJournal = db.prepare("INSERT INTO journal (seq, clock_ms, changes) VALUES (?, ?, ?)");
    this.upsertEntry = db.prepare(
      "INSERT INTO entries (kind, key, value) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
    );
    this.deleteEntry = db.prepare("DELETE FROM entries WHERE kind = ? AND key = ?");
    this.selectEntry = db.prepare("SELECT value FROM entries WHERE kind = ? AND key = ?");
    this.upsertPosition = db.prepare(
      `INSERT INTO positions (source, stream, value) VALUES (?, ?, ?)
       ON CONFLICT (source, stream) DO UPDATE SET value = excluded.value`,
    );
    this.selectPosition = db.prepare("SELECT value FROM positions WHERE source = ? AND stream = ?");
    this.updateMeta = db.prepare("UPDATE meta SET value = ? WHERE name = ?");
  }

  get clockMs(): number {
    return this.meta("clock_ms");
  }

  readJournal(): OpenedJournal {
    const changes: ChangesByKey = new Map();
    let seq = this.meta("folded_through");
    let bytes = 0;
    for (const row of this.db.prepare("SELECT seq, changes FROM journal ORDER BY seq").iterate()) {
      const text = String(row["changes"]);
      collectChanges(changes, text);
      seq = Number(row["seq"]);
      bytes += Buffer.byteLength(text);
    }
    return { seq, bytes, changes };
  }

  /** Writes one journal row. `clockMs` is a time up to which items may be deleted once everything up to it is folded. */
  writeJournal(seq: number, clockMs: number, changes: string): void {
    this.insertJournal.run(seq, clockMs, changes);
    this.updateMeta.run(seq, "last_seq");
  }

  writeCommit(commit: Commit): void {
    for (const entry of commit.entries) this.writeEntry(entry);
    for (const { source, stream, value } of commit.positions) {
      this.upsertPosition.run(source, stream, JSON.stringify(value));
    }
    this.updateMeta.run(commit.clockMs, "clock_ms");
  }

  readEntry(kind: string, key: string): JsonObject | undefined {
    return valueOf(this.selectEntry.get(kind, key));
  }

  readPosition(source: string, stream: string): JsonObject | undefined {
    return valueOf(this.selectPosition.get(source, stream));
  }

  listEntries({ kind, after, limit, descending = false }: EntryQuery): readonly Entry[] {
    const bound = after === undefined ? "" : `AND key ${descending ? "<" : ">"} ?`;
    const rows = this.db.prepare(
      `SELECT key, value FROM entries WHERE kind = ? ${bound} ORDER BY key ${descending ? "DESC" : ""} LIMIT ?`,
    );
    const found = after === undefined ? rows.all(kind, limit) : rows.all(kind, after, limit);
    return found.map((row) => ({ kind, key: String(row["key"]), value: valueOf(row) ?? {} }));
  }

  private writeEntry({ kind, key, value }: EntryWrite): void {
    if (value === undefined) this.deleteEntry.run(kind, key);
    else this.upsertEntry.run(kind, key, JSON.stringify(value));
  }

  private meta(name: string): number {
    return Number(this.db.prepare("SELECT value FROM meta WHERE name = ?").get(name)?.["value"] ?? 0);
  }
}

function valueOf(row: Readonly<Record<string, unknown>> | undefined): JsonObject | undefined {
  return row === undefined ? undefined : (JSON.parse(String(row["value"])) as JsonObject);
}
