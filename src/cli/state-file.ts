import { existsSync, statSync } from "node:fs";

import { StakeoutError } from "../core/errors.ts";

/** Throws `USAGE` for a state that is not in a file. */
export function checkFileName(file: string): void {
  if (file !== ":memory:") return;
  throw new StakeoutError("USAGE", "A state in memory ends with its run; name a state file.");
}

/** Bytes of a state file and of its write-ahead log. */
export function bytesOf(file: string): number {
  const log = `${file}-wal`;
  return statSync(file).size + (existsSync(log) ? statSync(log).size : 0);
}
