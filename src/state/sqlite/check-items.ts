import type { DatabaseSync } from "node:sqlite";

import { messageOf } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import { ABSENT, type MutableItem } from "../items.ts";
import { decodeItem } from "../item-codec.ts";
import { NEVER } from "../store.ts";
import type { CheckedJournal } from "./check-journal.ts";
import type { StateCounts, StateProblem } from "./check.ts";
import { applyChange, type ItemChange } from "./item-change.ts";
import { ItemTable } from "./item-table.ts";

export interface ItemsCheck {
  readonly db: DatabaseSync;
  readonly limits: Limits;
  readonly counts: StateCounts;
  readonly journal: CheckedJournal;
}

/** What a row may hold: anything, where its page is damaged. */
interface ItemRow {
  readonly key: unknown;
  readonly count: unknown;
  readonly strings: unknown;
  readonly dictionary: unknown;
  readonly expires_at_ms: unknown;
}

/** Goes through the items as they are in their table, then through those that the journal changes as they are after it. */
export function* checkItems({ db, limits, counts, journal }: ItemsCheck): Generator<StateProblem> {
  const rows = db.prepare("SELECT key, count, strings, dictionary, expires_at_ms FROM items");
  // A number that JavaScript cannot hold exactly would be an error of reading.
  rows.setReadBigInts(true);
  for (const row of rows.iterate()) {
    counts.items++;
    const item = row as unknown as ItemRow;
    const message = rowProblem(item, limits);
    if (message !== undefined)
      yield { where: typeof item.key === "string" ? keyName(item.key) : "an item", message };
  }
  const table = new ItemTable(db);
  for (const [key, changes] of journal.changes) {
    const message = problemAfter({ table, key, changes, journal, limits });
    if (message !== undefined) yield { where: `${keyName(key)} after the journal`, message };
  }
}

interface ChangedItem {
  readonly table: ItemTable;
  readonly key: string;
  readonly changes: readonly ItemChange[];
  readonly journal: CheckedJournal;
  readonly limits: Limits;
}

function problemAfter({ table, key, changes, journal, limits }: ChangedItem): string | undefined {
  let item: MutableItem;
  try {
    item = table.read(key);
  } catch {
    // Told already, as a row of the table.
    return undefined;
  }
  for (const change of changes) {
    const begins = change.fresh === true || change.gone === true;
    // Where rows are missing, they may have been the ones that made the item.
    if (!begins && item.expiresAtMs === ABSENT && journal.complete) {
      return "is changed there and not in the table, so the item is lost";
    }
    applyChange(item, change);
  }
  if (item.expiresAtMs === ABSENT) return undefined;
  const { count, strings, dictionary, expiresAtMs } = item;
  return valueProblem({ key, count, strings: strings && [...strings], dictionary, expiresAtMs }, limits);
}

function rowProblem(row: ItemRow, limits: Limits): string | undefined {
  const { key, count, strings, dictionary, expires_at_ms: end } = row;
  if (typeof key !== "string") return "its key is not text";
  if (!isTextOrNull(strings)) return "its strings are not text";
  if (!isTextOrNull(dictionary)) return "its dictionary is not text";
  if (!isIntegerOrNull(count)) return "its count is not an integer";
  if (!isIntegerOrNull(end)) return "its end is not an integer";
  let members: unknown;
  try {
    members = strings === null ? undefined : JSON.parse(strings);
  } catch {
    return "its strings are not JSON";
  }
  return valueProblem(
    {
      key,
      count: count === null ? undefined : Number(count),
      strings: members,
      dictionary: dictionary ?? undefined,
      expiresAtMs: end === null ? NEVER : Number(end),
    },
    limits,
  );
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isIntegerOrNull(value: unknown): value is bigint | null {
  return value === null || typeof value === "bigint";
}

interface StoredItem {
  readonly key: string;
  readonly count: number | undefined;
  readonly strings: unknown;
  /** JSON text. */
  readonly dictionary: string | undefined;
  readonly expiresAtMs: number;
}

/** What is wrong with an item, as import would say it. */
function valueProblem(item: StoredItem, limits: Limits): string | undefined {
  const { key, count, strings, expiresAtMs } = item;
  if (expiresAtMs !== NEVER && !Number.isSafeInteger(expiresAtMs)) return `its end is ${expiresAtMs}`;
  let dictionary: JsonValue | undefined;
  try {
    dictionary = item.dictionary === undefined ? undefined : (JSON.parse(item.dictionary) as JsonValue);
  } catch {
    return "its dictionary is not JSON";
  }
  try {
    decodeItem(JSON.stringify({ key, count, strings, dictionary, expiresAt: null }), limits);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A key for people: quoted, and cut where it is long. */
function keyName(key: string): string {
  return `key ${JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key)}`;
}
