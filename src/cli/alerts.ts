import { listAlerts, showAlert, type AlertListing, type AlertQuery } from "../alerts/list.ts";
import type { Alert, AlertStatus } from "../core/alert.ts";
import type { Severity } from "../core/severity.ts";
import { printable } from "../core/text.ts";
import { renderAlert } from "../destinations/console/render.ts";
import { paint, showsColor, writeText, type CommandIo } from "./io.ts";
import { renderTable, type Column } from "./table.ts";
import { withState } from "./with-state.ts";

export interface AlertsListOptions {
  readonly state: string;
  readonly limit: number;
  readonly status?: AlertStatus;
  readonly rule?: string;
  readonly severity?: Severity;
  readonly json: boolean;
}

export interface AlertsShowOptions {
  readonly state: string;
  /** The id, or the beginning of it. */
  readonly id: string;
  readonly json: boolean;
}

const columns: readonly Column[] = [
  { name: "ID" },
  { name: "STATUS" },
  { name: "SEVERITY" },
  { name: "MATCHES", align: "right" },
  { name: "LAST EVENT" },
  { name: "RULE" },
  { name: "TITLE" },
];

/** Enough of an id to tell a few million alerts apart, and `alerts show` takes a beginning. */
const idCharacters = 12;

/** Wider than any text of an alert: who asks for one alert wants all of it, and a terminal wraps. */
const uncutColumns = 1_000_000;

/** Prints the newest alerts of a state file. Answers 0. */
export async function listAlertsCommand(options: AlertsListOptions, io: CommandIo): Promise<number> {
  const page = await withState(options.state, { readOnly: true }, (store) =>
    listAlerts(store, queryOf(options)),
  );
  if (options.json) {
    await writeText(io.stdout, page.alerts.map((alert) => `${JSON.stringify(alert)}\n`).join(""));
  } else if (page.alerts.length === 0) {
    io.stderr.write("No alerts.\n");
  } else {
    await writeText(io.stdout, renderTable(columns, page.alerts.map(rowOf), io.stdout));
  }
  if (page.next !== undefined)
    io.stderr.write(`There are more; show them with --limit ${options.limit * 10}.\n`);
  return 0;
}

function queryOf({ limit, status, rule, severity }: AlertsListOptions): AlertQuery {
  return {
    limit,
    ...(status === undefined ? {} : { status }),
    ...(rule === undefined ? {} : { ruleId: rule }),
    ...(severity === undefined ? {} : { severity }),
  };
}

function rowOf(alert: AlertListing): readonly string[] {
  return [
    alert.id.slice(0, idCharacters),
    alert.status,
    alert.severity,
    String(alert.matchCount),
    alert.lastEventTime.replace(/\.\d+Z$/, "Z"),
    alert.ruleId,
    alert.title,
  ];
}

/** Prints one alert with all events that it keeps. Answers 0; throws `NOT_FOUND`. */
export async function showAlertCommand(options: AlertsShowOptions, io: CommandIo): Promise<number> {
  const alert = await withState(options.state, { readOnly: true }, (store) => showAlert(store, options.id));
  await writeText(io.stdout, options.json ? `${JSON.stringify(alert)}\n` : renderWhole(alert, io));
  return 0;
}

function renderWhole(alert: Alert, { stdout }: CommandIo): string {
  // The block of an alert that was just raised, because the line for a closed one leaves out what it was about. Its one
  // event is left to the list below.
  const block = renderAlert(
    { ...alert, status: "open", events: [] },
    { color: showsColor(stdout), width: uncutColumns },
  );
  const window = `${alert.status}, window ${alert.windowStart} to ${alert.windowEnd}`;
  const summary = Object.entries(alert.summary).map(([name, values]) => `  ${name}: ${values.join(", ")}`);
  const omitted = alert.eventsOmitted === 0 ? "" : ` (${alert.eventsOmitted} more not kept)`;
  const lines = [
    window,
    ...summary,
    `events${omitted}:`,
    ...alert.events.map((event) => JSON.stringify(event)),
  ];
  return block.trimEnd() + lines.map((line) => `\n${paint(stdout, "dim", printable(line))}`).join("") + "\n";
}
