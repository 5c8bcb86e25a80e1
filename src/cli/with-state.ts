import { existsSync } from "node:fs";

import { openState } from "../config/open-state.ts";
import { StakeoutError } from "../core/errors.ts";
import type { StateStore } from "../state/store.ts";

export interface StateAccess {
  /** Only looks at the last commit: needs no lock, so it works while a run is going on. */
  readonly readOnly: boolean;
  /** Makes the file when it is missing; else `STATE_FILE_NOT_FOUND`. */
  readonly create?: boolean;
}

/** Opens a state file for one command and closes it whatever happens. */
export async function withState<T>(
  file: string,
  access: StateAccess,
  use: (store: StateStore) => Promise<T>,
): Promise<T> {
  if (file === ":memory:") {
    throw new StakeoutError("USAGE", "A state in memory ends with its run; name a state file with --state.");
  }
  const { readOnly, create = false } = access;
  if (!readOnly && !create && !existsSync(file)) {
    throw new StakeoutError("STATE_FILE_NOT_FOUND", `There is no state file ${file}.`, { fields: { file } });
  }
  const store = openState(file, { readOnly });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
