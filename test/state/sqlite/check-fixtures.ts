import { DatabaseSync } from "node:sqlite";

import { defaultLimits } from "../../../src/core/limits.ts";
import { checkStateFile, type StateCheck, type StateCheckOptions } from "../../../src/state/sqlite/check.ts";
import { foldJournal } from "../../../src/state/sqlite/fold.ts";
import { NEVER } from "../../../src/state/store.ts";
import { commitOf, context, openStore, temporaryFile, type TestStore } from "../fixtures.ts";

/** A check for which whatever the owners of entries and positions keep is right. */
export function check(file: string, options: Partial<StateCheckOptions> = {}): StateCheck {
  const owners = { entries: () => [], position: () => undefined };
  return checkStateFile({ file, limits: defaultLimits, owners, problemsMax: 100, ...options });
}

export function problemsOf(file: string, options: Partial<StateCheckOptions> = {}): readonly string[] {
  return check(file, options).problems.map(({ where, message }) => `${where}: ${message}`);
}

/** Items of every kind in the table and in the journal, entries and a position. */
export async function filledFile(): Promise<string> {
  const file = temporaryFile();
  await fill(file, (store) => {
    store.incrementCounter(context(), "count", { amount: 3, expiresAtMs: NEVER });
    store.putStringSet(context(), "set", { members: ["a", "\u0000", "é"] });
    store.putDictionary(context(), "dictionary", { value: { a: [null, 1.5, { "": "x" }] } });
    store.incrementCounter(context(), "gone", { amount: 1 });
  });
  fold(file);
  await fill(file, (store) => {
    store.addToStringSet(context(), "set", { members: ["b"] });
    store.incrementCounter(context(), "count", { amount: 1 });
  });
  await fill(file, (store) => {
    store.deleteItem("gone");
    store.incrementCounter(context(), "new", { amount: -7 });
  });
  return file;
}

export function fold(file: string): void {
  const db = new DatabaseSync(file);
  for (const _through of foldJournal(db));
  db.close();
}

/** Adds a commit with what `operate` does, an entry and a position. */
export async function fill(file: string, operate: (store: TestStore) => void): Promise<void> {
  const store = openStore({ file });
  operate(store);
  const position = { source: "files", stream: "/a", value: { offset: 7 } };
  await store.commit(
    commitOf({ positions: [position], entries: [{ kind: "alert", key: "a", value: { n: 1 } }] }),
  );
  await store.close();
}
