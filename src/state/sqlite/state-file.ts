import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StakeoutError } from "../../core/errors.ts";
import { migrate, SCHEMA_VERSION, schemaVersionOf } from "./migrations.ts";
import { APPLICATION_ID, createTables } from "./schema.ts";
import { isBusy, notADatabase, stateFileError } from "./sqlite-error.ts";

/** How long one connection waits for another's transaction. Far longer than any of ours takes. */
const BUSY_TIMEOUT_MS = 60_000;
/** How long folding waits for the write-ahead log to be free; a process that ends waits for it in turn. */
const RESTART_WAIT_MS = 100;
/** Pages of write-ahead log at which a commit brings them into the file itself, when folding does not get to it. */
const CHECKPOINT_PAGES = 16_000;

/** Where SQLite keeps these in the first bytes of a database. */
const headerOffsets = { userVersion: 60, applicationId: 68, end: 72 } as const;

/** A state file opened for a lane: its connection and the lock that keeps other lanes out. */
export interface LockedFile {
  readonly db: DatabaseSync;
  readonly lock: DatabaseSync;
}

/**
 * Opens a state file for the one lane that may write it, and makes a new one where there is none. A file that is not ours
 * is refused before anything is written beside it.
 */
export function openForLane(file: string): LockedFile {
  checkHeader(file);
  const lock = takeLock(file);
  try {
    // Once more under the lock: another run may have made the file in between.
    if (checkHeader(file) === "missing") createFile(file);
    return { db: upToDate(connect(file, "FULL")), lock };
  } catch (error) {
    lock.close();
    throw stateFileError(file, error);
  }
}

function upToDate(db: DatabaseSync): DatabaseSync {
  try {
    // Another tool's copy may have no write-ahead log, and then a fold and a lane that reads keep each other waiting.
    db.exec("PRAGMA journal_mode = WAL");
    // Into the file at once, whose first bytes tell an older Stakeout that this is not for it.
    if (migrate(db) > 0) checkpoint(db, "TRUNCATE");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens an existing state file to look at its last commit, also while a run is going on. */
export function openForReading(file: string): DatabaseSync {
  if (checkHeader(file) === "missing") {
    throw new StakeoutError(
      "STATE_FILE_NOT_FOUND",
      `There is no state in ${file}. Check --state; "stakeout run" makes the file.`,
      { fields: { file } },
    );
  }
  try {
    // Not read-only in SQLite's sense: such a connection would leave its shared-memory file behind.
    return connect(file, "FULL");
  } catch (error) {
    throw stateFileError(file, error);
  }
}

/** One more connection to an open state file, for folding. What it writes is made durable by the lane's next commit. */
export function openForFolding(file: string): DatabaseSync {
  return connect(file, "NORMAL");
}

/**
 * Brings what the write-ahead log holds into the file and lets the log begin anew (`RESTART`), or empties it (`TRUNCATE`), so
 * that it stays short without the lane having to stop for it.
 */
export function checkpoint(db: DatabaseSync, mode: "RESTART" | "TRUNCATE" = "RESTART"): void {
  // Nearly all of the work, in nobody's way.
  db.exec("PRAGMA wal_checkpoint(PASSIVE)");
  // The rest must wait for the lane to finish reading, which it does with each commit; otherwise the next time will do.
  db.exec(`PRAGMA busy_timeout = ${RESTART_WAIT_MS}; PRAGMA wal_checkpoint(${mode})`);
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

function connect(file: string, synchronous: "FULL" | "NORMAL"): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = -16000`);
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = 67108864`);
    // Reads the file, so that a damaged one is found here.
    db.prepare("SELECT count(*) FROM meta").get();
    // Once more: a newer version may stand in the write-ahead log only.
    checkVersion(file, schemaVersionOf(db));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The lock is a transaction that never ends, on a file of its own, so that readers of the state file are not shut out. The
 * kernel ends it with the process, however that dies. The lock file stays: deleting it could part two runs that both
 * believe to hold it.
 */
function takeLock(file: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(`${file}-lock`, { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (!isBusy(error)) throw stateFileError(file, error);
    throw new StakeoutError(
      "STATE_FILE_LOCKED",
      `The state file ${file} is in use by another run. Wait for it to end, stop it, or name another file with --state.`,
      { fields: { file }, cause: error },
    );
  }
}

/** Made beside its place and moved there whole, so that no crash leaves half of one. */
function createFile(file: string): void {
  const made = `${file}-new`;
  // What is left of a file of this name that somebody deleted would be taken for part of the new one.
  for (const stale of [made, `${made}-wal`, `${made}-shm`, `${made}-journal`, `${file}-wal`, `${file}-shm`]) {
    rmSync(stale, { force: true });
  }
  try {
    const db = new DatabaseSync(made);
    try {
      createTables(db);
    } finally {
      db.close();
    }
    renameSync(made, file);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Makes a name that was given to a file in the folder survive a power failure. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Throws for a file that is not ours. Reads the bytes itself: SQLite would make files beside it. */
function checkHeader(file: string): "missing" | "present" {
  const header = readHeader(file);
  if (header === undefined || header.length === 0) return "missing";
  if (header.length < headerOffsets.end || header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
    throw notADatabase(file);
  }
  if (header.readUInt32BE(headerOffsets.applicationId) !== APPLICATION_ID) {
    throw new StakeoutError(
      "STATE_FILE_FOREIGN",
      `${file} is the database of another program. Name another file with --state; this one was not touched.`,
      { fields: { file } },
    );
  }
  checkVersion(file, header.readUInt32BE(headerOffsets.userVersion));
  return "present";
}

function checkVersion(file: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new StakeoutError(
    "STATE_FILE_NEWER",
    `The state file ${file} was written by a newer Stakeout (format ${version}; this one knows ${SCHEMA_VERSION}). ` +
      "Update Stakeout, or name another file with --state.",
    { fields: { file, version } },
  );
}

/** The first bytes of a file, or `undefined` where there is none. */
function readHeader(file: string): Buffer | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(file, "r");
    const header = Buffer.alloc(headerOffsets.end);
    return header.subarray(0, readSync(handle, header, 0, header.length, 0));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw stateFileError(file, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
