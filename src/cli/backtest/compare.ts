import { isDeepStrictEqual } from "node:util";

import type { Alert } from "../../core/alert.ts";
import { alertOf, byTime, type FoundAlert } from "./collect.ts";

/** An alert that both versions of the rules raise, but not alike. */
export interface ChangedAlert {
  readonly before: FoundAlert;
  readonly after: FoundAlert;
  /** Names of the alert's fields that differ, in the order of `Alert`; never empty. */
  readonly fields: readonly (keyof Alert)[];
}

/** What a change to the rules changes, each list by time. */
export interface Comparison {
  /** Only the current version raises these. */
  readonly appeared: readonly FoundAlert[];
  /** Only the baseline raises these. */
  readonly vanished: readonly FoundAlert[];
  readonly changed: readonly ChangedAlert[];
  readonly unchanged: number;
}

/**
 * Compares the alerts of two versions. Alerts are the same when they have rule, dedup key and start of the window in common
 * (so their ids are equal) or else rule and dedup key in windows that overlap: a rule that matches one event earlier moves a
 * window, which is a change and not an alert less and one more.
 *
 * `untilMs` is for a backtest that was stopped, where one version may have got further: only alerts raised before that
 * engine clock are compared, and of windows that were open then only what does not change while they are.
 */
export function compareAlerts(
  baseline: readonly FoundAlert[],
  current: readonly FoundAlert[],
  untilMs: number = Number.POSITIVE_INFINITY,
): Comparison {
  const before = baseline.filter(({ createdMs }) => createdMs < untilMs);
  const after = current.filter(({ createdMs }) => createdMs < untilMs);
  const { pairs, vanished, appeared } = pairUp(before, after);
  const changed = pairs
    .map((pair) => ({ ...pair, fields: changedFields(pair, untilMs) }))
    .filter(({ fields }) => fields.length > 0)
    .sort((left, right) => byTime(left.after, right.after));
  return { appeared, vanished, changed, unchanged: pairs.length - changed.length };
}

interface Pair {
  readonly before: FoundAlert;
  readonly after: FoundAlert;
}

interface Paired {
  readonly pairs: readonly Pair[];
  readonly vanished: readonly FoundAlert[];
  readonly appeared: readonly FoundAlert[];
}

function pairUp(before: readonly FoundAlert[], after: readonly FoundAlert[]): Paired {
  const pairs: Pair[] = [];
  const left = new Map(before.map((alert) => [alert.id, alert]));
  const unmatched: FoundAlert[] = [];
  for (const alert of after) {
    const same = left.get(alert.id);
    if (same === undefined) unmatched.push(alert);
    else pairs.push({ before: same, after: alert });
    left.delete(alert.id);
  }
  const moved = Map.groupBy(left.values(), nameOf);
  const appeared: FoundAlert[] = [];
  for (const alert of unmatched) {
    const candidates = moved.get(nameOf(alert)) ?? [];
    const index = candidates.findIndex((candidate) => overlap(candidate, alert));
    const [same] = index < 0 ? [] : candidates.splice(index, 1);
    if (same === undefined) appeared.push(alert);
    else pairs.push({ before: same, after: alert });
  }
  return { pairs, appeared, vanished: [...moved.values()].flat().sort(byTime) };
}

function nameOf({ ruleId, dedup }: FoundAlert): string {
  return JSON.stringify([ruleId, dedup]);
}

function overlap(left: FoundAlert, right: FoundAlert): boolean {
  return left.windowStartMs < right.windowEndMs && right.windowStartMs < left.windowEndMs;
}

/** Fields that go on changing until their window has ended. */
const growing: ReadonlySet<string> = new Set([
  "status",
  "matchCount",
  "uniqueCount",
  "uniqueEstimated",
  "firstEventTime",
  "lastEventTime",
  "summary",
  "events",
  "eventsOmitted",
] satisfies (keyof Alert)[]);

/** Fields that follow from others, which are named instead. */
const derived: ReadonlySet<string> = new Set(["id"] satisfies (keyof Alert)[]);

function changedFields({ before, after }: Pair, untilMs: number): readonly (keyof Alert)[] {
  if (before.text === after.text) return [];
  const old = alertOf(before);
  const now = alertOf(after);
  const open = before.windowEndMs > untilMs || after.windowEndMs > untilMs;
  const fields = new Set([...Object.keys(now), ...Object.keys(old)] as (keyof Alert)[]);
  return [...fields].filter(
    (field) =>
      !derived.has(field) && !(open && growing.has(field)) && !isDeepStrictEqual(old[field], now[field]),
  );
}
