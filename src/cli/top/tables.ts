import type { DestinationStatus, RuleStatus, ServiceStatus, SourceStatus } from "../../service/status.ts";
import type { FrameColumn, FrameRow, FrameTable } from "./columns.ts";
import { bytes, decimal, integer, lag } from "./figures.ts";
import type { Rates } from "./history.ts";
import { microsecondsPerEvent, type Ranking, rankRules } from "./rules.ts";

/** Part of a source's room beyond which clients are about to be told to come later. */
const fullShare = 0.8;
/** How far behind a source is worth a look. */
const lateMs = 60_000;

/** Sources, rules and destinations, in each those first that need a look. */
export function tablesOf(
  status: ServiceStatus,
  rates: Rates | undefined,
  ranking: Ranking,
): readonly FrameTable[] {
  const sources = [...status.sources].sort((left, right) => right.lagMs - left.lagMs);
  const destinations = [...status.destinations].sort((left, right) => urgency(right) - urgency(left));
  return [
    { columns: sourceColumns, rows: sources.map((source) => sourceRow(source, rates)), share: 0.25 },
    { columns: ruleColumns(ranking), rows: rankRules(status.rules, ranking).map(ruleRow), share: 0.5 },
    { columns: destinationColumns, rows: destinations.map(destinationRow), share: 0.25 },
  ];
}

const sourceColumns: readonly FrameColumn[] = [
  { name: "SOURCE", width: 16 },
  { name: "RECORDS/S", width: 10, align: "right" },
  { name: "BYTES/S", width: 10, align: "right" },
  { name: "BACKLOG", width: 11, align: "right" },
  { name: "BYTES", width: 9, align: "right" },
  { name: "LAG", width: 8, align: "right" },
];

function sourceRow(source: SourceStatus, rates: Rates | undefined): FrameRow {
  const { name, backlogRecords, backlogBytes, backlogBytesMax, lagMs } = source;
  const own = rates?.sources.get(name);
  const full = backlogBytesMax !== undefined && backlogBytes > backlogBytesMax * fullShare;
  return {
    cells: [
      name,
      integer(own?.records),
      bytes(own?.bytes),
      integer(backlogRecords),
      bytes(backlogBytes),
      lag(lagMs),
    ],
    format: full ? "red" : lagMs > lateMs ? "yellow" : undefined,
  };
}

function ruleColumns(ranking: Ranking): readonly FrameColumn[] {
  const ranked = (name: string, by: Ranking, width: number): FrameColumn => ({
    name: ranking === by ? `${name}*` : name,
    width,
    align: "right",
  });
  return [
    { name: "RULE", width: 24 },
    ranked("US/EVENT", "time", 9),
    ranked("MATCHES", "matches", 9),
    ranked("ALERTS", "alerts", 7),
    ranked("ERRORS", "errors", 7),
    { name: "NOTE", width: 9 },
  ];
}

function ruleRow(rule: RuleStatus): FrameRow {
  const { id, matches, alerts, ruleErrors, staged, suspended } = rule;
  const note = suspended ? "suspended" : staged ? "staged" : "";
  const time = decimal(microsecondsPerEvent(rule), 2);
  return {
    cells: [id, time, integer(matches), integer(alerts), integer(ruleErrors), note],
    format: suspended ? "red" : ruleErrors > 0 ? "yellow" : undefined,
  };
}

const destinationColumns: readonly FrameColumn[] = [
  { name: "DESTINATION", width: 16 },
  { name: "CIRCUIT", width: 9 },
  { name: "WAITING", width: 7, align: "right" },
  { name: "IN FLIGHT", width: 9, align: "right" },
  { name: "DELIVERED", width: 9, align: "right" },
  { name: "FAILED", width: 6, align: "right" },
  { name: "ABANDONED", width: 9, align: "right" },
];

function destinationRow({ name, waiting, abandoned, attempts }: DestinationStatus): FrameRow {
  return {
    cells: [
      name,
      attempts?.circuit ?? "-",
      integer(waiting),
      integer(attempts?.inFlight),
      integer(attempts?.delivered),
      integer(attempts?.failedAttempts),
      integer(abandoned),
    ],
    format: attempts?.circuit === "open" ? "red" : abandoned > 0 ? "yellow" : undefined,
  };
}

/** Those that fail first, then those with something for a person to do, then those that wait. */
function urgency({ abandoned, waiting, attempts }: DestinationStatus): number {
  return (
    Number(attempts?.circuit === "open") * 1e12 + Math.min(abandoned, 1e5) * 1e6 + Math.min(waiting, 1e5)
  );
}
