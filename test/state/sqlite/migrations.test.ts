import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, test } from "vitest";

import { migrate, migrations, SCHEMA_VERSION } from "../../../src/state/sqlite/migrations.ts";
import { commitOf, context, olderFile, openStore, temporaryFile } from "../fixtures.ts";

function versionOf(db: DatabaseSync): unknown {
  return db.prepare("PRAGMA user_version").get()?.["user_version"];
}

/** The version in the first bytes of a file, where another Stakeout looks before it opens it. */
function versionInHeader(file: string): number {
  return readFileSync(file).readUInt32BE(60);
}

function schemaOf(file: string): unknown {
  const db = new DatabaseSync(file);
  const schema = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
  const meta = db.prepare("SELECT name FROM meta ORDER BY name").all();
  db.close();
  return { schema, meta };
}

describe("a file of an older format", () => {
  test("is brought up to date by the lane that opens it, in the first bytes of the file at once", async () => {
    const file = await olderFile();
    expect(versionInHeader(file)).toBe(1);
    const store = openStore({ file });
    expect(versionInHeader(file)).toBe(SCHEMA_VERSION);
    expect(store.getCounter(context(), "k")).toBe(3);
    await store.close();
  });

  test("becomes what a new file is", async () => {
    const file = await olderFile();
    await openStore({ file }).close();
    const fresh = temporaryFile();
    await openStore({ file: fresh }).close();
    expect(schemaOf(file)).toEqual(schemaOf(fresh));
    expect(versionInHeader(fresh)).toBe(SCHEMA_VERSION);
  });

  test("is read as it is", async () => {
    const file = await olderFile();
    const reader = openStore({ file, readOnly: true });
    expect(reader.getCounter(context(), "k")).toBe(3);
    await reader.close();
    expect(versionInHeader(file)).toBe(1);
  });

  test.each([
    ["with a journal", false, 3],
    ["with everything folded", true, 3],
  ])("%s knows the number of its newest row", async (_, folded, seq) => {
    const file = await olderFile({ folded });
    const store = openStore({ file });
    store.incrementCounter(context(), "k", { amount: 1 });
    await store.commit(commitOf());
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare("SELECT value FROM meta WHERE name = 'last_seq'").get()).toEqual({ value: seq + 1 });
    expect(db.prepare("SELECT max(seq) AS seq FROM journal").get()).toEqual({ seq: seq + 1 });
    db.close();
  });
});

describe("steps", () => {
  const next = [...migrations, "CREATE TABLE one (a)", "INSERT INTO one VALUES (7)"];

  test("run in their order, each once, and a file that has them all is left alone", async () => {
    const db = new DatabaseSync(await olderFile());
    expect(migrate(db, next)).toBe(next.length);
    expect(versionOf(db)).toBe(next.length + 1);
    expect(db.prepare("SELECT a FROM one").all()).toEqual([{ a: 7 }]);
    expect(migrate(db, next)).toBe(0);
    expect(db.prepare("SELECT a FROM one").all()).toEqual([{ a: 7 }]);
    db.close();
  });

  test("leave nothing of one that fails, keep those before it, and go on from there", async () => {
    const db = new DatabaseSync(await olderFile());
    const broken = [...next.slice(0, -1), "INSERT INTO one VALUES (1); INSERT INTO nowhere VALUES (1)"];
    expect(() => migrate(db, broken)).toThrow(/nowhere/);
    expect(versionOf(db)).toBe(next.length);
    expect(db.prepare("SELECT a FROM one").all()).toEqual([]);
    expect(migrate(db, next)).toBe(1);
    expect(db.prepare("SELECT a FROM one").all()).toEqual([{ a: 7 }]);
    db.close();
  });
});

test("a file that a newer Stakeout has just brought up to date is refused, though its first bytes are old", async () => {
  const file = temporaryFile();
  await openStore({ file }).close();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  expect(versionInHeader(file)).toBe(SCHEMA_VERSION);
  for (const readOnly of [false, true]) {
    expect(() => openStore({ file, readOnly })).toThrow(
      expect.objectContaining({ code: "STATE_FILE_NEWER", fields: { file, version: SCHEMA_VERSION + 1 } }),
    );
  }
  newer.close();
});
