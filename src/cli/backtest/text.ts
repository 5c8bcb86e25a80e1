import type { Alert } from "../../core/alert.ts";
import { printable } from "../../core/text.ts";
import { paint, type Screen } from "../io.ts";
import { count, totalsOf } from "../summary.ts";
import { renderTable, type Column } from "../table.ts";
import { renderChart, shortTime } from "./chart.ts";
import { alertOf, type FoundAlert } from "./collect.ts";
import type { ChangedAlert } from "./compare.ts";
import { isPartial, type BacktestResult } from "./result.ts";

/** Alerts named in each list; a file or the page has all. */
const listMax = 20;
const valueLengthMax = 60;

/** What a backtest found, for people: the chart, then the alerts or how they differ from the baseline's, rule errors. */
export function renderResult(result: BacktestResult, screen: Screen): string {
  const { findings, baseline } = result;
  const parts = [renderChart(result, screen)];
  if (baseline === undefined) {
    parts.push(alertList("Alerts", findings.alerts, screen));
  } else {
    const { appeared, vanished, changed } = baseline.comparison;
    parts.push(
      alertList("Appeared", appeared, screen),
      alertList("Vanished", vanished, screen),
      changedList(changed, screen),
    );
  }
  parts.push(ruleErrorList(result, screen));
  return parts.filter((part) => part !== "").join("\n");
}

const alertColumns: readonly Column[] = [
  { name: "RAISED" },
  { name: "SEVERITY" },
  { name: "MATCHES", align: "right" },
  { name: "RULE" },
  { name: "TITLE" },
];

function alertList(name: string, alerts: readonly FoundAlert[], screen: Screen): string {
  if (alerts.length === 0) return "";
  const rows = alerts.slice(0, listMax).map((found) => {
    const { severity, matchCount, ruleId, title } = alertOf(found);
    return [shortTime(found.createdMs), severity, String(matchCount), ruleId, title];
  });
  return heading(name, alerts.length, screen) + renderTable(alertColumns, rows, screen) + more(alerts.length);
}

/** Fields whose values tell something on a line; of the others the name is enough. */
const tellingFields: readonly (keyof Alert)[] = [
  "ruleName",
  "title",
  "severity",
  "threshold",
  "matchCount",
  "uniqueCount",
  "windowStart",
  "windowEnd",
  "destinations",
];

function changedList(changed: readonly ChangedAlert[], screen: Screen): string {
  if (changed.length === 0) return "";
  const blocks = changed.slice(0, listMax).map((change) => changeLines(change).join(""));
  return heading("Changed", changed.length, screen) + blocks.join("") + more(changed.length);
}

function changeLines({ before, after, fields }: ChangedAlert): readonly string[] {
  const old = alertOf(before);
  const now = alertOf(after);
  const telling = tellingFields.filter((field) => fields.includes(field));
  const others = fields.filter((field) => !tellingFields.includes(field));
  const lines = [
    `${shortTime(after.createdMs)}  ${now.ruleId}  ${now.title}`,
    ...telling.map((field) => `  ${field}: ${changeText(textOf(old[field]), textOf(now[field]))}`),
    ...(others.length === 0 ? [] : [`  ${telling.length > 0 ? "and " : ""}${others.join(", ")}`]),
  ];
  return lines.map((line) => `${printable(line)}\n`);
}

function textOf(value: Alert[keyof Alert]): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "none");
}

/** Long texts are shown from shortly before the place where they differ. */
function changeText(before: string, after: string): string {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(before.length, after.length) <= valueLengthMax ? 0 : Math.max(0, same - 15);
  return `${cut(before, from)} → ${cut(after, from)}`;
}

function cut(text: string, from: number): string {
  const start = from === 0 ? text : `…${text.slice(from)}`;
  return start.length <= valueLengthMax ? start : `${start.slice(0, valueLengthMax - 1)}…`;
}

function ruleErrorList({ findings }: BacktestResult, screen: Screen): string {
  const { ruleErrors } = findings;
  if (ruleErrors.length === 0) return "";
  const columns: readonly Column[] = [
    { name: "COUNT", align: "right" },
    { name: "RULE" },
    { name: "FUNCTION" },
    { name: "LAST ERROR" },
  ];
  const rows = ruleErrors.map((group) => [
    String(group.count),
    group.ruleId,
    group.function,
    group.last.message,
  ]);
  return heading("Rule errors", ruleErrors.length, screen) + renderTable(columns, rows, screen);
}

function heading(name: string, amount: number, screen: Screen): string {
  return `${paint(screen, ["bold", "underline"], name)} (${amount})\n`;
}

function more(amount: number): string {
  return amount <= listMax ? "" : `… and ${amount - listMax} more: --html or --json shows all of them.\n`;
}

/** The totals, and what people must know to read them rightly. */
export function renderTotals(result: BacktestResult, screen: Screen): string {
  const { summary, findings, baseline } = result;
  const partial = isPartial(result);
  const lines = [`${paint(screen, "bold", partial ? "Stopped" : "Done")} ${totalsOf(summary)}`];
  if (findings.outsidePeriod > 0) {
    lines.push(`${count(findings.outsidePeriod, "event")} outside the period left out.`);
  }
  if (baseline !== undefined) {
    const { appeared, vanished, changed, unchanged } = baseline.comparison;
    lines.push(
      `Against ${printable(baseline.name)} (${count(baseline.findings.alerts.length, "alert")}, ` +
        `${count(baseline.summary.ruleErrors, "rule error")}): ${appeared.length} appeared, ` +
        `${vanished.length} vanished, ${changed.length} changed, ${unchanged} as before.`,
    );
  }
  if (partial) {
    lines.push(paint(screen, "yellow", "This is partial: the input was not read to its end."));
  }
  if (summary.deadLetters > 0) {
    const advice = `"stakeout run --state :memory:" on the same input writes them to a file.`;
    lines.push(paint(screen, "yellow", `Some records could not become events; ${advice}`));
  }
  return lines.map((line) => `${line}\n`).join("");
}
