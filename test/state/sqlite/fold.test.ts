import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { foldJournal } from "../../../src/state/sqlite/fold.ts";
import type { Item } from "../../../src/state/store.ts";
import {
  commitOf,
  context,
  idleFolder,
  openStore,
  startMs,
  steppedFolder,
  temporaryFile,
  type TestStore,
} from "../fixtures.ts";

const smallSteps = { roundCharacters: 300, itemsPerTransaction: 2, charactersPerTransaction: 100 };

function at(seconds: number): ReturnType<typeof context> {
  return context({ nowMs: startMs + seconds * 1000 });
}

/** Some commits with every kind of change. Answers the items after them. */
async function someCommits(file: string): Promise<readonly Item[]> {
  const store = openStore({ file });
  const commit = (seconds: number): unknown => store.commit(commitOf({ clockMs: startMs + seconds * 1000 }));
  for (const key of ["a", "b", "c", "d", "e"]) {
    store.incrementCounter(at(0), key, { amount: 1 });
    store.putStringSet(at(0), key, { members: Array.from({ length: 9 }, (_, index) => `${key}${index}`) });
  }
  store.setKeyExpiration(at(0), "e", startMs + 10_000);
  store.setKeyExpiration(at(0), "d", startMs + 10_000);
  await commit(0);
  store.addToStringSet(at(5), "a", { members: ["more"] });
  store.removeFromStringSet(at(5), "a", { members: ["a1"] });
  store.putDictionary(at(5), "b", { value: { x: 1 } });
  // Moved on before it ends, so it must survive the fold of the first commit, whose clock is later than its first end.
  store.setKeyExpiration(at(5), "d", startMs + 90_000);
  await commit(20);
  store.deleteItem("c");
  store.incrementCounter(at(30), "e", { amount: 7 });
  store.resetStringSet(at(30), "b");
  await commit(30);
  const items = store.listItems({ limit: 99, nowMs: startMs + 30_000 });
  await store.close();
  return items;
}

async function itemsOf(store: TestStore): Promise<readonly Item[]> {
  const items = store.listItems({ limit: 99, nowMs: startMs + 30_000 });
  await store.close();
  return items;
}

function journalRows(db: DatabaseSync): number {
  return Number(db.prepare("SELECT count(*) AS n FROM journal").get()?.["n"]);
}

describe("folding", () => {
  test("brings the items into the table and empties the journal", async () => {
    const file = temporaryFile();
    const items = await someCommits(file);
    expect(items.map(({ key }) => key)).toEqual(["a", "b", "d", "e"]);
    const db = new DatabaseSync(file);
    expect([...foldJournal(db)].at(-1)).toBe(3);
    expect(journalRows(db)).toBe(0);
    expect(
      db
        .prepare("SELECT key FROM items ORDER BY key")
        .all()
        .map(({ key }) => key),
    ).toEqual(["a", "b", "d", "e"]);
    db.close();
    expect(await itemsOf(openStore({ file }))).toEqual(items);
  });

  test("may be cut off after any of its transactions, and readers see the same all along", async () => {
    const file = temporaryFile();
    const items = await someCommits(file);
    const db = new DatabaseSync(file);
    let transactions = 0;
    for (let cut = 1; journalRows(db) > 0; cut++) {
      // Each round begins anew, as after a crash, and comes one transaction further.
      const folding = foldJournal(db, smallSteps);
      for (let step = 0; step < cut; step++) {
        if (folding.next().done === true) break;
        transactions++;
        expect(await itemsOf(openStore({ file, readOnly: true }))).toEqual(items);
      }
      folding.return(0);
      expect(await itemsOf(openStore({ file }))).toEqual(items);
    }
    expect(transactions).toBeGreaterThan(8);
    db.close();
  });

  test("deletes items that had ended by the last folded commit, a few at a time", async () => {
    const file = temporaryFile();
    const store = openStore({ file });
    for (let index = 0; index < 25; index++) {
      store.incrementCounter(context(), `k${index}`, {
        amount: 1,
        expiresAtMs: startMs + (index < 20 ? 1000 : 9000),
      });
    }
    await store.commit(commitOf({ clockMs: startMs }));
    await store.commit(commitOf({ clockMs: startMs + 5000 }));
    store.incrementCounter(context({ nowMs: startMs + 5000 }), "late", { amount: 1 });
    await store.commit(commitOf({ clockMs: startMs + 6000 }));
    await store.close();
    const db = new DatabaseSync(file);
    const results = [
      ...foldJournal(db, { ...smallSteps, roundCharacters: 1_000_000, itemsPerTransaction: 10 }),
    ];
    expect(db.prepare("SELECT count(*) AS n FROM items").get()).toEqual({ n: 6 });
    expect(results.length).toBeGreaterThan(4);
    db.close();
  });

  test("of a commit in several rows deletes nothing that a later row of it keeps alive", async () => {
    const file = temporaryFile();
    const store = openStore({ file });
    store.incrementCounter(context(), "z", { amount: 5, expiresAtMs: startMs + 1000 });
    await store.commit(commitOf());
    for (let index = 0; index < 40; index++) {
      store.putStringSet(context(), `large${index}`, {
        members: ["x".repeat(60_000), "y".repeat(400_000)],
      });
    }
    // Its change comes last, in another row than the first ones.
    store.setKeyExpiration(context(), "z", startMs + 90_000);
    await store.commit(commitOf({ clockMs: startMs + 5000 }));
    await store.close();
    const db = new DatabaseSync(file);
    expect(journalRows(db)).toBeGreaterThan(2);
    const folding = foldJournal(db, {
      roundCharacters: 1,
      itemsPerTransaction: 1000,
      charactersPerTransaction: 1e9,
    });
    while (folding.next().done !== true) {
      const left = openStore({ file, readOnly: true });
      expect(left.getCounter(context({ nowMs: startMs + 5000 }), "z")).toBe(5);
      await left.close();
    }
    db.close();
  });

  test("of an empty journal does nothing", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    const db = new DatabaseSync(file);
    expect([...foldJournal(db)]).toEqual([]);
    db.close();
  });

  test("never uses the number of a commit twice, also when the journal was folded in between", async () => {
    const file = temporaryFile();
    for (let run = 1; run <= 3; run++) {
      const store = openStore({ file, createFolder: steppedFolder });
      store.incrementCounter(context(), "k", { amount: 1 });
      await store.commit(commitOf());
      await store.close();
      const db = new DatabaseSync(file);
      expect([...foldJournal(db)].at(-1)).toBe(run);
      db.close();
    }
  });
});

test("a large set that gains a member writes that member, commit after commit", async () => {
  const file = temporaryFile();
  const store = openStore({ file });
  store.putStringSet(context(), "k", {
    members: Array.from({ length: 1000 }, (_, index) => `member ${index}`),
  });
  await store.commit(commitOf());
  for (let round = 0; round < 5; round++) {
    store.addToStringSet(context(), "k", { members: [`new ${round}`, "member 1"] });
    store.removeFromStringSet(context(), "k", { members: [`member ${500 + round}`, "none"] });
    await store.commit(commitOf());
  }
  await store.close();
  const db = new DatabaseSync(file);
  const rows = db.prepare("SELECT changes FROM journal WHERE seq > 1 ORDER BY seq").all();
  expect(rows.map(({ changes }) => JSON.parse(String(changes)) as unknown)).toEqual(
    [0, 1, 2, 3, 4].map((round) => [
      { key: "k", added: [`new ${round}`], removed: [`member ${500 + round}`] },
    ]),
  );
  db.close();
});

describe("a lane beside a fold", () => {
  test("never takes an item from the table that it changed after the fold had read the journal", async () => {
    const file = temporaryFile();
    const folder = steppedFolder(file);
    const store = openStore({ file, createFolder: () => folder, cacheBytesMax: 0 });
    const count = (amount = 1): unknown => store.incrementCounter(context(), "k", { amount });
    count();
    await store.commit(commitOf());
    folder.step(1);
    count();
    await store.commit(commitOf());
    count();
    folder.step();
    folder.tell();
    // The first commit is folded now, the second is not, the third change is not even committed.
    await store.commit(commitOf());
    expect(count(0)).toBe(3);
    folder.step();
    folder.tell();
    await store.commit(commitOf());
    expect(count(0)).toBe(3);
    await store.close();
    const again = openStore({ file });
    expect(again.getCounter(context(), "k")).toBe(3);
    await again.close();
  });

  test("forgets what the journal held at opening once that is folded", async () => {
    const file = temporaryFile();
    const first = openStore({ file });
    first.incrementCounter(context(), "k", { amount: 1 });
    await first.commit(commitOf());
    await first.close();
    const folder = steppedFolder(file);
    const store = openStore({ file, createFolder: () => folder, cacheBytesMax: 0 });
    expect(store.incrementCounter(context(), "k", { amount: 1 })).toBe(2);
    await store.commit(commitOf());
    folder.step();
    folder.tell();
    await store.commit(commitOf());
    for (const key of ["a", "b", "c"]) store.getCounter(context(), key);
    expect(store.getCounter(context(), "k")).toBe(2);
    await store.close();
  });

  test("folds by itself when the thread has failed, and goes on", async () => {
    const file = temporaryFile();
    const folder = idleFolder({ failure: "gone" });
    const store = openStore({ file, createFolder: () => folder, foldFromBytes: 1, cacheBytesMax: 0 });
    for (let round = 1; round <= 5; round++) {
      expect(store.incrementCounter(context(), "k", { amount: 1 })).toBe(round);
      await store.commit(commitOf());
    }
    await store.close();
    const db = new DatabaseSync(file);
    expect(journalRows(db)).toBe(1);
    db.close();
  });

  test("waits at a commit while the journal is longer than its limit, and no longer", async () => {
    const file = temporaryFile();
    const folder = steppedFolder(file);
    const waits: number[] = [];
    folder.moved = async () => {
      waits.push(journalBytes(file));
      folder.step(1);
      folder.tell();
    };
    const journalBytesMax = 150;
    const store = openStore({ file, createFolder: () => folder, limits: { journalBytesMax } });
    for (let round = 0; round < 20; round++) {
      // Two bytes in UTF-8 for each of its units: the limit is one of bytes.
      store.incrementCounter(context(), `${"é".repeat(10)}${round}`, { amount: 1 });
      await store.commit(commitOf());
      expect(journalBytes(file)).toBeLessThanOrEqual(journalBytesMax);
    }
    expect(waits.length).toBeGreaterThan(10);
    expect(waits.every((bytes) => bytes > journalBytesMax)).toBe(true);
    await store.close();
  });

  test("stops waiting when folding fails, and goes on with folding by itself", async () => {
    const file = temporaryFile();
    const folder = {
      ...idleFolder(),
      failure: undefined as string | undefined,
      moved: async () => {
        folder.failure = "gone";
      },
    };
    const store = openStore({
      file,
      createFolder: () => folder,
      limits: { journalBytesMax: 10 },
      foldFromBytes: 10,
    });
    for (let round = 1; round <= 3; round++) {
      expect(store.incrementCounter(context(), "k", { amount: 1 })).toBe(round);
      await store.commit(commitOf());
    }
    await store.close();
    const db = new DatabaseSync(file);
    expect(journalRows(db)).toBe(1);
    db.close();
  });

  test("waits at the next commit for a journal that was too long when the file was opened", async () => {
    const file = temporaryFile();
    const first = openStore({ file });
    first.putStringSet(context(), "k", { members: ["x".repeat(1000)] });
    await first.commit(commitOf());
    await first.close();
    const folder = steppedFolder(file);
    folder.moved = async () => {
      folder.step();
      folder.tell();
    };
    const store = openStore({ file, createFolder: () => folder, limits: { journalBytesMax: 500 } });
    await store.commit(commitOf());
    expect(journalBytes(file)).toBe(0);
    await store.close();
  });
});

function journalBytes(file: string): number {
  const db = new DatabaseSync(file);
  const row = db
    .prepare("SELECT coalesce(sum(length(CAST(changes AS BLOB))), 0) AS bytes FROM journal")
    .get();
  db.close();
  return Number(row?.["bytes"]);
}
