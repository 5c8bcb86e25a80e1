import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Bench, Ended } from "./fixtures.ts";
import { countedKeys } from "./stream.ts";

/**
 * What a process was doing when it was killed, by what it left on the disk: `start-up` where it had written nothing to the
 * state yet, `commit` where lines are in files that no commit knows of, `fold` where the item table is half of one round and
 * half of another, `delivery` where committed deliveries had not arrived, `reading` where none of this is so.
 */
export type Phase = "start-up" | "reading" | "commit" | "fold" | "delivery";

export interface Left {
  readonly phase: Phase;
  /** True when the journal is so long that the next run begins with folding it. */
  readonly foldDue: boolean;
}

const foldFromBytes = 8 * 1024 * 1024;

/** Looks at a copy, because opening the state file would recover it before the next run does. */
export function whatIsLeft(bench: Bench, name: string, killed: Ended): Left {
  if (!existsSync(bench.pathOf(name, "state.db"))) return { phase: "start-up", foldDue: false };
  const copy = mkdtempSync(join(bench.folder, "copy-"));
  try {
    for (const file of ["state.db", "state.db-wal"] as const) {
      const from = bench.pathOf(name, file);
      if (existsSync(from)) copyFileSync(from, join(copy, file));
    }
    using db = new DatabaseSync(join(copy, "state.db"));
    return { phase: phaseOf(db, killed), foldDue: journalBytes(db) >= foldFromBytes };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function phaseOf(db: DatabaseSync, { written, stdout }: Ended): Phase {
  if (!written.has("state.db-wal")) return "start-up";
  if (outputFiles(db).some(({ path, bytes }) => statSync(path).size > bytes)) return "commit";
  if (foldedCount(db, countedKeys.first) !== foldedCount(db, countedKeys.last)) return "fold";
  return outboxIds(db).some((id) => !stdout.includes(`"${id}"`)) ? "delivery" : "reading";
}

function outputFiles(db: DatabaseSync): readonly { readonly path: string; readonly bytes: number }[] {
  const rows = db.prepare("SELECT key, value FROM entries WHERE kind = 'output-file'").all();
  return rows.map(({ key, value }) => {
    const { bytes } = JSON.parse(String(value)) as { bytes: number };
    return { path: String(key), bytes };
  });
}

function foldedCount(db: DatabaseSync, key: string): number {
  return Number(db.prepare("SELECT count FROM items WHERE key = ?").get(key)?.["count"] ?? 0);
}

function outboxIds(db: DatabaseSync): readonly string[] {
  const rows = db.prepare("SELECT value FROM entries WHERE kind = 'outbox'").all();
  return rows.map(({ value }) => (JSON.parse(String(value)) as { alert: { id: string } }).alert.id);
}

function journalBytes(db: DatabaseSync): number {
  return Number(db.prepare("SELECT sum(length(changes)) AS bytes FROM journal").get()?.["bytes"] ?? 0);
}
