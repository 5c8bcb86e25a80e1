import type { DatabaseSync } from "node:sqlite";

import { CommittedRows } from "./committed-rows.ts";
import { foldJournal } from "./fold.ts";
import { ItemTable } from "./item-table.ts";
import { isFull, noRoomToCompact, stateFileError } from "./sqlite-error.ts";
import { checkpoint, openForLane } from "./state-file.ts";
import { inTransaction } from "./transaction.ts";

/** Ended items that one transaction deletes. */
const ITEMS_PER_TRANSACTION = 5000;

/**
 * Folds the whole journal, deletes the items that have ended by the engine clock of the last commit, and writes the file anew
 * without the gaps that deleting left. Answers how many journal rows that folded. Needs the lock, and as much free space as
 * the file takes. Killed anywhere, what rules remember is as it was. Throws what `openSqliteStore` throws.
 */
export function compactStateFile(file: string): number {
  const { db, lock } = openForLane(file);
  try {
    const journalRows = Number(db.prepare("SELECT count(*) AS n FROM journal").get()?.["n"]);
    for (const _through of foldJournal(db));
    deleteEnded(db);
    db.exec("VACUUM");
    checkpoint(db, "TRUNCATE");
    return journalRows;
  } catch (error) {
    throw isFull(error) ? noRoomToCompact(file, error) : stateFileError(file, error);
  } finally {
    db.close();
    lock.close();
  }
}

function deleteEnded(db: DatabaseSync): void {
  const table = new ItemTable(db);
  const clockMs = new CommittedRows(db).clockMs;
  let deleted: number;
  do {
    deleted = inTransaction(db, () => table.deleteEnded(clockMs, ITEMS_PER_TRANSACTION));
  } while (deleted === ITEMS_PER_TRANSACTION);
}
