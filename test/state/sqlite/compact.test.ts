import { readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { compactStateFile } from "../../../src/state/sqlite/compact.ts";
import { commitOf, context, olderFile, openStore, startMs, temporaryFile } from "../fixtures.ts";
import { filledFile, problemsOf } from "./check-fixtures.ts";

function rowsOf(file: string, table: string): number {
  const db = new DatabaseSync(file);
  const row = db.prepare(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return Number(row?.["n"]);
}

describe("compacting", () => {
  test("folds the journal and changes nothing of what is remembered", async () => {
    const file = await filledFile();
    const itemsNow = async (): Promise<unknown> => {
      const store = openStore({ file, readOnly: true });
      const items = store.listItems({ limit: 99, nowMs: startMs });
      await store.close();
      return items;
    };
    const before = await itemsNow();
    expect(compactStateFile(file)).toBe(2);
    expect(await itemsNow()).toEqual(before);
    expect(rowsOf(file, "journal")).toBe(0);
    expect(problemsOf(file)).toEqual([]);
    expect(compactStateFile(file)).toBe(0);
  });

  test("deletes what has ended by the engine clock, and gives the room back", async () => {
    const file = temporaryFile();
    const store = openStore({ file });
    for (let index = 0; index < 12_000; index++) {
      const expiresAtMs = startMs + (index % 1000 === 0 ? 1001 : 1000);
      store.putStringSet(context(), `k${index}`, { members: ["x".repeat(100)], expiresAtMs });
    }
    await store.commit(commitOf());
    // Time goes on without a change of state, so folding alone would keep them.
    await store.commit(commitOf({ clockMs: startMs + 1000 }));
    await store.close();
    const { size } = statSync(file);
    compactStateFile(file);
    expect(rowsOf(file, "items")).toBe(12);
    expect(statSync(file).size).toBeLessThan(size / 10);
    expect(problemsOf(file)).toEqual([]);
  });

  test("goes on with the numbers of commits where they were", async () => {
    const file = await filledFile();
    compactStateFile(file);
    const store = openStore({ file });
    store.incrementCounter(context(), "count", { amount: 1 });
    await store.commit(commitOf());
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare("SELECT seq FROM journal").all()).toEqual([{ seq: 4 }]);
    db.close();
    expect(problemsOf(file)).toEqual([]);
  });

  test("brings an older file up to date, and leaves only the lock beside it", async () => {
    const file = await olderFile();
    compactStateFile(file);
    expect(problemsOf(file)).toEqual([]);
    expect(readdirSync(dirname(file)).sort()).toEqual(["state.db", "state.db-lock"]);
  });

  test("works beside a reader, which sees its commit to the end", async () => {
    const file = await filledFile();
    const reader = openStore({ file, readOnly: true });
    const before = reader.listItems({ limit: 99, nowMs: startMs });
    compactStateFile(file);
    expect(reader.listItems({ limit: 99, nowMs: startMs })).toEqual(before);
    expect(reader.getCounter(context(), "count")).toBe(4);
    await reader.close();
    expect(problemsOf(file)).toEqual([]);
  });

  test("is refused while a lane has the file", async () => {
    const file = await filledFile();
    const lane = openStore({ file });
    expect(() => compactStateFile(file)).toThrow(expect.objectContaining({ code: "STATE_FILE_LOCKED" }));
    await lane.close();
  });

  test("of a damaged file says so, and lets the lock go", async () => {
    const file = await filledFile();
    const db = new DatabaseSync(file);
    db.exec("UPDATE journal SET changes = 'x'");
    db.close();
    const refused = expect.objectContaining({ code: "STATE_FILE_UNUSABLE", fields: { file } });
    expect(() => compactStateFile(file)).toThrow(refused);
    expect(() => compactStateFile(file)).toThrow(refused);
  });
});
