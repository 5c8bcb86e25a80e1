import type { Alert, AlertStatus } from "../core/alert.ts";
import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Severity } from "../core/severity.ts";
import { allEntries, type EntryReader } from "./pending.ts";
import { alertOf, listingOf, recordFromJson, type AlertListing, type AlertRecord } from "./record.ts";
import { entryKinds, eventKey, type WindowCounts } from "./window.ts";

export type { AlertListing };

export interface AlertQuery {
  readonly limit: number;
  readonly status?: AlertStatus;
  readonly ruleId?: string;
  readonly severity?: Severity;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface AlertPage {
  readonly alerts: readonly AlertListing[];
  /** Where the next page begins; absent when this is the last one. */
  readonly next?: string;
}

/** Most candidates named when a shortened id fits several alerts. */
const candidatesMax = 10;

/** Alerts of the last commit by start of their window, newest first. Open ones have their counts so far. */
export async function listAlerts(store: EntryReader, query: AlertQuery): Promise<AlertPage> {
  const alerts: AlertListing[] = [];
  let last: string | undefined;
  const newestFirst = { kind: entryKinds.alert, descending: true };
  const entries = allEntries(
    store,
    query.after === undefined ? newestFirst : { ...newestFirst, after: query.after },
  );
  for await (const { key, value } of entries) {
    const record = recordFromJson(value);
    if (!matches(record, query)) continue;
    if (alerts.length === query.limit) return last === undefined ? { alerts } : { alerts, next: last };
    alerts.push(listingOf(record, await currentCounts(store, key, record)));
    last = key;
  }
  return { alerts };
}

function matches(record: AlertRecord, { status, ruleId, severity }: AlertQuery): boolean {
  return (
    (status === undefined || status === statusOf(record)) &&
    (ruleId === undefined || ruleId === record.ruleId) &&
    (severity === undefined || severity === record.severity)
  );
}

function statusOf(record: AlertRecord): AlertStatus {
  return record.final === null ? "open" : "closed";
}

/** One alert in full, by its id or the beginning of it. Throws `NOT_FOUND` for none, and for several naming them. */
export async function showAlert(store: EntryReader, idOrPrefix: string): Promise<Alert> {
  const key = await findKey(store, idOrPrefix.trim().toLowerCase());
  const record = recordFromJson(await need(store, entryKinds.alert, key));
  const counts = await currentCounts(store, key, record);
  const events: JsonObject[] = [];
  for (let index = 0; index < counts.eventsKept; index += 1) {
    events.push(await need(store, entryKinds.event, eventKey(key, index)));
  }
  return alertOf(record, counts, events);
}

async function findKey(store: EntryReader, prefix: string): Promise<string> {
  const exact = await store.readEntry(entryKinds.alertId, prefix);
  if (exact !== undefined) return exact["key"] as string;
  const listed = await store.listEntries({
    kind: entryKinds.alertId,
    after: prefix,
    limit: candidatesMax + 1,
  });
  const found = listed.filter(({ key }) => key.startsWith(prefix));
  const [only] = found;
  if (only === undefined) {
    throw new StakeoutError("NOT_FOUND", `There is no alert ${prefix}. "stakeout alerts list" shows all.`);
  }
  if (found.length === 1) return only.value["key"] as string;
  const named = found.slice(0, candidatesMax).map(({ key }) => key);
  const more = found.length > candidatesMax ? " and more" : "";
  throw new StakeoutError(
    "NOT_FOUND",
    `Several alerts begin with "${prefix}": ${named.join(", ")}${more}. Give more of the id.`,
  );
}

async function currentCounts(store: EntryReader, key: string, record: AlertRecord): Promise<WindowCounts> {
  if (record.final !== null) return record.final;
  return (await need(store, entryKinds.window, key)) as unknown as WindowCounts;
}

async function need(store: EntryReader, kind: string, key: string): Promise<JsonObject> {
  const value = await store.readEntry(kind, key);
  if (value !== undefined) return value;
  throw new StakeoutError("STATE_FILE_UNUSABLE", `The state store has lost the entry ${kind} ${key}.`, {
    fields: { kind, key },
  });
}
