import type { Alert } from "../../core/alert.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Severity } from "../../core/severity.ts";
import { printable } from "../../core/text.ts";
import { cut } from "../cut.ts";

/** An event of PagerDuty's Events API v2. */
export type PagerDutyEvent =
  | {
      readonly routing_key: string;
      readonly event_action: "trigger";
      readonly dedup_key: string;
      readonly client: "Stakeout";
      readonly payload: PagerDutyPayload;
      readonly links: readonly { readonly href: string; readonly text: string }[];
    }
  | { readonly routing_key: string; readonly event_action: "resolve"; readonly dedup_key: string };

interface PagerDutyPayload {
  readonly summary: string;
  readonly severity: "critical" | "error" | "warning" | "info";
  readonly source: string;
  readonly timestamp: string;
  readonly component: string;
  readonly group?: string;
  readonly class: string;
  readonly custom_details: JsonObject;
}

const severityNames: Readonly<Record<Severity, PagerDutyPayload["severity"]>> = {
  critical: "critical",
  high: "error",
  medium: "warning",
  low: "info",
  info: "info",
};

const summaryLengthMax = 1024;
/** PagerDuty takes events of 512 KB; which kilobytes it counts in is not said. */
const eventBytesMax = 512_000;

/** The event for an alert: it triggers an incident, or resolves it when the alert's dedup window has passed. */
export function pagerDutyEvent(alert: Alert, routingKey: string): PagerDutyEvent {
  const identity = { routing_key: routingKey, dedup_key: alert.id };
  if (alert.status === "closed") return { ...identity, event_action: "resolve" };
  const make = (details: JsonObject): PagerDutyEvent => ({
    ...identity,
    event_action: "trigger",
    client: "Stakeout",
    payload: payloadOf(alert, details),
    links: linksOf(alert),
  });
  return fitting(alert, make);
}

function payloadOf(alert: Alert, details: JsonObject): PagerDutyPayload {
  return {
    summary: cut(printable(alert.title === "" ? alert.ruleName : alert.title), summaryLengthMax),
    severity: severityNames[alert.severity],
    source: alert.position.source,
    timestamp: alert.createdAt,
    component: alert.logType,
    ...(alert.dedup === "" ? {} : { group: alert.dedup }),
    class: alert.ruleId,
    custom_details: details,
  };
}

function linksOf({ reference, runbook }: Alert): readonly { readonly href: string; readonly text: string }[] {
  return [
    { href: runbook, text: "Runbook" },
    { href: reference, text: "Reference" },
  ].filter(({ href }) => /^https?:\/\/\S+$/.test(href));
}

/** Large parts of the details, in the order in which they are left out after the events. */
const largeParts = ["summary", "reports", "tags", "context"] as const;

/** Leaves out the last events, then other large parts, until PagerDuty takes the event; `note` says what is missing. */
function fitting(alert: Alert, make: (details: JsonObject) => PagerDutyEvent): PagerDutyEvent {
  const excessBytes = (details: JsonObject): number =>
    Buffer.byteLength(JSON.stringify(make(details))) - eventBytesMax;
  let details = detailsOf(alert);
  const leftOut: string[] = [];
  const kept = keepFirst(alert.events, excessBytes(details));
  const dropped = alert.events.length - kept.length;
  if (dropped > 0) {
    details = { ...details, events: kept, eventsOmitted: alert.eventsOmitted + dropped };
    leftOut.push(`${dropped} of ${alert.events.length} events`);
  }
  for (const name of largeParts) {
    if (excessBytes(details) <= 0) break;
    const { [name]: part, ...rest } = details;
    if (part === undefined) continue;
    details = rest;
    leftOut.push(name);
  }
  const note = `PagerDuty takes no event of this size. Left out: ${leftOut.join(", ")}.`;
  return make(leftOut.length === 0 ? details : { note, ...details });
}

/** The first events, without as many of the last as make so many bytes. */
function keepFirst(events: readonly JsonObject[], excessBytes: number): readonly JsonObject[] {
  let kept = events.length;
  for (let restBytes = excessBytes; restBytes > 0 && kept > 0; kept -= 1) {
    restBytes -= Buffer.byteLength(JSON.stringify(events[kept - 1])) + 1;
  }
  return events.slice(0, kept);
}

function detailsOf(alert: Alert): JsonObject {
  const { uniqueCount } = alert;
  return {
    rule: alert.ruleName,
    description: alert.description,
    runbook: alert.runbook,
    reference: alert.reference,
    matchCount: alert.matchCount,
    threshold: alert.threshold,
    ...(uniqueCount === undefined ? {} : { uniqueCount }),
    firstEventTime: alert.firstEventTime,
    lastEventTime: alert.lastEventTime,
    context: alert.context,
    tags: alert.tags,
    reports: alert.reports,
    summary: alert.summary,
    eventsOmitted: alert.eventsOmitted,
    events: alert.events,
  };
}
