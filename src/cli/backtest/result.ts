import type { RunSummary } from "../summary.ts";
import type { Findings, FoundAlert } from "./collect.ts";
import type { Comparison } from "./compare.ts";
import type { Span } from "./timeline.ts";

/** Everything that a backtest shows, in whichever form. */
export interface BacktestResult {
  readonly summary: RunSummary;
  readonly findings: Findings;
  /** The period asked for, where it was. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly baseline: BaselineResult | undefined;
}

export interface BaselineResult {
  /** As it was named on the command line. */
  readonly name: string;
  readonly summary: RunSummary;
  readonly findings: Findings;
  readonly comparison: Comparison;
}

/** True when the input was not read to its end. */
export function isPartial({ summary, baseline }: BacktestResult): boolean {
  return summary.interrupted || baseline?.summary.interrupted === true;
}

/** The rules of both versions, those with the most alerts first. */
export function ruleIdsOf({ summary, findings, baseline }: BacktestResult): readonly string[] {
  const ids = new Set([...Object.keys(summary.matches), ...Object.keys(baseline?.summary.matches ?? {})]);
  const counts = countByRule(findings.alerts);
  return [...ids].sort(
    (left, right) => (counts.get(right) ?? 0) - (counts.get(left) ?? 0) || (left < right ? -1 : 1),
  );
}

export function countByRule(alerts: readonly FoundAlert[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { ruleId } of alerts) counts.set(ruleId, (counts.get(ruleId) ?? 0) + 1);
  return counts;
}

/** The engine time that the backtest went through; `undefined` when no event told a time and nothing was raised. */
export function spanOf({ findings }: BacktestResult): Span | undefined {
  const { firstEventMs, clockMs, alerts } = findings;
  const firstMs = firstEventMs ?? alerts[0]?.createdMs;
  if (firstMs === undefined) return undefined;
  const endMs = Math.max(firstMs, clockMs);
  return { startMs: Math.min(firstMs, endMs), endMs };
}
