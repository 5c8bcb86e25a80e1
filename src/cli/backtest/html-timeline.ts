import { formatDuration } from "../../core/durations.ts";
import { count } from "../summary.ts";
import { shortTime } from "./chart.ts";
import { markup, type Markup } from "./markup.ts";
import { countByRule, ruleIdsOf, spanOf, type BacktestResult } from "./result.ts";
import { createTimeline, ruleTimelines, type RuleTimeline, type Timeline } from "./timeline.ts";

const columnsMax = 120;
const plotWidth = 960;
const labelHeight = 18;
const barHeight = 36;
const rowHeight = labelHeight + barHeight + 10;
const ticks = 5;

/** Alerts over time as a drawing, and the same figures by rule as a table. */
export function timelineSection(result: BacktestResult): Markup {
  return markup`<section aria-labelledby="timeline">
<h2 id="timeline">Alerts over time</h2>
${drawing(result)}
${ruleTable(result)}
</section>
`;
}

function drawing(result: BacktestResult): Markup {
  const { findings, baseline } = result;
  const span = spanOf(result);
  const now = countByRule(findings.alerts);
  const before = countByRule(baseline?.findings.alerts ?? []);
  const ids = ruleIdsOf(result).filter((id) => now.has(id) || before.has(id));
  if (span === undefined || ids.length === 0) return markup`<p>No alerts were raised.</p>`;
  const timeline = createTimeline(span, columnsMax);
  const rows = ruleTimelines(timeline, findings.alerts, ids);
  const beforeRows = ruleTimelines(timeline, baseline?.findings.alerts ?? [], ids);
  const peak = Math.max(1, ...[...rows, ...beforeRows].flatMap(({ counts }) => counts));
  const from = shortTime(span.startMs);
  const to = shortTime(span.endMs);
  const drawn = rows.map((row, index) =>
    rowOf({ row, before: beforeRows[index], timeline, peak, top: index * rowHeight }),
  );
  const column = formatDuration(timeline.columnMs);
  const dashed = baseline === undefined ? "" : ` Dashed: ${baseline.name}.`;
  return markup`<figure class="scroll" tabindex="0" role="group" aria-label="Chart of alerts over time">
<svg viewBox="0 0 ${plotWidth} ${ids.length * rowHeight + 24}" role="img" aria-labelledby="chart-title">
<title id="chart-title">Alerts by rule from ${from} to ${to}; the table below has the totals</title>
${drawn}${axis(timeline, ids.length * rowHeight)}
</svg>
<figcaption class="faint">Each column is ${column}, the highest ${count(peak, "alert")}. Times are UTC.${dashed}</figcaption>
</figure>`;
}

interface Row {
  readonly row: RuleTimeline;
  readonly before: RuleTimeline | undefined;
  readonly timeline: Timeline;
  readonly peak: number;
  readonly top: number;
}

function rowOf({ row, before, timeline, peak, top }: Row): Markup {
  const base = top + labelHeight + barHeight;
  const width = plotWidth / timeline.columns;
  const barWidth = Math.max(1, width - 1).toFixed(2);
  const box = (column: number, amount: number): Markup => {
    const height = heightOf(amount, peak);
    const x = (column * width).toFixed(2);
    return markup`x="${x}" y="${base - height}" width="${barWidth}" height="${height}"`;
  };
  const bars = row.counts.map((amount, column) => {
    if (amount === 0) return markup``;
    const time = shortTime(timeline.startMs + column * timeline.columnMs);
    return markup`<rect class="${row.severities[column]}" ${box(column, amount)}><title>${time}: ${amount}</title></rect>
`;
  });
  const earlier = (before?.counts ?? []).map((amount, column) => {
    if (amount === 0) return markup``;
    return markup`<rect class="before" ${box(column, amount)}/>
`;
  });
  return markup`<text x="0" y="${top + 13}">${row.ruleId} (${row.alerts})</text>
<line x1="0" x2="${plotWidth}" y1="${base}" y2="${base}"/>
${bars}${earlier}`;
}

function heightOf(amount: number, peak: number): number {
  return amount === 0 ? 0 : Math.max(2, Math.round((amount / peak) * barHeight));
}

function axis({ startMs, columnMs, columns }: Timeline, top: number): Markup {
  const marks = Array.from({ length: ticks }, (_, index) => {
    const share = index / (ticks - 1);
    const anchor = index === 0 ? "start" : index === ticks - 1 ? "end" : "middle";
    const time = shortTime(startMs + share * columns * columnMs);
    return markup`<text class="axis" x="${share * plotWidth}" y="${top + 14}" text-anchor="${anchor}">${time}</text>
`;
  });
  return markup`${marks}`;
}

function ruleTable(result: BacktestResult): Markup {
  const { summary, findings, baseline } = result;
  const now = countByRule(findings.alerts);
  const before = countByRule(baseline?.findings.alerts ?? []);
  const numbers = (id: string): readonly number[] => [
    now.get(id) ?? 0,
    summary.matches[id] ?? 0,
    ...(baseline === undefined ? [] : [before.get(id) ?? 0, baseline.summary.matches[id] ?? 0]),
  ];
  const rows = ruleIdsOf(result).map((id) => {
    const cells = numbers(id).map((number) => markup`<td class="number">${number}</td>`);
    return markup`<tr><th scope="row">${id}</th>${cells}</tr>
`;
  });
  const names = ["Alerts", "Matches", ...(baseline === undefined ? [] : ["Alerts before", "Matches before"])];
  const heads = names.map((name) => markup`<th scope="col" class="number">${name}</th>`);
  return markup`<div class="scroll"><table>
<caption>Alerts and matches by rule</caption>
<thead><tr><th scope="col">Rule</th>${heads}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}
