import type { Alert, AlertingRule, Match } from "../../src/core/alert.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { createAlertBook, type AlertBook, type AlertBookOptions } from "../../src/alerts/book.ts";
import type { Entry, EntryQuery, EntryWrite } from "../../src/state/store.ts";
import type { EntryReader } from "../../src/alerts/pending.ts";

/** 2026-01-01T00:00:00Z */
export const startMs: number = Date.UTC(2026, 0, 1);

/** Entries as text by kind and key, so that nothing is shared with who wrote them. */
export class FakeStore implements EntryReader {
  readonly #entries = new Map<string, string>();
  /** Entries written by all commits so far. */
  written: EntryWrite[] = [];

  commit(writes: readonly EntryWrite[]): void {
    for (const { kind, key, value } of writes) {
      if (value === undefined) this.#entries.delete(`${kind}\n${key}`);
      else this.#entries.set(`${kind}\n${key}`, JSON.stringify(value));
    }
    this.written.push(...writes);
  }

  readEntry(kind: string, key: string): JsonObject | undefined {
    const text = this.#entries.get(`${kind}\n${key}`);
    return text === undefined ? undefined : (JSON.parse(text) as JsonObject);
  }

  listEntries({ kind, after, limit, descending = false }: EntryQuery): Entry[] {
    const keys = this.keys(kind);
    if (descending) keys.reverse();
    return keys
      .filter((key) => after === undefined || (descending ? key < after : key > after))
      .slice(0, limit)
      .map((key) => ({ kind, key, value: this.readEntry(kind, key) ?? {} }));
  }

  keys(kind: string): string[] {
    const prefix = `${kind}\n`;
    return [...this.#entries.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }
}

/** The same store with answers that come later. */
export function later(store: FakeStore): EntryReader {
  return {
    readEntry: async (kind, key) => store.readEntry(kind, key),
    listEntries: async (query) => store.listEntries(query),
  };
}

/** Everything that comes. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

function rule(overrides: Partial<AlertingRule> = {}): AlertingRule {
  return {
    id: "Test.Rule",
    displayName: undefined,
    dedupPeriodMs: 3_600_000,
    threshold: 1,
    createAlert: true,
    tags: [],
    reports: {},
    summaryAttributes: [],
    ...overrides,
  };
}

export type MatchOverrides = Partial<Omit<Match, "rule" | "event">> & {
  readonly rule?: Partial<AlertingRule>;
  readonly event?: JsonObject;
};

export function match(overrides: MatchOverrides = {}): Match {
  const { rule: ruleOverrides, event = { n: 1 }, clockMs = startMs, ...rest } = overrides;
  return {
    rule: rule(ruleOverrides),
    logType: "Test.Log",
    title: "Something happened",
    dedup: "alice",
    severity: "medium",
    description: "",
    reference: "",
    runbook: "",
    destinations: undefined,
    context: {},
    distinct: false,
    unique: undefined,
    eventTimeMs: clockMs,
    clockMs,
    position: { source: "test", stream: "s", offset: 0 },
    event: () => event,
    ...rest,
  };
}

/** A book over a store that answers at once, so the book does too. */
export interface SyncBook {
  readonly book: AlertBook;
  readonly add: (overrides?: MatchOverrides) => Alert | undefined;
  readonly closeDue: (clockMs: number, windowsMax?: number) => readonly Alert[];
  readonly commit: () => void;
}

export async function createBook(
  store: FakeStore = new FakeStore(),
  limits: Partial<AlertBookOptions["limits"]> = {},
): Promise<SyncBook> {
  const book = createAlertBook({ store, limits: { ...defaultLimits, ...limits } });
  await book.load();
  return {
    book,
    add: (overrides) => atOnce(book.add(match(overrides))),
    closeDue: (clockMs, windowsMax) => atOnce(book.closeDue(clockMs, windowsMax)),
    commit: () => store.commit(book.takeWrites()),
  };
}

function atOnce<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new Error("expected an answer at once");
  return value;
}
