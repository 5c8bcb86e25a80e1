import TinyQueue from "tinyqueue";

import type { Alert, Match } from "../core/alert.ts";
import { StakeoutError } from "../core/errors.ts";
import type { JsonObject, MaybePromise } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { EntryWrite } from "../state/store.ts";
import { HourlyCounts, hourEndOf, hourlyKinds } from "./hourly-counts.ts";
import { chain, mapInOrder } from "./in-order.ts";
import { matchOverLimit } from "./over-limit.ts";
import { allEntries, PendingEntries, type EntryReader } from "./pending.ts";
import { alertOf, recordFromJson, recordOf, recordToJson } from "./record.ts";
import {
  alertIdOf,
  countMatch,
  countsOf,
  entryKinds,
  eventKey,
  startWindow,
  startWindowOverLimit,
  thresholdReached,
  windowFromJson,
  windowToJson,
  type Window,
} from "./window.ts";

/**
 * Groups matches into alerts: one fixed dedup window per rule and dedup key, from its first match on the engine clock.
 * For each event the engine compares `nextCloseMs` with its clock, calls `closeDue` when that has come, then `add` for
 * each match, and once per batch `takeWrites`. One call at a time; answers are promises only when the store's are. The
 * answers depend on matches and clock alone, not on where batches are cut or where a run ends and another goes on.
 */
export interface AlertBook {
  /** Reads the windows that were open at the last commit; called once, before anything else. */
  load(): Promise<void>;
  /** When the next window ends, on the engine clock; `Infinity` when none is open. */
  readonly nextCloseMs: number;
  /**
   * Ends the windows whose end is at or before the clock, by end and then by id, and answers the alerts among them with
   * their final counts. A window that never reached its threshold ends without a trace. With `windowsMax` it ends at most
   * so many; `nextCloseMs` then tells that there is more to do, which must be done before the next `add`.
   */
  closeDue(clockMs: number, windowsMax?: number): MaybePromise<readonly Alert[]>;
  /**
   * Counts a match, and answers the alert when this match raises it: once per window, when the threshold is reached. A rule
   * that has raised `alertsPerHourMax` in this hour of the engine clock raises one more, in which the matches of the rest of
   * the hour are counted that would have raised others.
   */
  add(match: Match): MaybePromise<Alert | undefined>;
  /** Matches so far that raised no alert of their own because of `alertsPerHourMax`. */
  readonly matchesOverLimit: number;
  /** Windows that are open now. */
  readonly openWindows: number;
  /** Bytes of memory that alerts and writes since the last `takeWrites` take, roughly. */
  readonly pendingBytes: number;
  /** What changed since the last call, for the commit; one write per entry. Commit it before the next call. */
  takeWrites(): EntryWrite[];
}

export interface AlertBookOptions {
  readonly store: EntryReader;
  readonly limits: Pick<
    Limits,
    "alertsPerHourMax" | "alertEventsMax" | "alertEventBytesMax" | "uniqueExactMax"
  >;
}

export function createAlertBook(options: AlertBookOptions): AlertBook {
  return new WindowBook(options);
}

/** Roughly what the write of a window's counts takes. */
const windowBytes = 400;

class WindowBook implements AlertBook {
  readonly #store: EntryReader;
  readonly #limits: AlertBookOptions["limits"];
  readonly #pending: PendingEntries;
  readonly #windows = new Map<string, Window>();
  readonly #queue: TinyQueue<Window> = new TinyQueue<Window>([], byEnd);
  /** Windows whose counts, or distinct values, differ from their entry. */
  readonly #changed = new Set<Window>();
  readonly #changedUnique = new Set<Window>();
  readonly #raisedInHour: HourlyCounts;
  #bodyBytes = 0;

  constructor({ store, limits }: AlertBookOptions) {
    this.#store = store;
    this.#limits = limits;
    this.#pending = new PendingEntries(store);
    this.#raisedInHour = new HourlyCounts({ store, kind: hourlyKinds.alerts });
  }

  async load(): Promise<void> {
    await this.#raisedInHour.load();
    for await (const { key, value } of allEntries(this.#store, { kind: entryKinds.window })) {
      const unique =
        value["uniqueCount"] === null ? undefined : await this.#store.readEntry(entryKinds.unique, key);
      this.#open(windowFromJson(key, value, unique));
    }
  }

  get nextCloseMs(): number {
    return this.#queue.peek()?.endMs ?? Number.POSITIVE_INFINITY;
  }

  get matchesOverLimit(): number {
    return this.#raisedInHour.refused;
  }

  get openWindows(): number {
    return this.#windows.size;
  }

  get pendingBytes(): number {
    return this.#bodyBytes + this.#changed.size * windowBytes;
  }

  closeDue(clockMs: number, windowsMax: number = Number.POSITIVE_INFINITY): MaybePromise<readonly Alert[]> {
    const raised: Window[] = [];
    for (let ended = 0; ended < windowsMax && this.nextCloseMs <= clockMs; ended += 1) {
      const window = this.#queue.pop();
      if (window === undefined) break;
      this.#forget(window);
      if (window.raised) raised.push(window);
      else this.#removeEvents(window);
    }
    return mapInOrder(raised, (window) => this.#close(window));
  }

  add(match: Match): MaybePromise<Alert | undefined> {
    const window = this.#windows.get(windowName(match.rule.id, match.dedup)) ?? this.#start(match);
    this.#count(window, match);
    if (window.raised || !thresholdReached(window)) return undefined;
    const { alertsPerHourMax } = this.#limits;
    if (!this.#raisedInHour.take(match.rule.id, match.clockMs, alertsPerHourMax))
      return this.#addOverLimit(matchOverLimit(match, alertsPerHourMax));
    return this.#raise(window, match);
  }

  /** The window stays as it is, and may raise its alert in the next hour. */
  #addOverLimit(match: Match): MaybePromise<Alert | undefined> {
    let window = this.#windows.get(nameOverLimit(match.rule.id));
    if (window === undefined) {
      window = startWindowOverLimit(match, hourEndOf(match.clockMs));
      this.#open(window);
    }
    this.#count(window, match);
    return window.raised ? undefined : this.#raise(window, match);
  }

  #count(window: Window, match: Match): void {
    if (match.clockMs >= window.endMs) {
      throw new RangeError(`The dedup window ${window.key} has ended: call closeDue before add.`);
    }
    if (countMatch(window, match)) this.#changedUnique.add(window);
    if (!window.eventsFull) this.#keepEvent(window, match);
    this.#changed.add(window);
  }

  takeWrites(): EntryWrite[] {
    for (const window of this.#changed) {
      this.#pending.put(entryKinds.window, window.key, windowToJson(window));
    }
    for (const window of this.#changedUnique) {
      this.#pending.put(entryKinds.unique, window.key, window.distinct?.toJson());
    }
    this.#changed.clear();
    this.#changedUnique.clear();
    this.#bodyBytes = 0;
    return [...this.#pending.take(), ...this.#raisedInHour.takeWrites()];
  }

  #start(match: Match): Window {
    const window = startWindow(match, this.#limits.uniqueExactMax);
    // Written even while empty, because a window that is read back must know that it counts distinct values.
    if (window.distinct !== undefined) this.#changedUnique.add(window);
    this.#open(window);
    return window;
  }

  #open(window: Window): void {
    this.#windows.set(nameOf(window), window);
    this.#queue.push(window);
  }

  #forget(window: Window): void {
    this.#windows.delete(nameOf(window));
    this.#changed.delete(window);
    this.#changedUnique.delete(window);
    this.#pending.put(entryKinds.window, window.key, undefined);
    if (window.distinct !== undefined) this.#pending.put(entryKinds.unique, window.key, undefined);
  }

  #keepEvent(window: Window, match: Match): void {
    const text = JSON.stringify(match.event());
    const bytes = window.eventBytes + Buffer.byteLength(text);
    const { alertEventsMax, alertEventBytesMax } = this.#limits;
    if (window.eventsKept > 0 && (window.eventsKept >= alertEventsMax || bytes > alertEventBytesMax)) {
      window.eventsFull = true;
      return;
    }
    // Parsed back because the event belongs to the engine: the alert shows it as it was when it matched.
    const event = JSON.parse(text) as JsonObject;
    this.#pending.put(entryKinds.event, eventKey(window.key, window.eventsKept), event);
    window.eventsKept += 1;
    window.eventBytes = bytes;
    this.#bodyBytes += text.length;
  }

  #removeEvents(window: Window): void {
    for (let index = 0; index < window.eventsKept; index += 1) {
      this.#pending.put(entryKinds.event, eventKey(window.key, index), undefined);
    }
  }

  #raise(window: Window, match: Match): MaybePromise<Alert> {
    window.raised = true;
    const record = recordOf(window, match);
    const counts = countsOf(window);
    this.#pending.put(entryKinds.alert, window.key, recordToJson(record));
    this.#pending.put(entryKinds.alertId, alertIdOf(window), { key: window.key });
    this.#bodyBytes += JSON.stringify(record.context).length;
    return chain(this.#events(window), (events) => alertOf(record, counts, events));
  }

  #close(window: Window): MaybePromise<Alert> {
    const counts = countsOf(window);
    return chain(this.#read(entryKinds.alert, window.key), (json) => {
      const record = { ...recordFromJson(json), final: counts };
      this.#pending.put(entryKinds.alert, window.key, recordToJson(record));
      this.#bodyBytes += JSON.stringify(record.context).length + window.eventBytes;
      return chain(this.#events(window), (events) => alertOf(record, counts, events));
    });
  }

  #events(window: Window): MaybePromise<JsonObject[]> {
    const keys = Array.from({ length: window.eventsKept }, (_, index) => eventKey(window.key, index));
    return mapInOrder(keys, (key) => this.#read(entryKinds.event, key));
  }

  #read(kind: string, key: string): MaybePromise<JsonObject> {
    return chain(this.#pending.read(kind, key), (value) => {
      if (value !== undefined) return value;
      throw new StakeoutError("STATE_FILE_UNUSABLE", `The state store has lost the entry ${kind} ${key}.`, {
        fields: { kind, key },
      });
    });
  }
}

function nameOf({ ruleId, dedup, overLimit }: Window): string {
  return overLimit ? nameOverLimit(ruleId) : windowName(ruleId, dedup);
}

/** Unlike the names of all other windows, it does not begin with a digit. */
function nameOverLimit(ruleId: string): string {
  return `:${ruleId}`;
}

/** One name per pair: the length tells where the rule id ends. */
function windowName(ruleId: string, dedup: string): string {
  return `${ruleId.length}:${ruleId}${dedup}`;
}

function byEnd(a: Window, b: Window): number {
  return a.endMs - b.endMs || (alertIdOf(a) < alertIdOf(b) ? -1 : 1);
}
