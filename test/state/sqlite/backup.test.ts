import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { type BackupOptions, backupStateFile } from "../../../src/state/sqlite/backup.ts";
import { commitOf, context, openStore, temporaryFile, temporaryFolder, type TestStore } from "../fixtures.ts";
import { fold, problemsOf } from "./check-fixtures.ts";

/** So many items that copying them takes several steps. */
const items = 14;

/** A batch that changes all at once, so that anything but one commit would show. */
async function commitRound(store: TestStore, round: number): Promise<void> {
  for (let index = 0; index < items; index++) {
    const value = { round, filling: "x".repeat(1_000_000) };
    store.putDictionary(context(), `k${index}`, { value });
  }
  const position = { source: "s", stream: "t", value: { round } };
  await store.commit(
    commitOf({ positions: [position], entries: [{ kind: "alert", key: "a", value: { round } }] }),
  );
}

function roundsIn(store: TestStore): ReadonlySet<unknown> {
  return new Set([
    ...Array.from({ length: items }, (_, index) => store.getDictionary(context(), `k${index}`)["round"]),
    store.readPosition("s", "t")?.["round"],
    store.readEntry("alert", "a")?.["round"],
  ]);
}

async function smallFile(): Promise<string> {
  const file = temporaryFile();
  const store = openStore({ file });
  store.incrementCounter(context(), "k", { amount: 1 });
  await store.commit(commitOf());
  await store.close();
  return file;
}

function backUp(options: Pick<BackupOptions, "file" | "target"> & Partial<BackupOptions>): Promise<void> {
  return backupStateFile({ replace: false, ...options });
}

function namesBeside(file: string): readonly string[] {
  return readdirSync(dirname(file)).sort();
}

describe("a copy", () => {
  test("is that of one commit, though a lane commits and folds while it is made, and can be gone on from", async () => {
    const file = temporaryFile();
    const store = openStore({ file });
    await commitRound(store, 1);
    fold(file);
    await commitRound(store, 2);
    const target = temporaryFile();
    const progress: number[] = [];
    const rounds: Promise<void>[] = [];
    await backUp({
      file,
      target,
      onProgress: (done, total) => {
        progress.push(done / total);
        // A copy that began anew with each commit would never end.
        if (progress.length > 20) return;
        rounds.push(commitRound(store, 2 + progress.length));
        fold(file);
      },
    });
    await Promise.all(rounds);
    expect(progress.length).toBeGreaterThan(1);
    expect([...progress].sort((left, right) => left - right)).toEqual(progress);
    expect(roundsIn(store)).toEqual(new Set([2 + progress.length]));
    await store.close();
    expect(problemsOf(target)).toEqual([]);
    const copy = openStore({ file: target });
    expect(roundsIn(copy)).toEqual(new Set([2]));
    await commitRound(copy, 1000);
    await copy.close();
    const again = openStore({ file: target });
    expect(roundsIn(again)).toEqual(new Set([1000]));
    await again.close();
    expect(problemsOf(target)).toEqual([]);
  });

  test("leaves nothing beside itself, and has the permissions of the file", async () => {
    const file = await smallFile();
    chmodSync(file, 0o640);
    const target = temporaryFile();
    await backUp({ file, target });
    expect(namesBeside(target)).toEqual(["state.db"]);
    expect(statSync(target).mode & 0o777).toBe(0o640);
  });

  test("takes the place of what a backup that was killed left behind", async () => {
    const file = await smallFile();
    const target = temporaryFile();
    for (const name of ["", "-journal", "-wal"]) writeFileSync(`${target}.unfinished${name}`, "half a file");
    await backUp({ file, target });
    expect(namesBeside(target)).toEqual(["state.db"]);
    expect(problemsOf(target)).toEqual([]);
  });

  test("replaces an earlier one where that is allowed", async () => {
    const file = await smallFile();
    const target = temporaryFile();
    writeFileSync(target, "an earlier one");
    await backUp({ file, target, replace: true });
    expect(problemsOf(target)).toEqual([]);
  });
});

describe("a copy is refused, and nothing changed,", () => {
  async function refusal(options: Pick<BackupOptions, "file" | "target" | "replace">): Promise<string> {
    const folder = dirname(options.target);
    const isFolder = existsSync(folder);
    const before = isFolder ? namesBeside(options.target) : [];
    const error: unknown = await backUp(options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isFolder ? namesBeside(options.target) : []).toEqual(before);
    return error instanceof Error && "code" in error
      ? `${String(error.code)}: ${error.message}`
      : String(error);
  }

  test("where a file is in the way", async () => {
    const file = await smallFile();
    const target = temporaryFile();
    writeFileSync(target, "dear");
    expect(await refusal({ file, target, replace: false })).toMatch(/^OUTPUT_UNWRITABLE: .*--force/);
    expect(readFileSync(target, "utf8")).toBe("dear");
  });

  test("onto the file itself, by another name too", async () => {
    const file = await smallFile();
    const link = join(temporaryFolder(), "link.db");
    symlinkSync(file, link);
    for (const target of [file, link]) {
      expect(await refusal({ file, target, replace: true })).toMatch(
        /^OUTPUT_UNWRITABLE: .*the state file itself/,
      );
    }
    expect(problemsOf(file)).toEqual([]);
  });

  test("onto a file that a run has open", async () => {
    const file = await smallFile();
    const target = temporaryFile();
    const store = openStore({ file: target });
    store.incrementCounter(context(), "k", { amount: 5 });
    await store.commit(commitOf());
    expect(await refusal({ file, target, replace: true })).toMatch(/^OUTPUT_UNWRITABLE: .*-wal/);
    expect(store.getCounter(context(), "k")).toBe(5);
    await store.close();
  });

  test("onto a folder, and into one that is missing", async () => {
    const file = await smallFile();
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a"));
    const onto = await refusal({ file, target: join(folder, "a"), replace: true });
    expect(onto).toMatch(/^OUTPUT_UNWRITABLE: .*folder/);
    const into = await refusal({ file, target: join(folder, "b", "c.db"), replace: false });
    expect(into).toMatch(/^OUTPUT_UNWRITABLE: .*c\.db/);
  });

  test("of no state file", async () => {
    const target = temporaryFile();
    const missing = join(temporaryFolder(), "none.db");
    expect(await refusal({ file: missing, target, replace: false })).toMatch(/^STATE_FILE_NOT_FOUND/);
    const text = temporaryFile();
    writeFileSync(text, "x".repeat(5000));
    expect(await refusal({ file: text, target, replace: false })).toMatch(/^STATE_FILE_NOT_A_DATABASE/);
  });

  test("of a damaged file", async () => {
    const file = await smallFile();
    truncateSync(file, 5000);
    const target = temporaryFile();
    expect(await refusal({ file, target, replace: false })).toMatch(/^STATE_FILE_UNUSABLE/);
  });
});
