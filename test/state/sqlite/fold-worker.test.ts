import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { createFoldWorker } from "../../../src/state/sqlite/fold-worker.ts";
import { commitOf, context, openStore, startMs, temporaryFile } from "../fixtures.ts";

async function fileWithJournal(): Promise<string> {
  const file = temporaryFile();
  const store = openStore({ file });
  for (let index = 0; index < 2000; index++) store.incrementCounter(context(), `k${index}`, { amount: 1 });
  await store.commit(commitOf());
  await store.close();
  return file;
}

describe("the folding thread", () => {
  test("folds what is in the journal and tells how far it has come", async () => {
    const file = await fileWithJournal();
    const folder = createFoldWorker(file);
    folder.request();
    while (folder.foldedThrough === 0) await folder.moved();
    await folder.stop();
    const db = new DatabaseSync(file);
    expect(
      db
        .prepare("SELECT (SELECT count(*) FROM items) AS items, (SELECT count(*) FROM journal) AS rows")
        .get(),
    ).toEqual({
      items: 2000,
      rows: 0,
    });
    db.close();
  });

  test("says so when it cannot work", async () => {
    const file = temporaryFile();
    writeFileSync(file, "not a database at all");
    const folder = createFoldWorker(file);
    folder.request();
    while (folder.failure === undefined) await folder.moved();
    expect(folder.failure).toContain("not a database");
    await folder.stop();
  });

  test("says so when a fold fails", async () => {
    const file = await fileWithJournal();
    const db = new DatabaseSync(file);
    db.exec("UPDATE journal SET changes = 'broken'");
    db.close();
    const folder = createFoldWorker(file);
    folder.request();
    while (folder.failure === undefined) await folder.moved();
    expect(folder.failure).toContain("JSON");
    await folder.stop();
  });

  test("may be stopped at any time", async () => {
    const file = await fileWithJournal();
    const folder = createFoldWorker(file);
    folder.request();
    await folder.stop();
    const store = openStore({ file });
    expect(store.listItems({ limit: 3000, nowMs: startMs })).toHaveLength(2000);
    await store.close();
  });

  test("does not keep a process alive", async () => {
    const file = await fileWithJournal();
    const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL("../../../src/state/sqlite/sqlite-store.ts", import.meta.url).href)};
      const store = openSqliteStore({ file: ${JSON.stringify(file)}, foldFromBytes: 0 });
      store.incrementCounter({ nowMs: ${startMs} }, "k", { amount: 1 });
      await store.commit({ clockMs: ${startMs}, positions: [], entries: [] });`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(run).toMatchObject({ status: 0, stderr: "" });
    rmSync(`${file}-lock`);
  });
});

describe("a store with its thread", () => {
  test("holds the truth over many commits, with a small journal and no cache", async () => {
    const file = temporaryFile();
    const options = { file, foldFromBytes: 1000, limits: { journalBytesMax: 20_000 }, cacheBytesMax: 0 };
    const store = openStore({ ...options, createFolder: createFoldWorker });
    const counts = new Map<string, number>();
    for (let round = 0; round < 60; round++) {
      for (let index = 0; index < 50; index++) {
        const key = `k${(index * 7 + round * 13) % 300}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        expect(store.incrementCounter(context(), key, { amount: 1 })).toBe(counts.get(key));
      }
      await store.commit(commitOf());
    }
    await store.close();
    const again = openStore({ ...options, createFolder: createFoldWorker });
    for (const [key, count] of counts) expect(again.getCounter(context(), key)).toBe(count);
    await again.close();
  });
});
