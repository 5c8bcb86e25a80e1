import { renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Rewrites a closed state file in the form that an older version left, for the next run to bring up to date. There has been one form
 * so far: what is rewritten is the file's order of pages, as a copy by `VACUUM INTO` has it.
 */
export function rewriteAsOlder(file: string): void {
  const copy = `${file}-copy`;
  const db = new DatabaseSync(file);
  try {
    db.prepare("VACUUM INTO ?").run(copy);
  } finally {
    db.close();
  }
  renameSync(copy, file);
}
