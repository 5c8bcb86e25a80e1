import { formatDuration } from "../../core/durations.ts";
import type { DestinationStatus, RuleStatus, ServiceStatus, SourceStatus } from "../../service/status.ts";
import { refusedLine } from "../status.ts";
import { formatBytes } from "../summary.ts";
import { fit, fitColumns, type FrameColumn, type FrameRow } from "./columns.ts";
import type { History, Rates } from "./history.ts";
import { microsecondsPerEvent, type Ranking, rankRules } from "./rules.ts";

export interface FrameOptions {
  readonly columns: number;
  /** `Infinity` shows everything. */
  readonly rows: number;
  readonly ranking: Ranking;
  readonly paused: boolean;
  /** What is wrong with the connection. */
  readonly trouble: string | undefined;
  /** What keys do, on the last line; left out of a frame that nobody steers. */
  readonly keys: boolean;
}

export interface FrameLine {
  readonly text: string;
  readonly format?: "bold" | "red" | "yellow" | "dim" | "inverse";
}

/** What one look shows, line by line, none longer than the columns and not more than the rows. */
export function renderFrame(history: History, options: FrameOptions): readonly FrameLine[] {
  const { columns, rows, paused, trouble, ranking, keys } = options;
  const status = history.latest;
  if (status === undefined) return [{ text: fit("waiting for the service", columns) }].slice(0, rows);
  const head = headLines(status, history.rates(), options);
  const foot: FrameLine[] = keys
    ? [{ text: fit(`q quit  s sort: ${ranking}  p ${paused ? "go on" : "pause"}`, columns), format: "dim" }]
    : [];
  const notices = [
    ...(trouble === undefined ? [] : [{ text: trouble, format: "red" } as const]),
    ...refusedLine(status.content, status.nowMs).map((text) => ({ text, format: "yellow" }) as const),
    ...limitLines(status),
  ].map((line): FrameLine => ({ ...line, text: fit(line.text, columns).trimEnd() }));
  const tables = tablesOf(status, history.rates(), ranking);
  const room = rows - head.length - notices.length - foot.length;
  const body = layOut(tables, columns, room);
  return [...[...head, ...notices, ...body].slice(0, Math.max(0, rows - foot.length)), ...foot];
}

function headLines(
  status: ServiceStatus,
  rates: Rates | undefined,
  { columns, paused }: FrameOptions,
): readonly FrameLine[] {
  const { version, phase, startedAtMs, nowMs, counters, content, state, laneRestarts, residentBytes } =
    status;
  const time = `${new Date(nowMs).toISOString().slice(11, 19)}Z`;
  const title = `stakeout ${version}  ${paused ? "PAUSED" : phase}  up ${formatDuration(nowMs - startedAtMs)}  rules ${content.hash.slice(0, 8)} loaded ${formatDuration(nowMs - content.loadedAtMs)} ago`;
  const waiting = status.sources.reduce((sum, { backlogBytes }) => sum + backlogBytes, 0);
  const lagMs = Math.max(0, ...status.sources.map((source) => source.lagMs));
  const lines = [
    `${rate(rates?.events)} events/s  ${bytesRate(rates?.bytes)}  lag ${seconds(lagMs)}  backlog ${formatBytes(waiting)}  memory ${formatBytes(residentBytes)}`,
    `${rates === undefined ? "-" : rates.commits.toFixed(1)} commits/s of ${milliseconds(rates?.commitMs)}, batch ${milliseconds(rates?.batchMs)}  lanes replaced ${laneRestarts}`,
    `total ${integer(counters.events)} events  ${integer(counters.matches)} matches  ${integer(counters.alerts)} alerts  ${integer(counters.ruleErrors)} rule errors  ${integer(counters.deadLetters)} dead letters`,
    state === undefined
      ? "state -"
      : `state ${integer(state.keys)} keys (${change(rates?.stateKeys)}/s)  ${formatBytes(state.bytes)} (${changeBytes(rates?.stateBytes)}/s)  journal ${formatBytes(state.journalBytes)}`,
  ];
  const heading = fit(title, columns - time.length - 1) + " " + time;
  const format = phase === "running" || phase === "starting" ? "inverse" : "red";
  return [
    { text: fit(heading, columns), format },
    ...lines.map((text) => ({ text: fit(text, columns).trimEnd() })),
  ];
}

function limitLines({ limits }: ServiceStatus): readonly FrameLine[] {
  const reached = Object.entries(limits).map(([name, times]) => `${name} ${integer(times)} times`);
  return reached.length === 0 ? [] : [{ text: `limits reached: ${reached.join(", ")}`, format: "yellow" }];
}

interface Table {
  readonly columns: readonly FrameColumn[];
  readonly rows: readonly FrameRow[];
  /** Part of the room that it may take when there is too little. */
  readonly share: number;
}

function tablesOf(status: ServiceStatus, rates: Rates | undefined, ranking: Ranking): readonly Table[] {
  const sources = [...status.sources].sort((left, right) => right.lagMs - left.lagMs);
  const destinations = [...status.destinations].sort((left, right) => trouble(right) - trouble(left));
  return [
    { columns: sourceColumns, rows: sources.map((source) => sourceRow(source, rates)), share: 0.25 },
    { columns: ruleColumns(ranking), rows: rankRules(status.rules, ranking).map(ruleRow), share: 0.5 },
    { columns: destinationColumns, rows: destinations.map(destinationRow), share: 0.25 },
  ];
}

/** Tables below each other with an empty line before each; what a small one leaves goes to the others. */
function layOut(tables: readonly Table[], columns: number, room: number): readonly FrameLine[] {
  const shown = tables.filter((table) => table.rows.length > 0);
  let left = room - 2 * shown.length;
  let shares = shown.reduce((sum, { share }) => sum + share, 0);
  // The smallest first: what they do not need is known before the others are given theirs.
  const heights = new Map<Table, number>();
  for (const table of [...shown].sort(
    (one, other) => one.rows.length / one.share - other.rows.length / other.share,
  )) {
    const height = Math.max(0, Math.min(table.rows.length, Math.floor((left * table.share) / shares)));
    heights.set(table, height);
    left -= height;
    shares -= table.share;
  }
  return shown.flatMap((table) => tableLines(table, columns, heights.get(table) ?? 0));
}

function tableLines({ columns, rows }: Table, width: number, height: number): readonly FrameLine[] {
  const omitted = rows.length - Math.min(rows.length, height);
  const names = columns.map(({ name }, index) =>
    index === 0 && omitted > 0 ? `${name} (${rows.length - omitted} of ${rows.length})` : name,
  );
  return [
    { text: "" },
    { text: fitColumns(columns, names, width), format: "bold" },
    ...rows
      .slice(0, height)
      .map(({ cells, ...format }) => ({ text: fitColumns(columns, cells, width), ...format })),
  ];
}

const right = "right" as const;

const sourceColumns: readonly FrameColumn[] = [
  { name: "SOURCE", width: 16 },
  { name: "RECORDS/S", width: 10, align: right },
  { name: "BYTES/S", width: 10, align: right },
  { name: "BACKLOG", width: 11, align: right },
  { name: "BYTES", width: 9, align: right },
  { name: "LAG", width: 8, align: right },
];

function sourceRow(source: SourceStatus, rates: Rates | undefined): FrameRow {
  const { name, backlogRecords, backlogBytes, backlogBytesMax, lagMs } = source;
  const own = rates?.sources.get(name);
  const full = backlogBytesMax !== undefined && backlogBytes > backlogBytesMax * 0.8;
  const format = full ? ({ format: "red" } as const) : lagMs > 60_000 ? ({ format: "yellow" } as const) : {};
  return {
    cells: [
      name,
      rate(own?.records),
      own === undefined ? "-" : formatBytes(Math.round(own.bytes)),
      backlogRecords === undefined ? "-" : integer(backlogRecords),
      formatBytes(backlogBytes),
      seconds(lagMs),
    ],
    ...format,
  };
}

function ruleColumns(ranking: Ranking): readonly FrameColumn[] {
  const mark = (name: string, by: Ranking): string => (ranking === by ? `${name}*` : name);
  return [
    { name: "RULE", width: 24 },
    { name: mark("US/EVENT", "time"), width: 9, align: right },
    { name: mark("MATCHES", "matches"), width: 9, align: right },
    { name: mark("ALERTS", "alerts"), width: 7, align: right },
    { name: mark("ERRORS", "errors"), width: 7, align: right },
    { name: "NOTE", width: 9 },
  ];
}

function ruleRow(rule: RuleStatus): FrameRow {
  const { id, matches, alerts, ruleErrors, staged, suspended } = rule;
  const note = suspended ? "suspended" : staged ? "staged" : "";
  const format = suspended
    ? ({ format: "red" } as const)
    : ruleErrors > 0
      ? ({ format: "yellow" } as const)
      : {};
  const timed = microsecondsPerEvent(rule);
  return {
    cells: [
      id,
      timed === undefined ? "-" : timed.toFixed(2),
      integer(matches),
      integer(alerts),
      integer(ruleErrors),
      note,
    ],
    ...format,
  };
}

const destinationColumns: readonly FrameColumn[] = [
  { name: "DESTINATION", width: 16 },
  { name: "CIRCUIT", width: 9 },
  { name: "WAITING", width: 8, align: right },
  { name: "IN FLIGHT", width: 9, align: right },
  { name: "DELIVERED", width: 10, align: right },
  { name: "FAILED", width: 8, align: right },
  { name: "ABANDONED", width: 9, align: right },
];

function destinationRow(destination: DestinationStatus): FrameRow {
  const { name, waiting, abandoned, attempts } = destination;
  const format =
    attempts?.circuit === "open"
      ? ({ format: "red" } as const)
      : abandoned > 0
        ? ({ format: "yellow" } as const)
        : {};
  const count = (value: number | undefined): string => (value === undefined ? "-" : integer(value));
  return {
    cells: [
      name,
      attempts?.circuit ?? "-",
      integer(waiting),
      count(attempts?.inFlight),
      count(attempts?.delivered),
      count(attempts?.failedAttempts),
      integer(abandoned),
    ],
    ...format,
  };
}

/** Those that need a person first, then those that wait. */
function trouble({ abandoned, waiting, attempts }: DestinationStatus): number {
  return (
    Number(attempts?.circuit === "open") * 1e12 + Math.min(abandoned, 1e5) * 1e6 + Math.min(waiting, 1e5)
  );
}

function integer(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function rate(perSecond: number | undefined): string {
  return perSecond === undefined ? "-" : integer(perSecond);
}

function bytesRate(perSecond: number | undefined): string {
  return perSecond === undefined ? "-" : `${formatBytes(Math.round(perSecond))}/s`;
}

function change(perSecond: number | undefined): string {
  if (perSecond === undefined) return "-";
  return `${perSecond < 0 ? "" : "+"}${integer(perSecond)}`;
}

function changeBytes(perSecond: number | undefined): string {
  if (perSecond === undefined) return "-";
  return `${perSecond < 0 ? "-" : "+"}${formatBytes(Math.round(Math.abs(perSecond)))}`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "-" : `${ms.toFixed(1)} ms`;
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}
