import type { JsonObject, MaybePromise } from "../core/json.ts";
import type { EntryQuery, EntryWrite, StateStore, Entry } from "../state/store.ts";

/** The part of a store that this folder reads; everything it writes goes through the commit. */
export type EntryReader = Pick<StateStore, "readEntry" | "listEntries">;

// An alert can hold a context of 200 KiB.
const pageSize = 64;

/** All committed entries of a kind in key order, read a page at a time. */
export async function* allEntries(
  store: EntryReader,
  query: Omit<EntryQuery, "limit">,
): AsyncGenerator<Entry, void, void> {
  let after = query.after;
  for (;;) {
    const page = await store.listEntries({
      ...query,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    after = page.at(-1)?.key;
    if (page.length < pageSize) return;
  }
}

/**
 * Entries that wait for the commit, one write per entry however often it changed. Reads see them before what the store
 * holds, so it makes no difference to a reader whether a commit lies in between.
 */
export class PendingEntries {
  readonly #store: EntryReader;
  #writes = new Map<string, EntryWrite>();

  constructor(store: EntryReader) {
    this.#store = store;
  }

  /** `value` undefined removes the entry. */
  put(kind: string, key: string, value: JsonObject | undefined): void {
    this.#writes.set(`${kind}\n${key}`, { kind, key, value });
  }

  read(kind: string, key: string): MaybePromise<JsonObject | undefined> {
    const write = this.#writes.get(`${kind}\n${key}`);
    return write === undefined ? this.#store.readEntry(kind, key) : write.value;
  }

  /** Hands everything over; from here on it must be committed before the next read. */
  take(): EntryWrite[] {
    const writes = [...this.#writes.values()];
    this.#writes = new Map();
    return writes;
  }
}
