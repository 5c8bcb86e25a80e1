import type { JsonObject } from "./json.ts";
import type { Position } from "./position.ts";
import type { Severity } from "./severity.ts";

/** What an alert needs to know of the rule that raised it. */
export interface AlertingRule {
  readonly id: string;
  readonly displayName: string | undefined;
  /** Length of the dedup window. */
  readonly dedupPeriodMs: number;
  /** Matches (or distinct values of `unique`) within the window before an alert is raised; at least 1. */
  readonly threshold: number;
  /** False for a rule whose matches are only counted. */
  readonly createAlert: boolean;
  readonly tags: readonly string[];
  readonly reports: Readonly<Record<string, readonly string[]>>;
  readonly summaryAttributes: readonly string[];
}

/** A rule returned true for an event: everything an alert could be made of. */
export interface Match {
  readonly rule: AlertingRule;
  readonly logType: string;
  readonly title: string;
  readonly dedup: string;
  readonly severity: Severity;
  readonly description: string;
  readonly reference: string;
  readonly runbook: string;
  /** Names of destinations; `undefined` for the default routing, empty for none at all. */
  readonly destinations: readonly string[] | undefined;
  /** True for a match of a rule that is staged, whose alerts notify nobody, not even one about a limit. Default: false. */
  readonly staged?: boolean;
  readonly context: JsonObject;
  /** What `unique` answered. Only for rules that define it: `distinct` false means every match counts. */
  readonly distinct: boolean;
  readonly unique: string | undefined;
  /** The event's own time, or the engine clock where it has none. */
  readonly eventTimeMs: number;
  readonly clockMs: number;
  readonly position: Position;
  /** The event with its standard fields, made only when the alert keeps it. */
  event(): JsonObject;
}

/** `open` when the alert is raised, `closed` with the final counts when its dedup window has passed. */
export type AlertStatus = "open" | "closed";

/** An alert as destinations, files and screens show it. Times are ISO 8601 in UTC with milliseconds. */
export interface Alert {
  /** Derived from rule id, dedup key and window start: the same in every run over the same records. */
  readonly id: string;
  readonly status: AlertStatus;
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
  /** Matches in the window so far. */
  readonly matchCount: number;
  /** Distinct values of `unique` so far; absent for rules without it. */
  readonly uniqueCount?: number;
  /** True when `uniqueCount` is an estimate. */
  readonly uniqueEstimated?: boolean;
  readonly firstEventTime: string;
  readonly lastEventTime: string;
  readonly windowStart: string;
  readonly windowEnd: string;
  /** Engine clock when the alert was raised. */
  readonly createdAt: string;
  readonly context: JsonObject;
  /** `summaryAttributes` of the rule with their values over the kept events. */
  readonly summary: Readonly<Record<string, readonly string[]>>;
  /** The first events of the window. */
  readonly events: readonly JsonObject[];
  /** Matching events that are not in `events` because of its limit. */
  readonly eventsOmitted: number;
  /** Position of the event that raised the alert. */
  readonly position: Position;
}
