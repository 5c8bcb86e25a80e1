import type { DatabaseSync } from "node:sqlite";

/** Runs `work` in one transaction that has the write lock from the start, and undoes it when `work` throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite may have ended the transaction itself, on a full disk for one.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
