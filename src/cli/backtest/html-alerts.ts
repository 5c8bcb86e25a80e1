import type { Alert } from "../../core/alert.ts";
import type { JsonValue } from "../../core/json.ts";
import { shortTime } from "./chart.ts";
import { alertOf, type FoundAlert } from "./collect.ts";
import type { ChangedAlert } from "./compare.ts";
import { markup, type Markup } from "./markup.ts";

/** Alerts shown in one list: a browser that has to lay out many more is of no use. */
const listMax = 1000;

/** A list of alerts, each with its events, in pieces. */
export function* alertPieces(alerts: readonly FoundAlert[]): Generator<Markup> {
  for (const found of alerts.slice(0, listMax)) {
    const alert = alertOf(found);
    yield markup`<details>
<summary>${headOf(alert)}</summary>
<div>
${fieldsOf(alert)}
${eventsOf(alert)}</div>
</details>
`;
  }
  yield omitted(alerts.length);
}

/** A list of changed alerts, each with what differs and the events of the current version, in pieces. */
export function* changedPieces(changed: readonly ChangedAlert[]): Generator<Markup> {
  for (const { before, after, fields } of changed.slice(0, listMax)) {
    const old = alertOf(before);
    const now = alertOf(after);
    const rows = fields.map(
      (
        field,
      ) => markup`<tr><th scope="row">${field}</th><td>${cell(old[field])}</td><td>${cell(now[field])}</td></tr>
`,
    );
    yield markup`<details>
<summary>${headOf(now)} <span class="faint">${fields.join(", ")}</span></summary>
<div>
<table>
<thead><tr><th scope="col">Field</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead>
<tbody>
${rows}</tbody>
</table>
${eventsOf(now)}</div>
</details>
`;
  }
  yield omitted(changed.length);
}

function omitted(amount: number): Markup {
  if (amount === 0) return markup`<p>None.</p>`;
  if (amount <= listMax) return markup``;
  return markup`<p class="note">${amount - listMax} more are not shown here; --json has all ${amount}.</p>`;
}

function headOf({ createdAt, severity, title, matchCount }: Alert): Markup {
  const unit = matchCount === 1 ? "match" : "matches";
  return markup`<time datetime="${createdAt}">${shortTime(Date.parse(createdAt))}</time>
<span class="severity ${severity}">${severity}</span>
${title} <span class="faint">(${matchCount} ${unit})</span>`;
}

function fieldsOf(alert: Alert): Markup {
  const { uniqueCount, uniqueEstimated } = alert;
  const about = uniqueEstimated === true ? "about " : "";
  const rows: readonly (readonly [string, string])[] = [
    ["Alert", alert.id],
    ["Rule", alert.ruleName === alert.ruleId ? alert.ruleId : `${alert.ruleId} (${alert.ruleName})`],
    ["Log type", alert.logType],
    ["Dedup key", alert.dedup],
    ["Window", `${alert.windowStart} to ${alert.windowEnd}, ${alert.status}`],
    ["Distinct values", uniqueCount === undefined ? "" : `${about}${uniqueCount}`],
    ["Events seen", `${alert.firstEventTime} to ${alert.lastEventTime}`],
    ["Description", alert.description],
    ["Runbook", alert.runbook],
    ["Reference", alert.reference],
    ["Tags", alert.tags.join(", ")],
    ["Destinations", alert.destinations?.join(", ") ?? ""],
    ["Context", Object.keys(alert.context).length === 0 ? "" : json(alert.context)],
    ...Object.entries(alert.summary).map(([name, values]) => [name, values.join(", ")] as const),
  ];
  const shown = rows.filter(([, value]) => value !== "");
  const entries = shown.map(
    ([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>
`,
  );
  return markup`<dl>
${entries}</dl>`;
}

function eventsOf({ events, eventsOmitted }: Alert): Markup {
  const more = eventsOmitted === 0 ? "" : `, ${eventsOmitted} more not kept`;
  const texts = events.map(
    (event) => markup`<pre>${json(event)}</pre>
`,
  );
  return markup`<p>Events (${events.length}${more})</p>
${texts}`;
}

function cell(value: Alert[keyof Alert]): Markup {
  if (value === undefined) return markup`<span class="faint">none</span>`;
  if (typeof value !== "object") return markup`${String(value)}`;
  return markup`<pre>${json(value as JsonValue)}</pre>`;
}

function json(value: JsonValue): string {
  return JSON.stringify(value, undefined, 2);
}
