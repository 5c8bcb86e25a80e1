import { eventKey, entryKinds, type WindowCounts } from "../alerts/window.ts";
import { allEntries } from "../alerts/pending.ts";
import { recordFromJson } from "../alerts/record.ts";
import { compactStateFile } from "../state/sqlite/compact.ts";
import type { Entry, EntryWrite, StateStore } from "../state/store.ts";
import { writeText, type CommandIo } from "./io.ts";
import { bytesOf, checkFileName } from "./state-file.ts";
import { count, formatBytes } from "./summary.ts";
import { withState } from "./with-state.ts";

export interface StateCompactOptions {
  readonly file: string;
  /** Closed alerts whose window ended so long before the engine clock are removed; left out: none. */
  readonly alertsOlderThan?: number;
  readonly json: boolean;
}

/** Entries that one commit removes, about. */
const entriesPerCommit = 5000;

/** Makes a state file as small as what it holds allows. Answers 0; throws `STATE_FILE_LOCKED` while a run is going on. */
export async function compactStateCommand(options: StateCompactOptions, io: CommandIo): Promise<number> {
  const { file, alertsOlderThan, json } = options;
  checkFileName(file);
  const { bytesBefore, alertsRemoved } = await withState(file, { readOnly: false }, async (store) => ({
    bytesBefore: bytesOf(file),
    alertsRemoved: alertsOlderThan === undefined ? 0 : await removeAlerts(store, alertsOlderThan),
  }));
  const journalRowsFolded = compactStateFile(file);
  const bytesAfter = bytesOf(file);
  if (json) {
    const report = { file, bytesBefore, bytesAfter, journalRowsFolded, alertsRemoved };
    await writeText(io.stdout, `${JSON.stringify(report)}\n`);
    return 0;
  }
  const removed = alertsOlderThan === undefined ? "" : `; removed ${count(alertsRemoved, "closed alert")}`;
  io.stderr.write(
    `Compacted ${file} from ${formatBytes(bytesBefore)} to ${formatBytes(bytesAfter)}${removed}.\n`,
  );
  return 0;
}

/**
 * Removes closed alerts with all that belongs to them. Those that wait for delivery are in the outbox as a whole, and stay
 * there. Answers how many it were.
 */
async function removeAlerts(store: StateStore, olderThanMs: number): Promise<number> {
  const beforeMs = store.clockMs - olderThanMs;
  let alerts = 0;
  let entries: EntryWrite[] = [];
  const commit = async (): Promise<void> => {
    await store.commit({ clockMs: store.clockMs, positions: [], entries });
    entries = [];
  };
  for await (const entry of allEntries(store, { kind: entryKinds.alert })) {
    const { final, windowEndMs } = recordFromJson(entry.value);
    if (final === null || windowEndMs >= beforeMs) continue;
    alerts++;
    entries.push(...removalOf(entry, final));
    if (entries.length >= entriesPerCommit) await commit();
  }
  if (entries.length > 0) await commit();
  return alerts;
}

function removalOf({ kind, key, value }: Entry, { eventsKept }: WindowCounts): EntryWrite[] {
  const events = Array.from({ length: eventsKept }, (_, index) => ({
    kind: entryKinds.event,
    key: eventKey(key, index),
    value: undefined,
  }));
  const { id } = recordFromJson(value);
  return [
    { kind, key, value: undefined },
    { kind: entryKinds.alertId, key: id, value: undefined },
    ...events,
  ];
}
