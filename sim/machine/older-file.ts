import { DatabaseSync } from "node:sqlite";

import { schemaVersionOf } from "../../src/state/sqlite/migrations.ts";

/** How to get back from each format to the one before it; index 0 makes format 1 of format 2. */
const waysBack: readonly string[] = ["DELETE FROM meta WHERE name = 'last_seq'"];

/** Rewrites a closed state file in the first format, for the next run to bring up to date. */
export function rewriteAsOldest(file: string): void {
  const db = new DatabaseSync(file);
  try {
    const version = schemaVersionOf(db);
    if (version > waysBack.length + 1)
      throw new Error(`waysBack has no step from format ${version} to the one before`);
    for (const way of waysBack.slice(0, version - 1).toReversed()) db.exec(way);
    db.exec("PRAGMA user_version = 1");
  } finally {
    db.close();
  }
}
