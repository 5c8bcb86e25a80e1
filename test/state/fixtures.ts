import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { onTestFinished } from "vitest";

import type { Position } from "../../src/core/position.ts";
import { Evaluation } from "../../src/state/evaluation.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import { foldJournal } from "../../src/state/sqlite/fold.ts";
import type { Folder } from "../../src/state/sqlite/fold-worker.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../src/state/sqlite/sqlite-store.ts";
import type { Commit, OperationContext, StateStore } from "../../src/state/store.ts";

export const startMs: number = Date.UTC(2026, 0, 1);
export const position: Position = { source: "test", stream: "stream", offset: 0 };

/** A folder that is removed when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function temporaryFile(): string {
  return join(temporaryFolder(), "state.db");
}

/** A file of format 1 with three journal rows, folded or not: the item `k` counts to 3. */
export async function olderFile({ folded = false }: { folded?: boolean } = {}): Promise<string> {
  const file = temporaryFile();
  const store = openStore({ file });
  for (let row = 0; row < 3; row++) {
    store.incrementCounter(context(), "k", { amount: 1 });
    await store.commit(commitOf());
  }
  await store.close();
  const db = new DatabaseSync(file);
  if (folded) for (const _through of foldJournal(db));
  db.exec("DELETE FROM meta WHERE name = 'last_seq'; PRAGMA user_version = 1");
  db.close();
  return file;
}

type AnswersAtOnce<T> = {
  [Name in keyof T]: T[Name] extends (...parts: infer Parts) => infer Answer
    ? (...parts: Parts) => Awaited<Answer>
    : T[Name];
};

/** A store in this process: only commit and close may take their time. */
export type TestStore = AnswersAtOnce<Omit<StateStore, "commit" | "close">> &
  Pick<StateStore, "commit" | "close">;

export function memoryStore(): TestStore {
  return createMemoryStore() as TestStore;
}

/** A SQLite store that nobody folds unless the test says so. */
export function openStore(options: Partial<SqliteStoreOptions> = {}): TestStore {
  const { file = temporaryFile() } = options;
  return openSqliteStore({ createFolder: () => idleFolder(), ...options, file }) as TestStore;
}

/** A folder that never folds. */
export function idleFolder(parts: Partial<Folder> = {}): Folder {
  return {
    request: () => {},
    foldedThrough: 0,
    failure: undefined,
    poll: () => {},
    moved: async () => {},
    whileLaneWrites: (write) => write(),
    stop: async () => {},
    ...parts,
  };
}

/** A folder that works in steps of the test's choice, on its own connection as the thread does. */
export interface SteppedFolder extends Folder {
  /** Runs so many of the transactions that are left; without a number, all of them. */
  step(transactions?: number): void;
  /** Lets the lane know how far folding has come. */
  tell(): void;
}

export function steppedFolder(file: string): SteppedFolder {
  let db: DatabaseSync | undefined;
  const steps = { roundCharacters: 1, itemsPerTransaction: 1, charactersPerTransaction: 1 };
  let running: Generator<number> | undefined;
  let through = 0;
  const folder = {
    ...idleFolder({
      stop: async () => {
        if (db?.isOpen === true) db.close();
      },
    }),
    step(transactions = Number.POSITIVE_INFINITY) {
      db ??= new DatabaseSync(file);
      running ??= foldJournal(db, steps);
      for (let step = 0; step < transactions; step++) {
        const next = running.next();
        if (next.done === true) {
          running = undefined;
          return;
        }
        through = next.value;
      }
    },
    tell() {
      folder.foldedThrough = through;
    },
    foldedThrough: 0,
  };
  return folder;
}

export function context(parts: Partial<OperationContext> = {}): OperationContext {
  return { position, ruleId: "Test.Rule", sequence: 1, nowMs: startMs, ...parts };
}

export function commitOf(parts: Partial<Commit> = {}): Commit {
  return { clockMs: startMs, positions: [], entries: [], ...parts };
}

/** An evaluation as a lane holds it, on a memory store unless told otherwise. */
export function newEvaluation(parts: { store?: StateStore; limits?: Evaluation["limits"] } = {}): Evaluation {
  return new Evaluation(parts.store ?? createMemoryStore(), parts.limits);
}
