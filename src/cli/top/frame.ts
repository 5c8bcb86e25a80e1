import { formatDuration } from "../../core/durations.ts";
import type { ServiceStatus } from "../../service/status.ts";
import { refusedLine } from "../status.ts";
import { fit, type FrameLine, layOut, type LineFormat } from "./columns.ts";
import { bytes, decimal, integer, lag, signed } from "./figures.ts";
import type { History, Rates } from "./history.ts";
import type { Ranking } from "./rules.ts";
import { tablesOf } from "./tables.ts";

export interface FrameOptions {
  readonly columns: number;
  /** `Infinity` shows everything. */
  readonly rows: number;
  readonly ranking: Ranking;
  readonly paused: boolean;
  /** What is wrong with the connection. */
  readonly trouble: string | undefined;
  /** Whether the last line says what keys do; not in a frame that nobody steers. */
  readonly keys: boolean;
}

/** What one look shows, line by line: none longer than the columns, not more than the rows. */
export function renderFrame(history: History, options: FrameOptions): readonly FrameLine[] {
  const { columns, rows, paused, ranking } = options;
  const line = (text: string, format?: LineFormat): FrameLine => ({
    text: fit(text, columns).trimEnd(),
    format,
  });
  const status = history.latest;
  if (status === undefined) return [line("waiting for the service")].slice(0, rows);
  const rates = history.rates();
  const foot = options.keys
    ? [line(`q quit  s sort: ${ranking}  p ${paused ? "go on" : "pause"}`, "dim")]
    : [];
  const head = [
    line(title(status, options), status.phase === "failed" ? "red" : "inverse"),
    ...figureLines(status, rates).map((text) => line(text)),
    ...(options.trouble === undefined ? [] : [line(options.trouble, "red")]),
    ...noticeLines(status).map((text) => line(text, "yellow")),
  ];
  const body = layOut(tablesOf(status, rates, ranking), columns, rows - head.length - foot.length);
  return [...[...head, ...body].slice(0, Math.max(0, rows - foot.length)), ...foot].slice(0, rows);
}

/** As wide as the screen, with the time at its end. */
function title(status: ServiceStatus, { columns, paused }: FrameOptions): string {
  const { version, phase, startedAtMs, nowMs, content } = status;
  const time = `${new Date(nowMs).toISOString().slice(11, 19)}Z`;
  const parts = [
    `stakeout ${version}`,
    paused ? "PAUSED" : phase,
    `up ${formatDuration(nowMs - startedAtMs)}`,
    `rules ${content.hash.slice(0, 8)} loaded ${formatDuration(nowMs - content.loadedAtMs)} ago`,
  ];
  return `${fit(parts.join("  "), columns - time.length - 1)} ${time}`;
}

function figureLines(status: ServiceStatus, rates: Rates | undefined): readonly string[] {
  const { counters, sources, state, laneRestarts, residentBytes } = status;
  const backlogBytes = sources.reduce((sum, source) => sum + source.backlogBytes, 0);
  const lagMs = Math.max(0, ...sources.map((source) => source.lagMs));
  const stateParts =
    state === undefined
      ? ["not measured yet"]
      : [
          `${integer(state.keys)} keys (${signed(rates?.stateKeys, integer)}/s)`,
          `${bytes(state.bytes)} (${signed(rates?.stateBytes, bytes)}/s)`,
          `journal ${bytes(state.journalBytes)}`,
        ];
  const lines = [
    [
      `${integer(rates?.events)} events/s`,
      `${bytes(rates?.bytes)}/s`,
      `lag ${lag(lagMs)}`,
      `backlog ${bytes(backlogBytes)}`,
      `memory ${bytes(residentBytes)}`,
    ],
    [
      `${decimal(rates?.commits, 1)} commits/s`,
      `batch ${decimal(rates?.batchMs, 1)} ms`,
      `commit ${decimal(rates?.commitMs, 1)} ms`,
      `lanes replaced ${integer(laneRestarts)}`,
    ],
    [
      `total ${integer(counters.events)} events`,
      `${integer(counters.matches)} matches`,
      `${integer(counters.alerts)} alerts`,
      `${integer(counters.ruleErrors)} rule errors`,
      `${integer(counters.deadLetters)} dead letters`,
    ],
    ["state", ...stateParts],
  ];
  return lines.map((parts) => parts.join("  "));
}

function noticeLines({ content, limits, nowMs }: ServiceStatus): readonly string[] {
  const reached = Object.entries(limits).map(([name, times]) => `${name} ${integer(times)} times`);
  return [
    ...refusedLine(content, nowMs),
    ...(reached.length === 0 ? [] : [`limits reached: ${reached.join(", ")}`]),
  ];
}
