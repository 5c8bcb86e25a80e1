import type { Alert, Match } from "../core/alert.ts";
import type { JsonObject } from "../core/json.ts";
import type { Position } from "../core/position.ts";
import type { Severity } from "../core/severity.ts";
import { summarize } from "./summary.ts";
import { alertIdOf, type Window, type WindowCounts } from "./window.ts";

/** The entry of an alert: what the match that raised it said, and the counts once they are final. */
export interface AlertRecord {
  readonly id: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly title: string;
  readonly severity: Severity;
  readonly dedup: string;
  readonly logType: string;
  readonly description: string;
  readonly reference: string;
  readonly runbook: string;
  readonly tags: readonly string[];
  readonly reports: Readonly<Record<string, readonly string[]>>;
  readonly destinations: readonly string[] | null;
  readonly threshold: number;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly createdMs: number;
  readonly context: JsonObject;
  readonly summaryAttributes: readonly string[];
  readonly position: Position;
  /** `null` while the window is open: its counts are in the window's entry then. */
  readonly final: WindowCounts | null;
}

export function recordOf(window: Window, match: Match): AlertRecord {
  const { rule, position } = match;
  return {
    id: alertIdOf(window),
    ruleId: rule.id,
    ruleName: rule.displayName ?? rule.id,
    title: match.title,
    severity: match.severity,
    dedup: match.dedup,
    logType: match.logType,
    description: match.description,
    reference: match.reference,
    runbook: match.runbook,
    tags: rule.tags,
    reports: rule.reports,
    destinations: match.destinations ?? null,
    threshold: window.threshold,
    windowStartMs: window.startMs,
    windowEndMs: window.endMs,
    createdMs: match.clockMs,
    context: match.context,
    summaryAttributes: rule.summaryAttributes,
    position: { source: position.source, stream: position.stream, offset: position.offset },
    final: null,
  };
}

export function recordToJson(record: AlertRecord): JsonObject {
  return record as unknown as JsonObject;
}

export function recordFromJson(json: JsonObject): AlertRecord {
  return json as unknown as AlertRecord;
}

/** An alert as a list shows it: without what takes room. */
export type AlertListing = Omit<Alert, "context" | "summary" | "events" | "eventsOmitted" | "position">;

/** The alert as everybody sees it. The order of its fields is that of `Alert`, so that equal alerts are equal bytes. */
export function alertOf(record: AlertRecord, counts: WindowCounts, events: readonly JsonObject[]): Alert {
  return {
    ...listingOf(record, counts),
    context: record.context,
    summary: summarize(record.summaryAttributes, events),
    events,
    eventsOmitted: counts.matchCount - events.length,
    position: record.position,
  };
}

export function listingOf(record: AlertRecord, counts: WindowCounts): AlertListing {
  return {
    id: record.id,
    status: record.final === null ? "open" : "closed",
    ruleId: record.ruleId,
    ruleName: record.ruleName,
    title: record.title,
    severity: record.severity,
    dedup: record.dedup,
    logType: record.logType,
    description: record.description,
    reference: record.reference,
    runbook: record.runbook,
    tags: record.tags,
    reports: record.reports,
    destinations: record.destinations,
    threshold: record.threshold,
    matchCount: counts.matchCount,
    ...(counts.uniqueCount === null
      ? {}
      : { uniqueCount: counts.uniqueCount, uniqueEstimated: counts.uniqueEstimated }),
    firstEventTime: isoTime(counts.firstEventMs),
    lastEventTime: isoTime(counts.lastEventMs),
    windowStart: isoTime(record.windowStartMs),
    windowEnd: isoTime(record.windowEndMs),
    createdAt: isoTime(record.createdMs),
  };
}

/** The latest time that a date can hold; an event may claim any time at all. */
const dateMsMax = 8.64e15;

export function isoTime(timeMs: number): string {
  return new Date(Math.min(dateMsMax, Math.max(-dateMsMax, timeMs))).toISOString();
}
