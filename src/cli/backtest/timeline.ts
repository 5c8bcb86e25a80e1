import { severities, type Severity } from "../../core/severity.ts";
import type { FoundAlert } from "./collect.ts";

/** A stretch of time cut into columns of equal length. */
export interface Timeline {
  /** A multiple of `columnMs` since the epoch, so that columns begin at full minutes, hours or days. */
  readonly startMs: number;
  readonly columnMs: number;
  readonly columns: number;
}

/** The alerts of one rule within a timeline. */
export interface RuleTimeline {
  readonly ruleId: string;
  readonly alerts: number;
  /** Alerts raised in each column. */
  readonly counts: readonly number[];
  /** The highest severity of each column's alerts; `undefined` where there are none. */
  readonly severities: readonly (Severity | undefined)[];
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Lengths of columns that people can read off. */
const columnLengths: readonly number[] = [
  ...[1, 2, 3, 5, 10, 15, 20, 30].map((amount) => amount * second),
  ...[1, 2, 3, 4, 5, 6, 10, 15, 20, 30].map((amount) => amount * minute),
  ...[1, 2, 3, 4, 6, 8, 12].map((amount) => amount * hour),
  ...[1, 2, 3, 4, 7, 14, 28, 56, 91, 182, 364].map((amount) => amount * day),
];

export interface Span {
  readonly startMs: number;
  /** Included. */
  readonly endMs: number;
}

/** Cuts a span into at most so many columns. */
export function createTimeline({ startMs, endMs }: Span, columnsMax: number): Timeline {
  for (const columnMs of columnLengths) {
    const timeline = cut({ startMs, endMs }, columnMs);
    if (timeline.columns <= columnsMax) return timeline;
  }
  const years = Math.ceil((endMs - startMs) / (364 * day) / Math.max(1, columnsMax - 1));
  return cut({ startMs, endMs }, years * 364 * day);
}

function cut({ startMs, endMs }: Span, columnMs: number): Timeline {
  const first = Math.floor(startMs / columnMs);
  return { startMs: first * columnMs, columnMs, columns: Math.floor(endMs / columnMs) - first + 1 };
}

/** A row for each rule: those of `ruleIds`, in that order. Alerts outside the timeline count in its first or last column. */
export function ruleTimelines(
  timeline: Timeline,
  alerts: readonly FoundAlert[],
  ruleIds: readonly string[],
): readonly RuleTimeline[] {
  const byRule = Map.groupBy(alerts, ({ ruleId }) => ruleId);
  return ruleIds.map((ruleId) => ruleTimeline(timeline, ruleId, byRule.get(ruleId) ?? []));
}

function ruleTimeline(timeline: Timeline, ruleId: string, alerts: readonly FoundAlert[]): RuleTimeline {
  const { startMs, columnMs, columns } = timeline;
  const counts = Array.from({ length: columns }, () => 0);
  const highest = Array.from({ length: columns }, () => -1);
  for (const { createdMs, severity } of alerts) {
    const column = Math.min(columns - 1, Math.max(0, Math.floor((createdMs - startMs) / columnMs)));
    counts[column] = (counts[column] ?? 0) + 1;
    highest[column] = Math.max(highest[column] ?? -1, severities.indexOf(severity));
  }
  return { ruleId, alerts: alerts.length, counts, severities: highest.map((rank) => severities[rank]) };
}
