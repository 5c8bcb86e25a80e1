import { hash } from "node:crypto";

import type { Match } from "../core/alert.ts";
import type { JsonObject } from "../core/json.ts";
import { DistinctCounter } from "./distinct.ts";

/** Kinds of entries in the store that belong to dedup windows and alerts. */
export const entryKinds = {
  /** One open window: its counts. */
  window: "window",
  /** The distinct values of an open window, apart from its counts because they are larger and change less often. */
  unique: "window-unique",
  /** An alert without its events: written when it is raised and when it is closed. */
  alert: "alert",
  /** From an alert's id to the key of its other entries. */
  alertId: "alert-id",
  /** One kept event of a window. */
  event: "alert-event",
} as const;

/** What changes on an alert while its window is open. */
export interface WindowCounts {
  readonly matchCount: number;
  /** `null` for rules without `unique`. */
  readonly uniqueCount: number | null;
  readonly uniqueEstimated: boolean;
  readonly firstEventMs: number;
  readonly lastEventMs: number;
  readonly eventsKept: number;
}

/**
 * An open dedup window. This is all that is in memory of it; events and what the alert shows are in the store. Rule and
 * threshold are as they were at the first match: editing a rule changes the next window.
 */
export interface Window {
  /** Start of the window (16 digits) and id of its alert: the key of all its entries, ordered by time. */
  readonly key: string;
  readonly ruleId: string;
  readonly dedup: string;
  readonly startMs: number;
  /** The first millisecond that is no longer in the window. */
  readonly endMs: number;
  readonly threshold: number;
  readonly distinct: DistinctCounter | undefined;
  matchCount: number;
  firstEventMs: number;
  lastEventMs: number;
  eventsKept: number;
  eventBytes: number;
  /** No further event is kept: one did not fit, and only the first ones are wanted. */
  eventsFull: boolean;
  raised: boolean;
  /** True for the window of the alert that stands for all those beyond the limit `alertsPerHourMax`. */
  readonly overLimit: boolean;
}

export function startWindow(match: Match, uniqueExactMax: number): Window {
  const { id: ruleId, dedupPeriodMs } = match.rule;
  // The shortest window is one millisecond, so that two windows of one dedup key never start at the same time.
  const endMs = match.clockMs + Math.max(1, dedupPeriodMs);
  return newWindow(match, {
    id: idOf([ruleId, match.dedup, match.clockMs]),
    endMs,
    overLimit: false,
    distinct: match.distinct ? new DistinctCounter(uniqueExactMax) : undefined,
  });
}

/** The window of the alert that stands for all further ones of the rule until `endMs`. */
export function startWindowOverLimit(match: Match, endMs: number): Window {
  // One more element than any other window's, because a rule may use the same dedup key.
  const id = idOf([match.rule.id, match.dedup, match.clockMs, "over limit"]);
  return newWindow(match, { id, endMs, overLimit: true, distinct: undefined });
}

function idOf(parts: readonly (string | number)[]): string {
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, 32);
}

function newWindow(
  match: Match,
  own: Pick<Window, "endMs" | "overLimit" | "distinct"> & { readonly id: string },
): Window {
  const startMs = match.clockMs;
  return {
    key: `${padded(startMs)}-${own.id}`,
    ruleId: match.rule.id,
    dedup: match.dedup,
    startMs,
    endMs: own.endMs,
    threshold: match.rule.threshold,
    distinct: own.distinct,
    overLimit: own.overLimit,
    matchCount: 0,
    firstEventMs: match.eventTimeMs,
    lastEventMs: match.eventTimeMs,
    eventsKept: 0,
    eventBytes: 0,
    eventsFull: false,
    raised: false,
  };
}

function padded(startMs: number): string {
  return String(Math.trunc(startMs)).padStart(16, "0");
}

/** Counts a match, and answers whether the distinct values changed. */
export function countMatch(window: Window, match: Match): boolean {
  window.matchCount += 1;
  window.firstEventMs = Math.min(window.firstEventMs, match.eventTimeMs);
  window.lastEventMs = Math.max(window.lastEventMs, match.eventTimeMs);
  if (window.distinct === undefined || match.unique === undefined) return false;
  return window.distinct.add(match.unique);
}

export function thresholdReached(window: Window): boolean {
  return (window.distinct?.count ?? window.matchCount) >= window.threshold;
}

export function alertIdOf(window: Window): string {
  return window.key.slice(17);
}

export function eventKey(key: string, index: number): string {
  return `${key}-${String(index).padStart(6, "0")}`;
}

export function countsOf(window: Window): WindowCounts {
  return {
    matchCount: window.matchCount,
    uniqueCount: window.distinct?.count ?? null,
    uniqueEstimated: window.distinct?.estimated ?? false,
    firstEventMs: window.firstEventMs,
    lastEventMs: window.lastEventMs,
    eventsKept: window.eventsKept,
  };
}

/** The window's entry: its counts, as `WindowCounts` and for `windowFromJson`. */
export function windowToJson(window: Window): JsonObject {
  return {
    ruleId: window.ruleId,
    dedup: window.dedup,
    startMs: window.startMs,
    endMs: window.endMs,
    threshold: window.threshold,
    ...countsOf(window),
    eventBytes: window.eventBytes,
    eventsFull: window.eventsFull,
    raised: window.raised,
    ...(window.overLimit ? { overLimit: true } : {}),
  };
}

/** `unique` is the entry beside it, for windows that count distinct values. */
export function windowFromJson(key: string, json: JsonObject, unique: JsonObject | undefined): Window {
  const stored = json as unknown as Omit<Window, "key" | "distinct" | "overLimit">;
  return {
    key,
    ruleId: stored.ruleId,
    dedup: stored.dedup,
    startMs: stored.startMs,
    endMs: stored.endMs,
    threshold: stored.threshold,
    distinct: unique === undefined ? undefined : DistinctCounter.fromJson(unique),
    matchCount: stored.matchCount,
    firstEventMs: stored.firstEventMs,
    lastEventMs: stored.lastEventMs,
    eventsKept: stored.eventsKept,
    eventBytes: stored.eventBytes,
    eventsFull: stored.eventsFull,
    raised: stored.raised,
    overLimit: json["overLimit"] === true,
  };
}
