import type { DatabaseSync, StatementSync } from "node:sqlite";

import { messageOf } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type { StreamPosition } from "../../core/position.ts";
import type { Entry } from "../store.ts";
import { checkItems } from "./check-items.ts";
import { checkJournal, type CheckedJournal } from "./check-journal.ts";
import { schemaVersionOf } from "./migrations.ts";
import { isSqliteError, stateFileError } from "./sqlite-error.ts";
import { openForReading } from "./state-file.ts";

/** Something in a state file that cannot be right. */
export interface StateProblem {
  /** The part of the file: `SQLite`, `meta`, `journal row 17`, `key "a"`, `entry alert …`, `position …`. */
  readonly where: string;
  /** Without the full stop. */
  readonly message: string;
}

/** What a state file holds, as far as it could be read. */
export interface StateCounts {
  /** Keys in the table of items, those that have ended and wait to be deleted included. */
  items: number;
  journalRows: number;
  entries: number;
  positions: number;
}

/** The entries of the commit that is checked. */
export interface CheckedEntries {
  all(): Iterable<Entry>;
  read(kind: string, key: string): JsonObject | undefined;
  readonly clockMs: number;
}

/** What those say whose values a state file keeps without looking inside. */
export interface OwnerChecks {
  entries(entries: CheckedEntries): Iterable<StateProblem>;
  /** What is wrong with the position, as a sentence without its subject; `undefined` when nothing is. */
  position(position: StreamPosition): string | undefined;
}

export interface StateCheckOptions {
  readonly file: string;
  readonly limits: Limits;
  readonly owners: OwnerChecks;
  /** The check ends with so many problems: a damaged page makes thousands. */
  readonly problemsMax: number;
}

export interface StateCheck {
  readonly problems: readonly StateProblem[];
  /** True when it ended early. */
  readonly more: boolean;
  readonly counts: StateCounts;
  readonly schemaVersion: number;
  readonly clockMs: number;
}

/**
 * Looks at everything in a state file as of its last commit, also while a run is going on, and changes nothing: SQLite's own
 * check of its pages, then every row. A file that cannot be opened at all throws as `openSqliteStore` does.
 */
export function checkStateFile(options: StateCheckOptions): StateCheck {
  const db = openForReading(options.file);
  try {
    // One commit from the first look to the last.
    db.exec("BEGIN");
    return new FileCheck(db, options).run();
  } catch (error) {
    throw isSqliteError(error) ? stateFileError(options.file, error) : error;
  } finally {
    db.close();
  }
}

class FileCheck {
  private readonly db: DatabaseSync;
  private readonly options: StateCheckOptions;
  private readonly counts: StateCounts = { items: 0, journalRows: 0, entries: 0, positions: 0 };
  private clockMs = 0;

  constructor(db: DatabaseSync, options: StateCheckOptions) {
    this.db = db;
    this.options = options;
  }

  run(): StateCheck {
    const schemaVersion = schemaVersionOf(this.db);
    const found = this.problems()
      .take(this.options.problemsMax + 1)
      .toArray();
    const problems = found.slice(0, this.options.problemsMax);
    const more = found.length > problems.length;
    return { problems, more, counts: this.counts, schemaVersion, clockMs: this.clockMs };
  }

  private *problems(): Generator<StateProblem> {
    const { db, counts, options } = this;
    const { limits, owners } = options;
    yield* attempt("SQLite", () => this.pages());
    const meta = new Map<string, number>();
    yield* attempt("meta", () => this.meta(meta));
    const journal: CheckedJournal = { changes: new Map(), complete: true };
    yield* attempt("the journal", () => checkJournal({ db, meta, counts, journal }));
    yield* attempt("the items", () => checkItems({ db, limits, counts, journal }));
    yield* attempt("the positions", () => this.positions());
    yield* attempt("the entries", () => this.entries());
    yield* attempt("the entries", () => owners.entries(this.readableEntries()));
  }

  private *pages(): Generator<StateProblem> {
    for (const row of this.db.prepare(`PRAGMA integrity_check(${this.options.problemsMax})`).iterate()) {
      const message = String(row["integrity_check"]);
      if (message !== "ok") yield { where: "SQLite", message: message.replaceAll("\n", ", ") };
    }
  }

  private *meta(meta: Map<string, number>): Generator<StateProblem> {
    for (const { name, value } of bigIntRows(this.db.prepare("SELECT name, value FROM meta"))) {
      meta.set(String(name), Number(value));
    }
    const names = schemaVersionOf(this.db) === 1 ? ["clock_ms", "folded_through"] : metaNames;
    for (const name of names) {
      const value = meta.get(name);
      if (value === undefined) yield { where: "meta", message: `${name} is missing` };
      else if (!Number.isSafeInteger(value) || value < 0) {
        yield { where: "meta", message: `${name} is ${value}, which it cannot be` };
      }
    }
    this.clockMs = meta.get("clock_ms") ?? 0;
  }

  private *positions(): Generator<StateProblem> {
    for (const row of this.db.prepare("SELECT source, stream, value FROM positions").iterate()) {
      this.counts.positions++;
      const source = String(row["source"]);
      const stream = String(row["stream"]);
      const where = `position of ${source} in ${JSON.stringify(stream)}`;
      const value = objectFrom(row["value"]);
      const message =
        value === undefined ? notAnObject : this.options.owners.position({ source, stream, value });
      if (message !== undefined) yield { where, message };
    }
  }

  private *entries(): Generator<StateProblem> {
    for (const row of this.db.prepare(allEntries).iterate()) {
      this.counts.entries++;
      if (objectFrom(row["value"]) === undefined) {
        yield { where: `entry ${String(row["kind"])} ${String(row["key"])}`, message: notAnObject };
      }
    }
  }

  /** Those whose values are JSON objects; what the others are is told already. */
  private readableEntries(): CheckedEntries {
    const all = this.db.prepare(allEntries);
    const one = this.db.prepare("SELECT value FROM entries WHERE kind = ? AND key = ?");
    return {
      clockMs: this.clockMs,
      *all() {
        for (const row of all.iterate()) {
          const value = objectFrom(row["value"]);
          if (value !== undefined) yield { kind: String(row["kind"]), key: String(row["key"]), value };
        }
      },
      read: (kind, key) => objectFrom(one.get(kind, key)?.["value"]),
    };
  }
}

const metaNames = ["clock_ms", "folded_through", "last_seq"];
const allEntries = "SELECT kind, key, value FROM entries ORDER BY kind, key";
const notAnObject = "is not a JSON object";

/** Goes through one part of the file; what keeps it from being read is a problem too. */
function* attempt(where: string, part: () => Iterable<StateProblem>): Generator<StateProblem> {
  try {
    yield* part();
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    yield { where, message: `cannot be read to the end: ${messageOf(error)}` };
  }
}

function bigIntRows(statement: StatementSync): Iterable<Readonly<Record<string, unknown>>> {
  // A number that JavaScript cannot hold exactly would be an error of reading.
  statement.setReadBigInts(true);
  return statement.iterate();
}

function objectFrom(text: unknown): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
