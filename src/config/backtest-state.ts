import { backup } from "node:sqlite";

import { hourlyKinds } from "../alerts/hourly-counts.ts";
import { allEntries } from "../alerts/pending.ts";
import { recordFromJson } from "../alerts/record.ts";
import { entryKinds, eventKey, type WindowCounts } from "../alerts/window.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import { createMemoryStore } from "../state/memory/memory-store.ts";
import { stateFileError } from "../state/sqlite/sqlite-error.ts";
import { openForReading } from "../state/sqlite/state-file.ts";
import type { EntryWrite, StateStore } from "../state/store.ts";
import { openState } from "./open-state.ts";

/** The state of a backtest, ready for its first event. */
export interface BacktestStore {
  readonly store: StateStore;
  /** Ids of alerts that were open in the state it starts with: raised live, not by the backtest. */
  readonly earlierAlerts: ReadonlySet<string>;
}

const pageItems = 1000;

/** More pages than a state file can have, so that the copy is made in one go: a run writes on meanwhile. */
const allPages = 0x7fff_ffff;

/** Copies the last commit of a state file, also while a run is going on. Throws what `openState` throws. */
export async function copyStateFile(file: string, copy: string): Promise<void> {
  const db = openForReading(file);
  try {
    await backup(db, copy, { rate: allPages });
  } catch (error) {
    throw stateFileError(file, error);
  } finally {
    db.close();
  }
}

/**
 * A store in memory that holds nothing or, with a state file, what decides about the events to come: items, open windows
 * and the engine clock. Not positions, or the events would count as read; not what is over: closed alerts, rule errors.
 */
export async function createBacktestStore(
  stateFile: string | undefined,
  limits: Limits,
): Promise<BacktestStore> {
  const store = createMemoryStore({ limits });
  if (stateFile === undefined) return { store, earlierAlerts: new Set() };
  const live = openState(stateFile, { limits, readOnly: true });
  try {
    await copyItems(live, store);
    const { entries, alertIds } = await openWindows(live);
    await store.commit({ clockMs: live.clockMs, positions: [], entries });
    return { store, earlierAlerts: alertIds };
  } finally {
    await live.close();
  }
}

async function copyItems(from: StateStore, to: StateStore): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await from.listItems({
      limit: pageItems,
      nowMs: from.clockMs,
      ...(after === undefined ? {} : { after }),
    });
    for (const item of page) await to.putItem(item);
    after = page.at(-1)?.key;
    if (page.length < pageItems) return;
  }
}

interface OpenWindows {
  readonly entries: readonly EntryWrite[];
  readonly alertIds: ReadonlySet<string>;
}

/** Every open window with all that belongs to it: distinct values, kept events, and its alert where it was raised. */
async function openWindows(live: StateStore): Promise<OpenWindows> {
  const entries: EntryWrite[] = [];
  const alertIds = new Set<string>();
  const take = async (kind: string, key: string): Promise<JsonObject | undefined> => {
    const value = await live.readEntry(kind, key);
    if (value !== undefined) entries.push({ kind, key, value });
    return value;
  };
  for await (const window of allEntries(live, { kind: entryKinds.window })) {
    entries.push(window);
    await take(entryKinds.unique, window.key);
    const { eventsKept } = window.value as unknown as WindowCounts;
    for (let index = 0; index < eventsKept; index++) {
      await take(entryKinds.event, eventKey(window.key, index));
    }
    const alert = await take(entryKinds.alert, window.key);
    if (alert === undefined) continue;
    const { id } = recordFromJson(alert);
    await take(entryKinds.alertId, id);
    alertIds.add(id);
  }
  // What rules have done in this hour counts against their limits as it does live.
  for (const kind of Object.values(hourlyKinds)) {
    for await (const entry of allEntries(live, { kind })) entries.push(entry);
  }
  return { entries, alertIds };
}
