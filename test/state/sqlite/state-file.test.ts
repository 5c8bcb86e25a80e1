import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";

import { describe, expect, test } from "vitest";

import { type ErrorCode, StakeoutError } from "../../../src/core/errors.ts";
import { openSqliteStore } from "../../../src/state/sqlite/sqlite-store.ts";
import { commitOf, context, openStore, startMs, temporaryFile, temporaryFolder } from "../fixtures.ts";

const module = new URL("../../../src/state/sqlite/sqlite-store.ts", import.meta.url).href;

/** The code of the error that opening gives, which must name the file and leave the folder as it was. */
function refusal(file: string, readOnly = false): ErrorCode {
  const folder = dirname(file);
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const before = isFolder ? readdirSync(folder) : [];
  let thrown: unknown;
  try {
    openSqliteStore({ file, readOnly });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(StakeoutError);
  const { code, fields, message } = thrown as StakeoutError;
  expect(fields["file"]).toBe(file);
  expect(message).toContain(file);
  expect(isFolder ? readdirSync(folder) : []).toEqual(before);
  return code;
}

describe("opening", () => {
  test("makes a file where there is none, and nothing beside it stays but the lock", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    expect(readdirSync(dirname(file)).sort()).toEqual([basename(file), `${basename(file)}-lock`]);
  });

  test("takes an empty file for a new one", async () => {
    const file = temporaryFile();
    writeFileSync(file, "");
    const store = openStore({ file });
    store.incrementCounter(context(), "k", { amount: 1 });
    await store.commit(commitOf());
    await store.close();
    expect(readFileSync(file).toString("latin1", 0, 15)).toBe("SQLite format 3");
  });

  test("takes nothing from the log that a deleted file left behind", async () => {
    const old = temporaryFile();
    const store = openStore({ file: old });
    store.incrementCounter(context(), "k", { amount: 1 });
    await store.commit(commitOf());
    const file = temporaryFile();
    copyFileSync(`${old}-wal`, `${file}-wal`);
    await store.close();
    const fresh = openStore({ file });
    expect(fresh.clockMs).toBe(0);
    expect(fresh.getCounter(context(), "k")).toBe(0);
    await fresh.close();
  });

  test("gives the copy that another tool made a write-ahead log again", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    const copy = temporaryFile();
    const db = new DatabaseSync(file);
    db.prepare("VACUUM INTO ?").run(copy);
    db.close();
    await openStore({ file: copy }).close();
    const opened = new DatabaseSync(copy);
    expect(opened.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    opened.close();
  });

  test("goes on after a crash while the file was made", async () => {
    const file = temporaryFile();
    writeFileSync(`${file}-new`, "half a database");
    await openStore({ file }).close();
    expect(existsSync(`${file}-new`)).toBe(false);
  });

  test("refuses what is not a SQLite file", () => {
    for (const bytes of ["hello", "x".repeat(4096), "SQLite format 3\0"]) {
      const file = temporaryFile();
      writeFileSync(file, bytes);
      expect(refusal(file)).toBe("STATE_FILE_NOT_A_DATABASE");
      expect(refusal(file, true)).toBe("STATE_FILE_NOT_A_DATABASE");
      expect(readFileSync(file, "latin1")).toBe(bytes);
    }
  });

  test("refuses another program's database, in a journal mode of its own too", () => {
    for (const mode of ["delete", "wal"]) {
      const file = temporaryFile();
      const db = new DatabaseSync(file);
      db.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE items (key)`);
      db.close();
      const before = readFileSync(file);
      expect(refusal(file)).toBe("STATE_FILE_FOREIGN");
      expect(refusal(file, true)).toBe("STATE_FILE_FOREIGN");
      expect(readFileSync(file).equals(before)).toBe(true);
    }
  });

  test("refuses a file of a newer format", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 1000");
    db.close();
    expect(refusal(file)).toBe("STATE_FILE_NEWER");
    expect(refusal(file, true)).toBe("STATE_FILE_NEWER");
  });

  test("refuses a missing folder, and a folder or a file in the place of the other", () => {
    expect(refusal(join(temporaryFolder(), "missing", "state.db"))).toBe("STATE_FILE_UNUSABLE");
    const folder = join(temporaryFolder(), "state.db");
    mkdirSync(folder);
    expect(refusal(folder)).toBe("STATE_FILE_UNUSABLE");
    expect(refusal(folder, true)).toBe("STATE_FILE_UNUSABLE");
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(refusal(join(file, "state.db"))).toBe("STATE_FILE_UNUSABLE");
  });

  test("refuses a damaged file", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    truncateSync(file, 5000);
    expect(refusal(file)).toBe("STATE_FILE_UNUSABLE");
  });

  test("a reader refuses a missing or empty file and makes none", () => {
    const file = temporaryFile();
    expect(refusal(file, true)).toBe("STATE_FILE_NOT_FOUND");
    writeFileSync(file, "");
    expect(refusal(file, true)).toBe("STATE_FILE_NOT_FOUND");
  });
});

test.runIf(process.platform === "linux")("opening refuses a folder where nothing can be made", () => {
  expect(refusal("/proc/stakeout.db")).toBe("STATE_FILE_UNUSABLE");
});

describe("the lock", () => {
  test("keeps a second lane of the same process out until the first has closed", async () => {
    const file = temporaryFile();
    const first = openStore({ file });
    expect(refusal(file)).toBe("STATE_FILE_LOCKED");
    await first.close();
    await openStore({ file }).close();
  });

  test("keeps another process out, and ends with a process that is killed", async () => {
    const file = temporaryFile();
    const script = `
      import { openSqliteStore } from ${JSON.stringify(module)};
      const store = openSqliteStore({ file: ${JSON.stringify(file)} });
      store.incrementCounter({ nowMs: ${startMs} }, "kept", { amount: 1 });
      await store.commit({ clockMs: ${startMs}, positions: [], entries: [] });
      store.incrementCounter({ nowMs: ${startMs} }, "lost", { amount: 1 });
      console.log("open");
      setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(run.stdout, "data");
    expect(refusal(file)).toBe("STATE_FILE_LOCKED");
    run.kill("SIGKILL");
    await once(run, "exit");
    const store = openStore({ file });
    expect(store.getCounter(context(), "kept")).toBe(1);
    expect(store.getCounter(context(), "lost")).toBe(0);
    await store.close();
  });

  test("ends with a lane whose thread is terminated while a fold is going on", async () => {
    const file = temporaryFile();
    const script = `
      const { parentPort } = require("node:worker_threads");
      import(${JSON.stringify(module)}).then(async ({ openSqliteStore }) => {
        const store = openSqliteStore({ file: ${JSON.stringify(file)}, foldFromBytes: 0 });
        for (let batch = 0; ; batch++) {
          for (let i = 0; i < 1000; i++) store.incrementCounter({ nowMs: ${startMs} }, "k" + i, { amount: 1 });
          await store.commit({ clockMs: ${startMs}, positions: [], entries: [] });
          if (batch === 20) parentPort.postMessage("busy");
          await new Promise(setImmediate);
        }
      });`;
    const lane = new Worker(script, { eval: true });
    await once(lane, "message");
    await lane.terminate();
    const store = openStore({ file });
    const counts = store.listItems({ limit: 2000, nowMs: startMs });
    expect(counts).toHaveLength(1000);
    expect(new Set(counts.map(({ count }) => count)).size).toBe(1);
    expect(counts[0]?.count).toBeGreaterThan(20);
    await store.close();
  });
});

describe("a full disk", () => {
  test("fails the commit with nothing of the batch stored, and the store is done with", async () => {
    const file = temporaryFile();
    const store = openStore({ file });
    store.incrementCounter(context(), "k", { amount: 1 });
    await store.commit(commitOf());
    limitPages(store);
    store.incrementCounter(context(), "k", { amount: 1 });
    store.putStringSet(context(), "large", { members: ["x".repeat(60_000)] });
    const position = { source: "s", stream: "t", value: { offset: 1 } };
    expect(() => store.commit(commitOf({ positions: [position] }))).toThrow(
      expect.objectContaining({ code: "STATE_FILE_FULL", fields: { file } }),
    );
    expect(() => store.commit(commitOf())).toThrow(expect.objectContaining({ code: "STATE_FILE_UNUSABLE" }));
    await store.close();
    const again = openStore({ file });
    expect(again.getCounter(context(), "k")).toBe(1);
    expect(again.readPosition("s", "t")).toBeUndefined();
    await again.close();
  });
});

/** Leaves room for no further page, as a full disk does. */
function limitPages(store: object): void {
  const { db } = (store as { parts: { db: DatabaseSync } }).parts;
  const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
  db.exec(`PRAGMA max_page_count = ${pages}`);
}

test("after a read that failed, the batch cannot be committed", async () => {
  const file = temporaryFile();
  const store = openStore({ file });
  (store as unknown as { parts: { db: DatabaseSync } }).parts.db.close();
  expect(() => store.getCounter(context(), "k")).toThrow(
    expect.objectContaining({ code: "STATE_FILE_UNUSABLE", fields: { file } }),
  );
  expect(() => store.commit(commitOf())).toThrow(/can no longer be written/);
  await store.close();
});

describe("a reader", () => {
  test("sees the last commit while a lane has the file, and not what comes after opening", async () => {
    const file = temporaryFile();
    const lane = openStore({ file });
    lane.incrementCounter(context(), "k", { amount: 1 });
    await lane.commit(commitOf({ entries: [{ kind: "alert", key: "a", value: { n: 1 } }] }));
    lane.incrementCounter(context(), "k", { amount: 1 });
    const reader = openStore({ file, readOnly: true });
    expect(reader.getCounter(context(), "k")).toBe(1);
    await lane.commit(commitOf({ entries: [{ kind: "alert", key: "b", value: { n: 2 } }] }));
    expect(reader.listItems({ limit: 9, nowMs: startMs })).toMatchObject([{ key: "k", count: 1 }]);
    expect(reader.listEntries({ kind: "alert", limit: 9 })).toMatchObject([{ key: "a" }]);
    await reader.close();
    const later = openStore({ file, readOnly: true });
    expect(later.getCounter(context(), "k")).toBe(2);
    await later.close();
    await lane.close();
  });

  test("cannot commit, and leaves no file behind", async () => {
    const file = temporaryFile();
    await openStore({ file }).close();
    const before = readdirSync(dirname(file));
    const reader = openStore({ file, readOnly: true });
    reader.incrementCounter(context(), "k", { amount: 1 });
    expect(() => reader.commit(commitOf())).toThrow(expect.objectContaining({ code: "STATE_FILE_UNUSABLE" }));
    await reader.close();
    expect(readdirSync(dirname(file))).toEqual(before);
  });
});
