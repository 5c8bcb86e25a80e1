import type { DatabaseSync } from "node:sqlite";

import { applyChange, type ChangesByKey, collectChanges } from "./item-change.ts";
import { ItemTable } from "./item-table.ts";
import { inTransaction } from "./transaction.ts";

/** How much one step of folding takes on. */
export interface FoldSteps {
  /** Characters of journal that are gathered before items are written: more means fewer writes and more memory. */
  readonly roundCharacters: number;
  /** Items and characters that one transaction writes: a lane that wants to commit waits for one transaction. */
  readonly itemsPerTransaction: number;
  readonly charactersPerTransaction: number;
}

const defaultSteps: FoldSteps = {
  roundCharacters: 16 * 1024 * 1024,
  itemsPerTransaction: 500,
  charactersPerTransaction: 512 * 1024,
};

/** Transactions that delete ended items after each round; what is left is deleted after the next ones. */
const PURGE_TRANSACTIONS_MAX = 50;

interface Round {
  /** Sequence number of its last journal row. */
  readonly through: number;
  /** Items of the table that ended by then can be deleted after this round. */
  readonly clockMs: number;
  readonly changes: ChangesByKey;
}

/**
 * Brings the item table up to the journal rows that are there now and deletes these rows, in short transactions: each
 * `next()` runs one. Answers each time through which journal row everything is folded. It may end anywhere, also by the
 * power: rows are deleted in the transaction that writes their last items, and writing items twice gives the same ones.
 * Only one may run at a time.
 */
export function* foldJournal(db: DatabaseSync, steps: FoldSteps = defaultSteps): Generator<number> {
  const table = new ItemTable(db);
  const newest = db.prepare("SELECT max(seq) AS seq FROM journal").get()?.["seq"];
  if (typeof newest !== "number") return;
  for (let folded = 0; folded < newest;) {
    const round = readRound(db, newest, steps.roundCharacters);
    if (round === undefined) return;
    yield* writeItems({ db, table, steps, round, folded });
    folded = round.through;
    for (let purges = 0; purges < PURGE_TRANSACTIONS_MAX; purges++) {
      const deleted = inTransaction(db, () => table.deleteEnded(round.clockMs, steps.itemsPerTransaction));
      yield folded;
      if (deleted < steps.itemsPerTransaction) break;
    }
  }
}

function readRound(db: DatabaseSync, newest: number, charactersMax: number): Round | undefined {
  const changes: ChangesByKey = new Map();
  let last: { through: number; clockMs: number } | undefined;
  let characters = 0;
  const rows = db.prepare("SELECT seq, clock_ms, changes FROM journal WHERE seq <= ? ORDER BY seq");
  for (const row of rows.iterate(newest)) {
    const text = String(row["changes"]);
    collectChanges(changes, text);
    last = { through: Number(row["seq"]), clockMs: Number(row["clock_ms"]) };
    characters += text.length;
    if (characters >= charactersMax) break;
  }
  return last === undefined ? undefined : { ...last, changes };
}

interface Writing {
  readonly db: DatabaseSync;
  readonly table: ItemTable;
  readonly steps: FoldSteps;
  readonly round: Round;
  readonly folded: number;
}

function* writeItems({ db, table, steps, round, folded }: Writing): Generator<number> {
  // In key order neighbours share a page, which is then written once.
  const keys = [...round.changes.keys()].sort();
  let next = 0;
  do {
    inTransaction(db, () => {
      const end = Math.min(keys.length, next + steps.itemsPerTransaction);
      for (let characters = 0; next < end && characters < steps.charactersPerTransaction; next++) {
        characters += writeItem(table, round.changes, keys[next] ?? "");
      }
      if (next === keys.length) deleteRows(db, round.through);
    });
    yield next === keys.length ? round.through : folded;
  } while (next < keys.length);
}

function writeItem(table: ItemTable, changesByKey: ChangesByKey, key: string): number {
  const item = table.read(key);
  for (const change of changesByKey.get(key) ?? []) applyChange(item, change);
  return table.write(item);
}

function deleteRows(db: DatabaseSync, through: number): void {
  db.prepare("DELETE FROM journal WHERE seq <= ?").run(through);
  db.prepare("UPDATE meta SET value = ? WHERE name = 'folded_through'").run(through);
}
