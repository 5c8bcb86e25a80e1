import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { backup, type DatabaseSync } from "node:sqlite";

import { messageOf, StakeoutError } from "../../core/errors.ts";
import { isDamage, stateFileError } from "./sqlite-error.ts";
import { openForReading, syncFolder } from "./state-file.ts";

export interface BackupOptions {
  readonly file: string;
  readonly target: string;
  /** Whether a target that is there may be replaced. */
  readonly replace: boolean;
  /** Called now and then while pages are copied. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Pages that are copied between two looks at how far it is; about 10 MB. */
const PAGES_PER_STEP = 2500;

/**
 * Copies the last commit of a state file, also while a run is going on, which it does not hold up. The target is there as a
 * whole or as it was before, with the permissions of the file. Throws `OUTPUT_UNWRITABLE` for a target that is in the way
 * or cannot be written, and what `openSqliteStore` throws for the file.
 */
export async function backupStateFile(options: BackupOptions): Promise<void> {
  const { file, target } = options;
  const db = openForReading(file);
  try {
    checkTarget(options);
    await copyTo(db, options);
  } catch (error) {
    throw isDamage(error) ? stateFileError(file, error) : unwritable(target, error);
  } finally {
    db.close();
  }
}

async function copyTo(db: DatabaseSync, { file, target, onProgress }: BackupOptions): Promise<void> {
  const unfinished = `${target}.unfinished`;
  try {
    makeEmpty(unfinished, statSync(file).mode);
    // Held from the first page to the last, so that a commit in between does not make it begin again.
    db.exec("BEGIN; SELECT count(*) FROM meta");
    await backup(db, unfinished, {
      rate: PAGES_PER_STEP,
      progress: ({ remainingPages, totalPages }) => onProgress?.(totalPages - remainingPages, totalPages),
    });
    moveInto(unfinished, target);
  } catch (error) {
    removeWithLog(unfinished);
    throw error;
  }
}

function checkTarget({ file, target, replace }: BackupOptions): void {
  if (existsSync(target)) {
    if (realpathSync(target) === realpathSync(file)) throw unwritable(target, "it is the state file itself");
    if (statSync(target).isDirectory()) throw unwritable(target, "it is a folder; name a file in it");
    if (!replace)
      throw unwritable(target, "it is there already; name another file, or replace it with --force");
  }
  // SQLite would take the log for part of the new file. It is there while somebody works on the target.
  if (existsSync(`${target}-wal`)) {
    throw unwritable(
      target,
      `${target}-wal is there, so it is in use or was when its process was killed; name another file`,
    );
  }
}

function makeEmpty(file: string, mode: number): void {
  removeWithLog(file);
  const handle = openSync(file, "wx", 0o600);
  try {
    fchmodSync(handle, mode & 0o777);
  } finally {
    closeSync(handle);
  }
}

function moveInto(unfinished: string, target: string): void {
  const handle = openSync(unfinished, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(unfinished, target);
  syncFolder(dirname(target));
}

function removeWithLog(file: string): void {
  for (const part of [file, `${file}-journal`, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
}

function unwritable(target: string, reason: unknown): StakeoutError {
  if (reason instanceof StakeoutError) return reason;
  return new StakeoutError(
    "OUTPUT_UNWRITABLE",
    `Cannot write ${target}: ${typeof reason === "string" ? reason : messageOf(reason)}.`,
    { fields: { file: target }, cause: reason },
  );
}
