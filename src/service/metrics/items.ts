import type { DestinationStatus, RuleStatus, SourceStatus } from "../status.ts";
import { each, eachOf, type Family, type Items, type Sample } from "./family.ts";

const sources: Items<SourceStatus> = {
  label: "source",
  list: (status) => status.sources,
  nameOf: (source) => source.name,
};

const rules: Items<RuleStatus> = {
  label: "rule",
  list: (status) => status.rules,
  nameOf: (rule) => rule.id,
};

const destinations: Items<DestinationStatus> = {
  label: "destination",
  list: (status) => status.destinations,
  nameOf: (destination) => destination.name,
};

/** What each source takes in, and what of it waits. */
export const sourceFamilies: readonly Family[] = [
  each(sources, "counter", [
    "stakeout_source_records_total",
    "Records accepted or read.",
    ({ records }) => records,
  ]),
  each(sources, "counter", ["stakeout_source_bytes_total", "Bytes accepted or read.", ({ bytes }) => bytes]),
  each(sources, "gauge", [
    "stakeout_source_lag_seconds",
    "Age of the oldest record that waits for the engine.",
    ({ lagMs }) => lagMs / 1000,
  ]),
  each(sources, "gauge", [
    "stakeout_source_backlog_records",
    "Records that wait for the engine, where they are counted.",
    ({ backlogRecords }) => backlogRecords,
  ]),
  each(sources, "gauge", [
    "stakeout_source_backlog_bytes",
    "Bytes that wait for the engine.",
    ({ backlogBytes }) => backlogBytes,
  ]),
  each(sources, "gauge", [
    "stakeout_source_backlog_max_bytes",
    "With as many bytes, clients are told to come later.",
    ({ backlogBytesMax }) => backlogBytesMax,
  ]),
  eachOf(
    sources,
    ["stakeout_source_requests_total", "Requests with events, by HTTP status.", "status"],
    ({ requests }) => requests,
  ),
  each(sources, "counter", [
    "stakeout_source_repeated_requests_total",
    "Requests that had been stored before.",
    ({ kind, repeatedRequests }) => (kind === "http" ? repeatedRequests : undefined),
  ]),
  {
    type: "counter",
    name: "stakeout_other_requests_total",
    help: "Requests with events that belong to no source, by HTTP status: an unknown address, a wrong token.",
    labels: ["status"],
    read: ({ otherRequests }) =>
      Object.entries(otherRequests).map(([status, times]): Sample => [{ status }, times]),
  },
];

/** What each rule finds and takes. Their sums are the totals of the rules that run. */
export const ruleFamilies: readonly Family[] = [
  each(rules, "counter", [
    "stakeout_matches_total",
    "Events for which the rule returned true.",
    ({ matches }) => matches,
  ]),
  each(rules, "counter", ["stakeout_alerts_total", "Alerts that the rule raised.", ({ alerts }) => alerts]),
  each(rules, "counter", [
    "stakeout_rule_errors_total",
    "Errors that the rule threw, and budgets that it exceeded.",
    ({ ruleErrors }) => ruleErrors,
  ]),
  each(rules, "counter", [
    "stakeout_rule_timed_events_total",
    "Events for which the rule's time was measured: one in many.",
    ({ timedEvents }) => timedEvents,
  ]),
  each(rules, "counter", [
    "stakeout_rule_timed_seconds_total",
    "What the rule took over the events for which its time was measured.",
    ({ timedMicroseconds }) => timedMicroseconds / 1e6,
  ]),
  each(rules, "gauge", [
    "stakeout_rule_staged",
    "1 while the rule notifies nobody.",
    ({ staged }) => Number(staged),
  ]),
  each(rules, "gauge", [
    "stakeout_rule_suspended",
    "1 while the rule is not asked, because again and again it took too long or ended its lane.",
    ({ suspended }) => Number(suspended),
  ]),
];

/** How each destination takes its deliveries. */
export const destinationFamilies: readonly Family[] = [
  eachOf(
    destinations,
    ["stakeout_deliveries_total", "Deliveries that ended, by how: delivered or abandoned.", "result"],
    ({ attempts }) =>
      attempts === undefined ? {} : { delivered: attempts.delivered, abandoned: attempts.abandoned },
  ),
  each(destinations, "counter", [
    "stakeout_delivery_failed_attempts_total",
    "Attempts at a delivery that failed.",
    ({ attempts }) => attempts?.failedAttempts,
  ]),
  each(destinations, "counter", [
    "stakeout_delivery_seconds_total",
    "What the attempts took that delivered.",
    ({ attempts }) => (attempts === undefined ? undefined : attempts.deliverMsTotal / 1000),
  ]),
  each(destinations, "gauge", [
    "stakeout_deliveries_in_flight",
    "Attempts under way.",
    ({ attempts }) => attempts?.inFlight,
  ]),
  each(destinations, "gauge", [
    "stakeout_deliveries_waiting",
    "Deliveries in the outbox, those under way included.",
    ({ waiting }) => waiting,
  ]),
  each(destinations, "gauge", [
    "stakeout_deliveries_abandoned",
    "Deliveries that were given up and wait for a person.",
    ({ abandoned }) => abandoned,
  ]),
  {
    type: "gauge",
    name: "stakeout_destination_circuit",
    help: "1 for the state that the destination's circuit is in, 0 for the others.",
    labels: ["destination", "circuit"],
    read: ({ destinations: all }) =>
      all.flatMap(({ name: destination, attempts }) =>
        attempts === undefined
          ? []
          : (["closed", "open", "half-open"] as const).map((circuit): Sample => [
              { destination, circuit },
              Number(attempts.circuit === circuit),
            ]),
      ),
  },
];
