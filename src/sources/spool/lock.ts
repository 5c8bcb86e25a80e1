import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, StakeoutError } from "../../core/errors.ts";

/**
 * Keeps a second process from writing to the same spool, which would cut off what the first one is writing. The lock is that of
 * an empty SQLite file: Node has no other one that the system itself gives back when a process is killed. Answers what
 * gives it back. Throws `SPOOL_UNWRITABLE`.
 */
export function lockSpool(folder: string): () => void {
  const path = join(folder, "lock");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    const busy = error instanceof Error && "errcode" in error && error.errcode === 5;
    const reason = busy
      ? `another process uses it. Stop that one, or give each service a folder of its own`
      : messageOf(error);
    throw new StakeoutError("SPOOL_UNWRITABLE", `Cannot use the spool ${folder}: ${reason}.`, {
      fields: { folder },
      cause: error,
    });
  }
  const held = database;
  return () => {
    if (held.isOpen) held.close();
  };
}
