import { StakeoutError, messageOf } from "../../core/errors.ts";

/** SQLite's primary result codes that tell a user something. */
const resultCodes = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  notADatabase: 26,
} as const;

/** The primary result code of an error that SQLite raised; 0 for any other. */
function resultCode(error: unknown): number {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : 0;
}

/** True for what SQLite itself says, which is about the file and not about a defect of ours. */
export function isSqliteError(error: unknown): boolean {
  return resultCode(error) !== 0;
}

/** True when somebody else holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === resultCodes.busy;
}

/** True when the file itself is not what it should be. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === resultCodes.corrupt || code === resultCodes.notADatabase;
}

/** True when there is no space left. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === resultCodes.full;
}

/** What compacting gives where there is no space for it. */
export function noRoomToCompact(file: string, cause: unknown): StakeoutError {
  return new StakeoutError(
    "STATE_FILE_FULL",
    `There is no room to compact the state file ${file}: it takes as much free space as the file. Free some and compact ` +
      "again; nothing that the file holds is lost.",
    { fields: { file }, cause },
  );
}

/** An error of SQLite or of the file system as one that names the state file and says what to do. */
export function stateFileError(file: string, error: unknown): StakeoutError {
  if (error instanceof StakeoutError) return error;
  const details = { fields: { file }, cause: error };
  switch (resultCode(error)) {
    case resultCodes.full:
      return new StakeoutError(
        "STATE_FILE_FULL",
        `There is no room for the state file ${file}. Free some disk space and run again: nothing of the last batch is ` +
          "stored, and it will be read again.",
        details,
      );
    case resultCodes.notADatabase:
      return notADatabase(file, error);
    case resultCodes.corrupt:
      return unusable(file, "is damaged. Restore it from a copy, or begin a new one with --state", error);
    case resultCodes.readOnly:
      return unusable(file, "cannot be written. Check the permissions of the file and its folder", error);
    case resultCodes.cannotOpen:
      return unusable(file, "cannot be opened. Check that its folder exists and may be written", error);
    case resultCodes.ioError:
      return unusable(file, "could not be read or written. Check the disk", error);
    case resultCodes.busy:
      return unusable(file, "is kept locked by another program. End that one and run again", error);
    case resultCodes.tooBig:
      return unusable(file, "cannot hold a value as large as this one", error);
    default:
      return unusable(file, "could not be used", error);
  }
}

/** What `stateFileError` gives for a file that does not begin as a SQLite database does. */
export function notADatabase(file: string, cause?: unknown): StakeoutError {
  return new StakeoutError(
    "STATE_FILE_NOT_A_DATABASE",
    `The state file ${file} is not a SQLite database. Name another file; this one was not touched.`,
    { fields: { file }, cause },
  );
}

function unusable(file: string, problem: string, cause: unknown): StakeoutError {
  return new StakeoutError(
    "STATE_FILE_UNUSABLE",
    `The state file ${file} ${problem} (${messageOf(cause)}).`,
    {
      fields: { file },
      cause,
    },
  );
}
