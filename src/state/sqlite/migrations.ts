import type { DatabaseSync } from "node:sqlite";

import { inTransaction } from "./transaction.ts";

/**
 * What brings a state file from one format to the next, oldest first: the step at index 0 makes format 2 of format 1. Steps
 * are never changed, taken out or put in between. A reader takes an older file as it is, so either a step leaves alone
 * what readers look at, or readers have to learn both forms.
 */
export const migrations: readonly string[] = [
  // Format 2 knows the number of the newest journal row, so that rows missing at the end of the journal are noticed.
  `INSERT INTO meta (name, value)
     SELECT 'last_seq', max(value, (SELECT coalesce(max(seq), 0) FROM journal)) FROM meta WHERE name = 'folded_through'`,
];

/** Version of the tables and of the journal's format. A file of a newer one is refused. */
export const SCHEMA_VERSION: number = 1 + migrations.length;

/**
 * Brings a file up to date, one format after the other, each in a transaction with its number: killed anywhere, the next
 * start goes on from the last that was done. Answers how many steps that took.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): number {
  const from = schemaVersionOf(db);
  for (let version = from; version <= steps.length; version++) {
    inTransaction(db, () => {
      db.exec(steps[version - 1] ?? "");
      db.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
  return Math.max(0, steps.length + 1 - from);
}

/** As the last commit has it, which may not be in the first bytes of the file yet. */
export function schemaVersionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}
