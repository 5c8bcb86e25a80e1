import type { DatabaseSync } from "node:sqlite";

import { migrate } from "./migrations.ts";

/** Marks a SQLite file as ours: "Stak" in ASCII. */
export const APPLICATION_ID = 0x53_74_61_6b;

/**
 * Format 1, from which migrations make every later one, also in new files: so files that are brought up to date and new ones
 * are the same.
 *
 * `items` is the state as of `folded_through`; `journal` holds what later commits changed, in order. `clock_ms` of a journal
 * row is a time up to which items that ended may be deleted once the row is folded.
 */
const tables = `
  CREATE TABLE items (
    key TEXT PRIMARY KEY,
    count INTEGER,
    strings TEXT,
    dictionary TEXT,
    expires_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_end ON items (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE journal (seq INTEGER PRIMARY KEY, clock_ms INTEGER NOT NULL, changes TEXT NOT NULL) STRICT;
  CREATE TABLE entries (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT;
  CREATE TABLE positions (
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (source, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('clock_ms', 0), ('folded_through', 0);
`;

/** Makes a new file one of ours. */
export function createTables(db: DatabaseSync): void {
  db.exec(`BEGIN; ${tables} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1; COMMIT;`);
  migrate(db);
  db.exec("PRAGMA journal_mode = WAL");
}
