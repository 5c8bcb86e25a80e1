import { totalsOf } from "../summary.ts";
import { alertPieces, changedPieces } from "./html-alerts.ts";
import { pageStyle } from "./html-style.ts";
import { timelineSection } from "./html-timeline.ts";
import { markup, Markup } from "./markup.ts";
import { isPartial, ruleIdsOf, type BacktestResult, type BaselineResult } from "./result.ts";

/**
 * The result as a page of its own, in pieces: no script and no address of anything, so it can be kept and sent around. All
 * that comes from rules and events is escaped.
 */
export function* htmlPieces(result: BacktestResult): Generator<string> {
  for (const { text } of markupPieces(result)) yield text;
}

function* markupPieces(result: BacktestResult): Generator<Markup> {
  yield head();
  yield intro(result);
  yield timelineSection(result);
  if (result.baseline !== undefined) yield* comparison(result.baseline);
  yield* alertSections(result);
  yield ruleErrors(result);
  yield markup`</main>
</body>
</html>
`;
}

function head(): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Stakeout backtest</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<main>
`;
}

function intro(result: BacktestResult): Markup {
  const { summary, findings, fromMs, toMs, baseline } = result;
  const period = [
    fromMs === undefined ? "" : ` from ${new Date(fromMs).toISOString()}`,
    toMs === undefined ? "" : ` to before ${new Date(toMs).toISOString()}`,
  ].join("");
  const left = findings.outsidePeriod === 0 ? "" : `, ${findings.outsidePeriod} events left out`;
  const against = baseline === undefined ? "" : ` against ${baseline.name}`;
  const partial = markup`<p class="note">This is partial: it was stopped before the input was read to its end.</p>
`;
  return markup`<h1>Backtest${against}</h1>
<p>${isPartial(result) ? "Stopped" : "Done"} ${totalsOf(summary)}.</p>
${period === "" ? undefined : markup`<p>Period${period}${left}.</p>`}
${isPartial(result) ? partial : undefined}`;
}

function* comparison({ name, comparison }: BaselineResult): Generator<Markup> {
  const { appeared, vanished, changed, unchanged } = comparison;
  yield markup`<section aria-labelledby="appeared">
<h2 id="appeared">Appeared (${appeared.length})</h2>
<p class="faint">Alerts that ${name} does not raise. ${unchanged} alerts are the same in both versions.</p>
`;
  yield* alertPieces(appeared);
  yield markup`</section>
<section aria-labelledby="vanished">
<h2 id="vanished">Vanished (${vanished.length})</h2>
<p class="faint">Alerts that only ${name} raises.</p>
`;
  yield* alertPieces(vanished);
  yield markup`</section>
<section aria-labelledby="changed">
<h2 id="changed">Changed (${changed.length})</h2>
`;
  yield* changedPieces(changed);
  yield markup`</section>
`;
}

function* alertSections(result: BacktestResult): Generator<Markup> {
  const { alerts } = result.findings;
  yield markup`<section aria-labelledby="alerts">
<h2 id="alerts">Alerts (${alerts.length})</h2>
`;
  const byRule = Map.groupBy(alerts, ({ ruleId }) => ruleId);
  for (const ruleId of ruleIdsOf(result)) {
    const ofRule = byRule.get(ruleId);
    if (ofRule === undefined) continue;
    yield markup`<h3>${ruleId} (${ofRule.length})</h3>
`;
    yield* alertPieces(ofRule);
  }
  yield markup`</section>
`;
}

function ruleErrors({ findings }: BacktestResult): Markup {
  if (findings.ruleErrors.length === 0) return markup``;
  const groups = findings.ruleErrors.map(
    (group) => markup`<details>
<summary>${group.ruleId}, ${group.function}: ${group.last.message} <span class="faint">(${group.count} times)</span></summary>
<div>
<pre>${group.last.stack === "" ? group.type : group.last.stack}</pre>
${group.event === null ? undefined : markup`<pre>${JSON.stringify(group.event, undefined, 2)}</pre>`}
</div>
</details>
`,
  );
  return markup`<section aria-labelledby="rule-errors">
<h2 id="rule-errors">Rule errors (${groups.length})</h2>
${groups}</section>
`;
}
