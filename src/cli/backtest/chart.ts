import { formatDuration } from "../../core/durations.ts";
import { printable } from "../../core/text.ts";
import { severityFormats } from "../../destinations/console/render.ts";
import { paint, type Screen } from "../io.ts";
import { countByRule, ruleIdsOf, spanOf, type BacktestResult } from "./result.ts";
import { createTimeline, ruleTimelines, type RuleTimeline, type Timeline } from "./timeline.ts";

/** Eighths of a character cell, from the bottom. */
const blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const quiet = "·";

const plainColumns = 80;
const columnsMin = 10;

/**
 * Alerts over time: a row for each rule that raised any, as wide as the screen, each column in the colour of its highest
 * severity. Below it the time axis, and what a column and a full block stand for.
 */
export function renderChart(result: BacktestResult, screen: Screen): string {
  const span = spanOf(result);
  const before = countByRule(result.baseline?.findings.alerts ?? []);
  const now = countByRule(result.findings.alerts);
  const ids = ruleIdsOf(result).filter((id) => now.has(id) || before.has(id));
  if (span === undefined || ids.length === 0) return "";
  // A terminal that does not know its size says 0.
  const width = (screen.isTTY === true && screen.columns) || plainColumns;
  const totals = ids.map((id) => totalOf(now.get(id) ?? 0, result.baseline && (before.get(id) ?? 0)));
  const totalWidth = Math.max(...totals.map((total) => total.length));
  const labelWidth = Math.min(Math.max(...ids.map((id) => id.length)), Math.floor(width * 0.45));
  const timeline = createTimeline(span, Math.max(columnsMin, width - labelWidth - totalWidth - 4));
  const rows = ruleTimelines(timeline, result.findings.alerts, ids);
  const peak = Math.max(1, ...rows.flatMap(({ counts }) => counts));
  const lines = rows.map((row, index) => {
    const label = fit(row.ruleId, labelWidth).padEnd(labelWidth);
    return `${label}  ${bar(row, peak, screen)}  ${(totals[index] ?? "").padStart(totalWidth)}`;
  });
  const axis = `${" ".repeat(labelWidth)}  ${paint(screen, "dim", axisOf(timeline))}`;
  const key = `each column is ${formatDuration(timeline.columnMs)}, a full block ${peak} alert${peak === 1 ? "" : "s"}`;
  lines.push(axis, `${" ".repeat(labelWidth)}  ${paint(screen, "dim", key)}`);
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function totalOf(now: number, before: number | undefined): string {
  return before === undefined || before === now ? String(now) : `${before} → ${now}`;
}

function bar({ counts, severities }: RuleTimeline, peak: number, screen: Screen): string {
  return counts
    .map((count, column) => {
      if (count === 0) return paint(screen, "dim", quiet);
      // Whatever is there is seen, however high the peak.
      const block = blocks[Math.ceil((count / peak) * blocks.length) - 1] ?? "";
      const severity = severities[column];
      return severity === undefined ? block : paint(screen, barFormats[severity], block);
    })
    .join("");
}

/** A background would hide how high a block is. */
const barFormats: typeof severityFormats = { ...severityFormats, critical: ["bold", "magenta"] };

function axisOf({ startMs, columnMs, columns }: Timeline): string {
  const start = shortTime(startMs);
  const end = shortTime(startMs + columns * columnMs);
  return columns < start.length + end.length + 1
    ? `${start} to ${end}`
    : start + " ".repeat(columns - start.length - end.length) + end;
}

/** A time for people: to the second, in UTC. */
export function shortTime(timeMs: number): string {
  return new Date(timeMs)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

function fit(text: string, columns: number): string {
  const shown = printable(text);
  return shown.length <= columns ? shown : `${shown.slice(0, columns - 1)}…`;
}
