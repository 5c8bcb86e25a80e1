import type { Limits } from "../core/limits.ts";
import { createMemoryStore } from "../state/memory/memory-store.ts";
import { openSqliteStore } from "../state/sqlite/sqlite-store.ts";
import type { StateStore } from "../state/store.ts";

export interface OpenStateOptions {
  /** Limits that differ from the defaults. */
  readonly limits?: Limits;
  /** Only looks at the last commit: takes no lock, makes no file, and `commit` throws. Default: false. */
  readonly readOnly?: boolean;
}

/**
 * Opens the state behind `--state`: a file, or for `:memory:` one that ends with the process. Throws what
 * `openSqliteStore` throws.
 */
export function openState(file: string, options: OpenStateOptions = {}): StateStore {
  return file === ":memory:" ? createMemoryStore(options) : openSqliteStore({ file, ...options });
}
