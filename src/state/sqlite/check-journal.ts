import type { DatabaseSync } from "node:sqlite";

import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import type { StateCounts, StateProblem } from "./check.ts";
import { type ChangesByKey, collectChanges } from "./item-change.ts";

/** The journal as far as it could be read. */
export interface CheckedJournal {
  readonly changes: ChangesByKey;
  /** False when rows are missing or unreadable, so that what they changed is not known. */
  complete: boolean;
}

export interface JournalCheck {
  readonly db: DatabaseSync;
  readonly meta: ReadonlyMap<string, number>;
  readonly counts: StateCounts;
  readonly journal: CheckedJournal;
}

const members = z.array(z.string());

/** The changes of a row; see `ItemChange`. */
const changesSchema = z.array(
  z.strictObject({
    key: z.string().min(1),
    gone: z.literal(true).optional(),
    fresh: z.literal(true).optional(),
    count: z.int().nullable().optional(),
    strings: members.nullable().optional(),
    added: members.optional(),
    removed: members.optional(),
    dictionary: z.string().nullable().optional(),
    endsAtMs: z.int().nullable().optional(),
  }),
);

/** Goes through the journal's rows and collects what they change: numbers without gaps, times in order, texts of changes. */
export function* checkJournal({ db, meta, counts, journal }: JournalCheck): Generator<StateProblem> {
  const clockMs = meta.get("clock_ms") ?? 0;
  const lastSeq = meta.get("last_seq");
  let expected = (meta.get("folded_through") ?? 0) + 1;
  let earlierMs = 0;
  for (const row of db.prepare("SELECT seq, clock_ms, changes FROM journal ORDER BY seq").iterate()) {
    counts.journalRows++;
    const seq = Number(row["seq"]);
    const rowClockMs = Number(row["clock_ms"]);
    const where = `journal row ${seq}`;
    if (seq !== expected) {
      journal.complete = false;
      yield { where, message: `comes where row ${expected} should; ${gapOf(seq, expected)}` };
    }
    if (rowClockMs < earlierMs) yield { where, message: "has an engine clock before that of the row before" };
    if (rowClockMs > clockMs) yield { where, message: "has an engine clock after that of the last commit" };
    const message = collect(journal.changes, String(row["changes"]));
    if (message !== undefined) {
      journal.complete = false;
      yield { where, message };
    }
    expected = seq + 1;
    earlierMs = rowClockMs;
  }
  if (lastSeq === undefined || lastSeq === expected - 1) return;
  journal.complete = false;
  yield {
    where: "the journal",
    message: `ends with row ${expected - 1}, and the last one written was ${lastSeq}`,
  };
}

function gapOf(seq: number, expected: number): string {
  return seq < expected ? "it is folded already" : "what is missing in between is lost";
}

/** Answers what is wrong with the text of a row, whose changes are left out then. */
function collect(changes: ChangesByKey, text: string): string | undefined {
  try {
    const parsed = changesSchema.safeParse(JSON.parse(text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return `is not a list of changes: ${issue?.message} at ${JSON.stringify(issue?.path.join(".") ?? "")}`;
    }
    collectChanges(changes, text);
    return undefined;
  } catch (error) {
    return `is not JSON: ${messageOf(error)}`;
  }
}
