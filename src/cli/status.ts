import { formatDuration } from "../core/durations.ts";
import { printable } from "../core/text.ts";
import type { ContentStatus, RuleStatus, ServiceStatus, SourceStatus } from "../service/status.ts";
import { type CommandIo, paint, type Screen, writeText } from "./io.ts";
import { destinationColumns, destinationRow } from "./service-actions.ts";
import { type ServiceOptions, withService } from "./service-client.ts";
import { count, formatBytes } from "./summary.ts";
import { type Column, renderTable } from "./table.ts";

export interface StatusOptions extends ServiceOptions {
  readonly json: boolean;
}

/** Prints what the running service is doing. Answers 0. */
export async function statusCommand(options: StatusOptions, io: CommandIo): Promise<number> {
  const status = await withService(options, (client) => client.ask<ServiceStatus>({ path: "/v1/status" }));
  await writeText(io.stdout, options.json ? `${JSON.stringify(status)}\n` : renderStatus(status, io.stdout));
  return 0;
}

const sourceColumns: readonly Column[] = [
  { name: "SOURCE" },
  { name: "KIND" },
  { name: "RECORDS", align: "right" },
  { name: "BYTES", align: "right" },
  { name: "BACKLOG", align: "right" },
  { name: "LAG", align: "right" },
  { name: "REQUESTS" },
];

const ruleColumns: readonly Column[] = [
  { name: "RULE" },
  { name: "MATCHES", align: "right" },
  { name: "ALERTS", align: "right" },
  { name: "ERRORS", align: "right" },
  { name: "NOTE" },
];

/** Rules shown of those that found something; `stakeout top` and `--json` show all. */
const rulesMax = 10;

function renderStatus(status: ServiceStatus, screen: Screen): string {
  const { sources, destinations } = status;
  const tables = [
    sources.length === 0 ? "" : renderTable(sourceColumns, sources.map(sourceRow), screen),
    ruleTable(status, screen),
    destinations.length === 0
      ? ""
      : renderTable(destinationColumns, destinations.map(destinationRow), screen),
  ];
  const head = headLines(status, screen).map((line) => `${line}\n`);
  return [head.join(""), ...tables.filter((table) => table !== "")].join("\n");
}

function headLines(status: ServiceStatus, screen: Screen): readonly string[] {
  const { version, phase, startedAtMs, nowMs, counters, content } = status;
  const matches = counters.matches === 1 ? "1 match" : `${counters.matches.toLocaleString("en-US")} matches`;
  const up = formatDuration(nowMs - startedAtMs);
  const phaseFormat = phase === "running" ? "green" : phase === "failed" ? "red" : "yellow";
  return [
    `${paint(screen, "bold", `stakeout ${printable(version)}`)} ${paint(screen, phaseFormat, phase)}, up ${up}`,
    `${count(counters.events, "event")} (${formatBytes(counters.bytes)}), ${matches}, ` +
      `${count(counters.alerts, "alert")}, ${count(counters.ruleErrors, "rule error")}, ${count(counters.deadLetters, "dead letter")}`,
    commitLine(status),
    ...stateLine(status),
    `rules and log types ${printable(content.hash.slice(0, 12))}, loaded ${ago(nowMs - content.loadedAtMs)}, ` +
      `${count(content.reloads, "reload")}, ${content.refusedReloads} refused`,
    ...warnings(status).map((line) => paint(screen, "yellow", line)),
  ];
}

function commitLine({ commits, engineClockMs, nowMs }: ServiceStatus): string {
  if (commits.lastMs === undefined) return "nothing committed yet";
  const clock = engineClockMs === 0 ? "not set by any event yet" : isoSeconds(engineClockMs);
  const averageMs = commits.count === 0 ? 0 : commits.commitMsTotal / commits.count;
  return (
    `${count(commits.count, "commit")}, last ${ago(nowMs - commits.lastMs)}, ${averageMs.toFixed(1)} ms on average; ` +
    `engine clock ${clock}`
  );
}

function isoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}

function stateLine({ state }: ServiceStatus): readonly string[] {
  if (state === undefined) return [];
  return [
    `state: ${count(state.keys, "key")}, ${formatBytes(state.bytes)}, journal ${formatBytes(state.journalBytes)}`,
  ];
}

/** What a person should look at. */
function warnings({
  content,
  limits,
  rules,
  laneRestarts,
  otherRequests,
  nowMs,
}: ServiceStatus): readonly string[] {
  const reached = Object.entries(limits).map(([name, times]) => `${name} (${count(times, "time")})`);
  const suspended = rules.filter((rule) => rule.suspended).length;
  const strangers = Object.values(otherRequests).reduce((sum, times) => sum + times, 0);
  return [
    ...refusedLine(content, nowMs),
    ...(suspended === 0 ? [] : [`${count(suspended, "rule")} suspended; see stakeout rules suspended`]),
    ...(laneRestarts === 0
      ? []
      : [`${count(laneRestarts, "lane")} replaced because of rules; see stakeout errors list`]),
    ...(reached.length === 0 ? [] : [`limits reached, see docs/LIMITS.md: ${reached.join(", ")}`]),
    ...(strangers === 0 ? [] : [`${count(strangers, "request")} for no source, or with a wrong token`]),
  ];
}

/** The last reload that was refused, with its first problem. */
export function refusedLine({ refused }: ContentStatus, nowMs: number): readonly string[] {
  if (refused === undefined) return [];
  const [first] = refused.problems;
  const where =
    first === undefined ? "" : `: ${first.file}${first.line === 0 ? "" : `:${first.line}`}: ${first.message}`;
  const problems = count(refused.problems.length, "problem");
  return [printable(`the files on the disk were refused ${ago(nowMs - refused.atMs)} (${problems})${where}`)];
}

function sourceRow(source: SourceStatus): readonly string[] {
  const { name, kind, records, bytes, backlogRecords, backlogBytes, lagMs, requests, repeatedRequests } =
    source;
  const backlog = backlogRecords === undefined ? "" : `${backlogRecords.toLocaleString("en-US")} / `;
  const counts = Object.entries(requests).map(
    ([status, times]) => `${status}: ${times.toLocaleString("en-US")}`,
  );
  const repeated = repeatedRequests === 0 ? [] : [`repeated: ${repeatedRequests.toLocaleString("en-US")}`];
  return [
    name,
    kind,
    records.toLocaleString("en-US"),
    formatBytes(bytes),
    backlog + formatBytes(backlogBytes),
    formatDuration(lagMs),
    [...counts, ...repeated].join(", "),
  ];
}

function ruleTable({ rules }: ServiceStatus, screen: Screen): string {
  const weight = ({ alerts, matches, ruleErrors, suspended }: RuleStatus): number =>
    Number(suspended) * 1e15 + ruleErrors * 1e9 + alerts * 1e4 + matches;
  const busy = rules
    .filter((rule) => rule.matches + rule.ruleErrors > 0 || rule.suspended)
    .sort((left, right) => weight(right) - weight(left));
  const shown = busy.slice(0, rulesMax);
  if (shown.length === 0) return `${count(rules.length, "rule")}, none has matched\n`;
  const left = rules.length - shown.length;
  return (
    renderTable(ruleColumns, shown.map(ruleRow), screen) +
    (left === 0 ? "" : `and ${count(left, "rule")} more\n`)
  );
}

function ruleRow({ id, matches, alerts, ruleErrors, staged, suspended }: RuleStatus): readonly string[] {
  const notes = [...(suspended ? ["suspended"] : []), ...(staged ? ["staged"] : [])];
  return [
    id,
    ...[matches, alerts, ruleErrors].map((value) => value.toLocaleString("en-US")),
    notes.join(", "),
  ];
}

function ago(ms: number): string {
  return `${formatDuration(ms)} ago`;
}
