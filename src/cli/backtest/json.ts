import type { RunSummary } from "../summary.ts";
import type { FoundAlert } from "./collect.ts";
import type { Comparison } from "./compare.ts";
import { isPartial, ruleIdsOf, spanOf, type BacktestResult } from "./result.ts";
import { createTimeline, ruleTimelines } from "./timeline.ts";

const columnsMax = 100;

/**
 * The result as one JSON object, in pieces, because all alerts with their events may be longer than a text can be:
 * `summary`, `timeline` (`start`, `columnSeconds`, `rules`: by id the alerts raised in each column; `null` when no time went by),
 * `alerts` (by rule id), `ruleErrors` and, with a baseline, `baseline` (`name`, `summary`, `appeared`, `vanished`, `changed` with
 * `fields`, `before`, `after`, and the number `unchanged`).
 */
export function* jsonPieces(result: BacktestResult): Generator<string> {
  const { findings, baseline } = result;
  yield `{"summary":${JSON.stringify(summaryOf(result))}`;
  yield `,"timeline":${JSON.stringify(timelineOf(result))},"alerts":{`;
  const byRule = Map.groupBy(findings.alerts, ({ ruleId }) => ruleId);
  let comma = "";
  for (const ruleId of ruleIdsOf(result)) {
    yield `${comma}${JSON.stringify(ruleId)}:`;
    yield* listPieces(byRule.get(ruleId) ?? [], textOf);
    comma = ",";
  }
  yield `},"ruleErrors":${JSON.stringify(findings.ruleErrors)}`;
  if (baseline !== undefined) {
    yield `,"baseline":{"name":${JSON.stringify(baseline.name)},"summary":${JSON.stringify(baseline.summary)},`;
    yield* comparisonPieces(baseline.comparison);
    yield "}";
  }
  yield "}\n";
}

interface BacktestSummary extends RunSummary {
  readonly outsidePeriod: number;
  /** The period asked for; `null` where there was no bound. */
  readonly from: string | null;
  readonly to: string | null;
  /** True when the input was not read to its end by every version. */
  readonly partial: boolean;
}

function summaryOf(result: BacktestResult): BacktestSummary {
  const { summary, findings, fromMs, toMs } = result;
  return {
    ...summary,
    outsidePeriod: findings.outsidePeriod,
    from: fromMs === undefined ? null : new Date(fromMs).toISOString(),
    to: toMs === undefined ? null : new Date(toMs).toISOString(),
    partial: isPartial(result),
  };
}

function timelineOf(result: BacktestResult): unknown {
  const span = spanOf(result);
  if (span === undefined) return null;
  const timeline = createTimeline(span, columnsMax);
  const rows = ruleTimelines(timeline, result.findings.alerts, ruleIdsOf(result));
  return {
    start: new Date(timeline.startMs).toISOString(),
    columnSeconds: timeline.columnMs / 1000,
    rules: Object.fromEntries(rows.map(({ ruleId, counts }) => [ruleId, counts])),
  };
}

function* comparisonPieces({ appeared, vanished, changed, unchanged }: Comparison): Generator<string> {
  yield '"appeared":';
  yield* listPieces(appeared, textOf);
  yield ',"vanished":';
  yield* listPieces(vanished, textOf);
  yield ',"changed":';
  yield* listPieces(changed, ({ fields, before, after }) => {
    return `{"fields":${JSON.stringify(fields)},"before":${before.text},"after":${after.text}}`;
  });
  yield `,"unchanged":${unchanged}`;
}

function* listPieces<T>(entries: readonly T[], toText: (entry: T) => string): Generator<string> {
  yield "[";
  for (const [index, entry] of entries.entries()) yield `${index === 0 ? "" : ","}${toText(entry)}`;
  yield "]";
}

function textOf({ text }: FoundAlert): string {
  return text;
}
