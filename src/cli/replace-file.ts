import { constants } from "node:fs";
import { access, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { messageOf, StakeoutError } from "../core/errors.ts";

/** Writes a file that is there as a whole or, when that fails, as it was before. Throws `OUTPUT_UNWRITABLE`. */
export async function replaceFile(
  file: string,
  text: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    const handle = await open(unfinished, "w");
    try {
      await handle.writeFile(text);
      await handle.sync();
      await handle.close();
      await rename(unfinished, file);
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(unfinished, { force: true });
      throw error;
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Throws `OUTPUT_UNWRITABLE` for a file that `replaceFile` could not write, before work is spent on what goes into it. */
export async function checkReplaceable(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory() === true) throw new Error("it is a folder; name a file in it");
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): StakeoutError {
  if (error instanceof StakeoutError) return error;
  return new StakeoutError("OUTPUT_UNWRITABLE", `Cannot write ${file}: ${messageOf(error)}`, {
    cause: error,
    fields: { file },
  });
}
