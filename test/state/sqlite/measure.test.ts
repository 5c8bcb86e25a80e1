import { statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { expect, onTestFinished, test } from "vitest";

import { foldJournal } from "../../../src/state/sqlite/fold.ts";
import { measureStateFile } from "../../../src/state/sqlite/measure.ts";
import { commitOf, context, openStore, temporaryFile, type TestStore } from "../fixtures.ts";

/** A state that is open for writing, with three keys that are committed and not folded. */
async function openWithThree(file: string): Promise<TestStore> {
  const store = openStore({ file });
  onTestFinished(() => store.close());
  for (const key of ["a", "b", "c"]) store.incrementCounter(context(), key, { amount: 1 });
  await store.commit(commitOf());
  return store;
}

function fold(file: string): void {
  const db = new DatabaseSync(file);
  for (const _through of foldJournal(db));
  db.close();
}

test("what is committed and not folded is journal, and its keys count", async () => {
  const file = temporaryFile();
  await openWithThree(file);
  const measure = measureStateFile(file);
  expect(measure.keys).toBe(3);
  expect(measure.journalBytes).toBeGreaterThan(10);
});

test("what the journal says is gone does not count, folded or not", async () => {
  const file = temporaryFile();
  const store = await openWithThree(file);
  fold(file);
  store.deleteItem("a");
  store.incrementCounter(context(), "d", { amount: 1 });
  await store.commit(commitOf());
  store.deleteItem("d");
  await store.commit(commitOf());
  expect(measureStateFile(file).keys).toBe(2);
});

test("what is folded is keys, also while a lane writes", async () => {
  const file = temporaryFile();
  const store = await openWithThree(file);
  fold(file);
  store.incrementCounter(context(), "d", { amount: 1 });
  expect(measureStateFile(file)).toMatchObject({ keys: 3 });
});

test("the bytes are those of the file with its write-ahead log", async () => {
  const file = temporaryFile();
  await openWithThree(file);
  const bytes = statSync(file).size + statSync(`${file}-wal`).size;
  expect(measureStateFile(file).bytes).toBe(bytes);
});

test("an empty state has nothing but its file", async () => {
  const file = temporaryFile();
  await openStore({ file }).close();
  expect(measureStateFile(file)).toEqual({ keys: 0, bytes: statSync(file).size, journalBytes: 0 });
});

test.each([
  ["that is not there", undefined, "STATE_FILE_NOT_FOUND"],
  ["that is something else", "this is no database, it is a letter", "STATE_FILE_NOT_A_DATABASE"],
])("a file %s is a clear error", (_, content, code) => {
  const file = temporaryFile();
  if (content !== undefined) writeFileSync(file, content);
  expect(() => measureStateFile(file)).toThrow(expect.objectContaining({ code }));
});
