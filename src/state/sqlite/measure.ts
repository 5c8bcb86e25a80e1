import { statSync } from "node:fs";

import { openForReading } from "./state-file.ts";

/** How large a state is. */
export interface StateMeasure {
  /** As of the last fold; keys that ended and are not swept yet among them. */
  readonly keys: number;
  /** Of the state file and what belongs to it. */
  readonly bytes: number;
  /** Of what is committed and not folded yet. */
  readonly journalBytes: number;
}

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
    return { keys: Number(row?.["keys"] ?? 0), bytes, journalBytes: Number(row?.["journal"] ?? 0) };
  } finally {
    db.close();
  }
}
