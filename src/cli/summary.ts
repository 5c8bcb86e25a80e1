import { styleText } from "node:util";

import type { Counters } from "../engine/control.ts";
import type { LimitCounts } from "../engine/lane-messages.ts";
import type { LaneResult } from "../engine/lane-parts.ts";

/** What a run did, as `--json` prints it on the last line of standard error. */
export interface RunSummary {
  readonly events: number;
  /** Bytes of records, decompressed. */
  readonly bytes: number;
  /** By rule id; rules without a match included. */
  readonly matches: Readonly<Record<string, number>>;
  /** Alerts raised in this run. */
  readonly alerts: number;
  readonly ruleErrors: number;
  readonly deadLetters: number;
  /** Ids of the rules that are suspended at the end. */
  readonly suspended: readonly string[];
  /** How often each limit was reached, by name; those that were not are left out. */
  readonly limits: LimitCounts;
  readonly seconds: number;
  /** True when the run was asked to stop before its input ended. */
  readonly interrupted: boolean;
}

export function createSummary(counters: Counters, result: LaneResult, seconds: number): RunSummary {
  return {
    events: counters.events,
    bytes: counters.bytes,
    matches: result.matches,
    alerts: counters.alerts,
    ruleErrors: counters.ruleErrors,
    deadLetters: counters.deadLetters,
    suspended: result.suspended,
    limits: result.limits,
    seconds: Math.round(seconds * 1000) / 1000,
    interrupted: result.interrupted,
  };
}

export interface SummaryHints {
  readonly color: boolean;
  readonly stateFile: string;
  readonly deadLettersFile: string;
}

/** The summary for people: one line of totals, the rules that matched, and where to look further. */
export function renderSummary(summary: RunSummary, hints: SummaryHints): string {
  const { color } = hints;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const lines = [
    `${paint("bold", summary.interrupted ? "Stopped" : "Done")} ${totalsOf(summary)}`,
    ...matchLines(summary),
  ];
  const state = hints.stateFile === "./stakeout.db" ? "" : ` --state ${hints.stateFile}`;
  if (summary.interrupted)
    lines.push("Everything up to here is committed; run the same command again to go on.");
  if (summary.ruleErrors > 0)
    lines.push(paint("yellow", `See the rule errors with: stakeout errors list${state}`));
  if (summary.suspended.length > 0) {
    const rules = count(summary.suspended.length, "rule");
    lines.push(
      paint("yellow", `Suspended, so not asked any more: ${rules}; see stakeout rules suspended${state}`),
    );
  }
  const limits = Object.entries(summary.limits);
  if (limits.length > 0) {
    const reached = limits.map(([name, times]) => `${name} (${count(times, "time")})`).join(", ");
    lines.push(paint("yellow", `Limits reached, see docs/LIMITS.md: ${reached}`));
  }
  if (summary.deadLetters > 0) {
    lines.push(paint("yellow", `Records that could not become events are in ${hints.deadLettersFile}`));
  }
  return `${lines.join("\n")}\n`;
}

/** How long it took and what came of it, on one line. */
export function totalsOf(summary: RunSummary): string {
  const perSecond = summary.seconds > 0 ? summary.events / summary.seconds : summary.events;
  return (
    `in ${summary.seconds.toFixed(1)} s: ` +
    `${count(summary.events, "event")} (${formatBytes(summary.bytes)}, ${integer(perSecond)} events/s), ` +
    `${count(summary.alerts, "alert")}, ${count(summary.ruleErrors, "rule error")}, ` +
    count(summary.deadLetters, "dead letter")
  );
}

function matchLines(summary: RunSummary): readonly string[] {
  const matched = Object.entries(summary.matches)
    .filter(([, matches]) => matches > 0)
    .sort(([, left], [, right]) => right - left);
  const width = Math.max(0, ...matched.map(([, matches]) => integer(matches).length));
  return matched.map(([ruleId, matches]) => `  ${integer(matches).padStart(width)}  ${ruleId}`);
}

/** An amount with its noun, in the plural where it is not one. */
export function count(amount: number, noun: string): string {
  return `${integer(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

function integer(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
