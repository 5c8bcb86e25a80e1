import { accessSync, constants, statfsSync } from "node:fs";

import { messageOf } from "../core/errors.ts";

/**
 * Why a spool cannot take another request, as a sentence for people; `undefined` when it can. It looks at the disk and not at
 * requests that failed: a service that says it is not ready gets no request whose success could tell otherwise.
 */
export function spoolProblem(folder: string, bytesNeeded: number): string | undefined {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize >= bytesNeeded) return undefined;
    return `The spool cannot take a request of the largest size: ${bavail * bsize} bytes are free in ${folder}.`;
  } catch (error) {
    return `The spool cannot be written: ${messageOf(error)}.`;
  }
}
