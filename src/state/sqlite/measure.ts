import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

import { CommittedRows } from "./committed-rows.ts";
import { openForReading } from "./state-file.ts";

/** How large a state is. */
export interface StateMeasure {
  /**
   * Keys that ended and are not swept yet are among them. Those that only a journal beyond 1 MiB knows are not: it is folded
   * soon.
   */
  readonly keys: number;
  /** Of the state file and what belongs to it. */
  readonly bytes: number;
  /** Of what is committed and not folded yet. */
  readonly journalBytes: number;
}

const journalBytesRead = 1024 * 1024;

/** Measures a state file, also while a run writes to it. It reads all keys: a second for ten million of them. */
export function measureStateFile(file: string): StateMeasure {
  const db = openForReading(file);
  try {
    const row = db
      .prepare(
        "SELECT (SELECT count(*) FROM items) AS keys, (SELECT coalesce(sum(length(changes)), 0) FROM journal) AS journal",
      )
      .get();
    const bytes = [file, `${file}-wal`].reduce(
      (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    const journalBytes = Number(row?.["journal"] ?? 0);
    const keys = Number(row?.["keys"] ?? 0) + (journalBytes > journalBytesRead ? 0 : unfoldedKeys(db));
    return { keys, bytes, journalBytes };
  } finally {
    db.close();
  }
}

/** How many keys more there are once the journal is folded; fewer are a negative number. */
function unfoldedKeys(db: DatabaseSync): number {
  const isFolded = db.prepare("SELECT 1 FROM items WHERE key = ?");
  let keys = 0;
  for (const [key, changes] of new CommittedRows(db).readJournal().changes) {
    const before = isFolded.get(key) === undefined ? 0 : 1;
    const after = changes.at(-1)?.gone === true ? 0 : 1;
    keys += after - before;
  }
  return keys;
}
