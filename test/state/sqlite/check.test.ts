import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { defaultLimits } from "../../../src/core/limits.ts";
import type { StateCheckOptions } from "../../../src/state/sqlite/check.ts";
import {
  commitOf,
  context,
  olderFile,
  openStore,
  startMs,
  steppedFolder,
  temporaryFile,
  type TestStore,
} from "../fixtures.ts";
import { check, filledFile, problemsOf } from "./check-fixtures.ts";

function damage(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA ignore_check_constraints = 1; ${sql}`);
  db.close();
}

describe("a sound file", () => {
  test("has no problems, and the check says what is in it", async () => {
    const file = await filledFile();
    expect(check(file)).toEqual({
      problems: [],
      more: false,
      counts: { items: 4, journalRows: 2, entries: 1, positions: 1 },
      schemaVersion: 2,
      clockMs: startMs,
    });
  });

  test("may be new or of an older format", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    expect(problemsOf(file)).toEqual([]);
    expect(problemsOf(await olderFile())).toEqual([]);
    expect(problemsOf(await olderFile({ folded: true }))).toEqual([]);
  });

  test("may be in use, and a copy with its log is sound too", async () => {
    const file = await filledFile();
    const store = openStore({ file });
    store.incrementCounter(context(), "count", { amount: 1 });
    await store.commit(commitOf());
    expect(problemsOf(file)).toEqual([]);
    expect(check(file).counts.journalRows).toBe(3);
    const copy = temporaryFile();
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    expect(check(copy)).toEqual(check(file));
    await store.close();
  });

  test("is not changed by the check", async () => {
    const file = await filledFile();
    const before = readFileSync(file);
    check(file);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  const operation = fc.record({
    kind: fc.constantFrom("count", "set", "remove", "put", "end", "delete", "reset"),
    key: fc.constantFrom("a", "b", "c"),
    seconds: fc.integer({ min: 0, max: 40 }),
  });
  const batch = fc.record({
    operations: fc.array(operation, { maxLength: 6 }),
    foldSteps: fc.integer({ min: 0, max: 6 }),
  });

  test("stays one whatever rules do and wherever folding stands", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 8 }), async (batches) => {
        const file = temporaryFile();
        const folder = steppedFolder(file);
        const store = openStore({ file, createFolder: () => folder, cacheBytesMax: 0 });
        let nowMs = startMs;
        for (const { operations, foldSteps } of batches) {
          for (const each of operations) {
            nowMs += each.seconds * 1000;
            operate(store, each, nowMs);
          }
          await store.commit(commitOf({ clockMs: nowMs }));
          folder.step(foldSteps);
          folder.tell();
          expect(problemsOf(file)).toEqual([]);
        }
        await store.close();
      }),
      { numRuns: 20 },
    );
  });
});

function operate(
  store: TestStore,
  { kind, key, seconds }: { kind: string; key: string; seconds: number },
  nowMs: number,
): void {
  const at = context({ nowMs });
  const expiresAtMs = seconds % 3 === 0 ? undefined : nowMs + seconds * 1000;
  if (kind === "count") store.incrementCounter(at, key, { amount: 1, expiresAtMs });
  if (kind === "set") store.addToStringSet(at, key, { members: [String(seconds)], expiresAtMs });
  if (kind === "remove") store.removeFromStringSet(at, key, { members: ["1", "2", "3"], expiresAtMs });
  if (kind === "put") store.putDictionary(at, key, { value: { seconds }, expiresAtMs });
  if (kind === "end") store.setKeyExpiration(at, key, nowMs + seconds * 1000 - 20_000);
  if (kind === "delete") store.deleteItem(key);
  if (kind === "reset") store.resetCounter(at, key);
}

describe("damage", () => {
  test.each([
    [
      "a row cut out of the journal",
      "DELETE FROM journal WHERE seq = 2",
      /^journal row 3: comes where row 2 should/,
    ],
    [
      "the end of the journal cut off",
      "DELETE FROM journal WHERE seq = 3",
      /^the journal: ends with row 2, and the last one written was 3$/,
    ],
    [
      "the whole journal deleted",
      "DELETE FROM journal",
      /^the journal: ends with row 1, and the last one written was 3$/,
    ],
    [
      "a folded row that came back",
      "INSERT INTO journal VALUES (1, 0, '[]')",
      /^journal row 1: comes where row 2 should; it is folded/,
    ],
    [
      "a row that is no JSON",
      "UPDATE journal SET changes = substr(changes, 1, 9) WHERE seq = 2",
      /^journal row 2: is not JSON/,
    ],
    [
      "a row of another form",
      `UPDATE journal SET changes = '[{"key":"a","count":"1"}]' WHERE seq = 2`,
      /^journal row 2: is not a list of changes: .*0\.count/,
    ],
    [
      "a row with an unknown field",
      `UPDATE journal SET changes = '[{"key":"a","plus":1}]' WHERE seq = 2`,
      /^journal row 2: is not a list of changes/,
    ],
    [
      "a clock that goes back",
      "UPDATE journal SET clock_ms = 1 WHERE seq = 3",
      /^journal row 3: has an engine clock before/,
    ],
    [
      "a clock later than the last commit",
      "UPDATE meta SET value = 1 WHERE name = 'clock_ms'",
      /^journal row 2: has an engine clock after/,
    ],
    [
      "folding that claims too much",
      "UPDATE meta SET value = 2 WHERE name = 'folded_through'",
      /^journal row 2: comes where row 3 should; it is folded already$/,
    ],
    [
      "a clock that is no time",
      "UPDATE meta SET value = -1 WHERE name = 'clock_ms'",
      /^meta: clock_ms is -1/,
    ],
    [
      "a clock too large to be exact",
      "UPDATE meta SET value = 9223372036854775807 WHERE name = 'clock_ms'",
      /^meta: clock_ms is 9223372036854776000/,
    ],
    ["a lost figure", "DELETE FROM meta WHERE name = 'folded_through'", /^meta: folded_through is missing$/],
    [
      "an item that is gone",
      "DELETE FROM items WHERE key = 'set'",
      /^key "set" after the journal: is changed there and not in the table, so the item is lost$/,
    ],
    [
      "a set that is no JSON",
      "UPDATE items SET strings = '[\"a\"' WHERE key = 'set'",
      /^key "set": its strings are not JSON$/,
    ],
    [
      "a set of numbers",
      "UPDATE items SET strings = '[1]' WHERE key = 'set'",
      /^key "set": members of a string set must be strings/,
    ],
    [
      "a set that is no list",
      "UPDATE items SET strings = '{}' WHERE key = 'set'",
      /^key "set": its strings must be an array/,
    ],
    [
      "a dictionary that is no JSON",
      "UPDATE items SET dictionary = 'x' WHERE key = 'dictionary'",
      /^key "dictionary": its dictionary is not JSON$/,
    ],
    [
      "a dictionary that is a list",
      "UPDATE items SET dictionary = '[]' WHERE key = 'dictionary'",
      /^key "dictionary": a dictionary must be an object/,
    ],
    [
      "a count too large to be exact",
      "UPDATE items SET count = 9007199254740993 WHERE key = 'gone'",
      /^key "gone": its count must be a whole number/,
    ],
    [
      "an end too large to be exact",
      "UPDATE items SET expires_at_ms = 9007199254740993 WHERE key = 'gone'",
      /^key "gone": its end is 9007199254740992$/,
    ],
    ["an empty key", "UPDATE items SET key = '' WHERE key = 'gone'", /^key "": its key must not be empty$/],
    ["an entry that is no JSON", "UPDATE entries SET value = '{'", /^entry alert a: is not a JSON object$/],
    ["an entry that is a list", "UPDATE entries SET value = '[]'", /^entry alert a: is not a JSON object$/],
    [
      "a position that is no object",
      "UPDATE positions SET value = '7'",
      /^position of files in "\/a": is not a JSON object$/,
    ],
    [
      "a table that is missing",
      "DROP TABLE positions",
      /^the positions: cannot be read to the end: no such table/,
    ],
  ])("%s is named", async (_, sql, problem) => {
    const file = await filledFile();
    damage(file, sql);
    expect(problemsOf(file)).toContainEqual(expect.stringMatching(problem));
  });

  test.each([
    ["key", "an item: its key is not text"],
    ["strings", 'key "gone": its strings are not text'],
    ["dictionary", 'key "gone": its dictionary is not text'],
    ["count", 'key "gone": its count is not an integer'],
    ["expires_at_ms", 'key "gone": its end is not an integer'],
  ])("is named where a %s is of another type", async (column, problem) => {
    const file = await filledFile();
    const db = new DatabaseSync(file, { defensive: false });
    // As a damaged page would have it; SQLite itself refuses other types in these tables.
    db.exec("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '')");
    db.close();
    damage(file, `UPDATE items SET ${column} = x'00ff' WHERE key = 'gone'`);
    expect(problemsOf(file)).toContain(problem);
  });

  test("is told of a key whose item is too large after the journal", async () => {
    const file = await filledFile();
    const limits = { ...defaultLimits, setMembersMax: 3 };
    expect(problemsOf(file, { limits })).toEqual([
      'key "set" after the journal: it has 4 strings; the limit setMembersMax is 3',
    ]);
  });

  test("is what owners say of entries and positions that can be read, from the same commit", async () => {
    const file = await filledFile();
    damage(file, "INSERT INTO entries VALUES ('alert', 'broken', '{')");
    const owners: StateCheckOptions["owners"] = {
      *entries(entries) {
        const { clockMs } = entries;
        for (const entry of entries.all())
          yield { where: entry.key, message: JSON.stringify([entry, clockMs]) };
        yield {
          where: "read",
          message: JSON.stringify([entries.read("alert", "a"), entries.read("alert", "b") ?? "none"]),
        };
      },
      position: ({ source, stream, value }) => JSON.stringify([source, stream, value]),
    };
    expect(problemsOf(file, { owners })).toEqual([
      'position of files in "/a": ["files","/a",{"offset":7}]',
      "entry alert broken: is not a JSON object",
      `a: [{"kind":"alert","key":"a","value":{"n":1}},${startMs}]`,
      'read: [{"n":1},"none"]',
    ]);
  });

  test("in abundance is cut short", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    damage(
      file,
      "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO entries SELECT 'k', i, '' FROM n",
    );
    const cut = check(file, { problemsMax: 10 });
    expect(cut.problems).toHaveLength(10);
    expect(cut.more).toBe(true);
    expect(check(file, { problemsMax: 50 })).toMatchObject({ more: false });
  });
});
