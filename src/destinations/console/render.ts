import { styleText } from "node:util";

import type { Alert } from "../../core/alert.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Severity } from "../../core/severity.ts";
import { printable } from "../../core/text.ts";

export interface RenderOptions {
  /** Whether to use colours; the caller knows the terminal and the user's wish. */
  readonly color: boolean;
  /** Columns of the terminal; longer values are cut. At least 40 are used. */
  readonly width: number;
}

type Format = Parameters<typeof styleText>[0];

/** Colours by severity. */
export const severityFormats: Readonly<Record<Severity, Format>> = {
  info: "blue",
  low: "cyan",
  medium: "yellow",
  high: ["bold", "red"],
  critical: ["bold", "whiteBright", "bgRed"],
};

const labelWidth = 10;
/** Enough of an id for `alerts show`, which takes a beginning. */
const shortIdLength = 12;
const widthMin = 40;

/**
 * An alert for people at a terminal: a block when it is raised, one line when it is closed. Everything in it may come from
 * an attacker's event, so nothing reaches the terminal that could move its cursor, colour it or start a line.
 */
export function renderAlert(alert: Alert, options: RenderOptions): string {
  const screen = new Screen(options);
  return alert.status === "closed" ? closedLine(alert, screen) : openBlock(alert, screen);
}

function openBlock(alert: Alert, screen: Screen): string {
  const [firstEvent] = alert.events;
  const lines = [
    screen.heading(alert.severity.toUpperCase(), alert),
    screen.field(
      "rule",
      alert.ruleName === alert.ruleId ? alert.ruleId : `${alert.ruleId} (${alert.ruleName})`,
    ),
    screen.field("alert", alert.id),
    screen.field("dedup", alert.dedup === alert.title ? "" : alert.dedup),
    screen.field("matches", matchesText(alert)),
    screen.field("seen", seenText(alert)),
    screen.field("context", Object.keys(alert.context).length === 0 ? "" : JSON.stringify(alert.context)),
    screen.field("event", firstEvent === undefined ? "" : mainFields(firstEvent, screen.width)),
    screen.field("about", alert.description),
    screen.field("runbook", alert.runbook),
    screen.field("see", alert.reference),
  ];
  return `${lines.filter((line) => line !== "").join("\n")}\n\n`;
}

function closedLine(alert: Alert, screen: Screen): string {
  const unit = alert.matchCount === 1 ? "match" : "matches";
  const rest = `${alert.matchCount} ${unit}${distinctText(alert)}, ${seenText(alert)}, alert ${alert.id.slice(0, shortIdLength)}`;
  return `${screen.closed(alert, rest)}\n`;
}

function matchesText(alert: Alert): string {
  const threshold = alert.threshold > 1 ? ` (threshold ${alert.threshold})` : "";
  return `${alert.matchCount}${distinctText(alert)}${threshold}`;
}

function distinctText({ uniqueCount, uniqueEstimated }: Alert): string {
  if (uniqueCount === undefined) return "";
  return `, ${uniqueEstimated === true ? "about " : ""}${uniqueCount} distinct`;
}

function seenText({ firstEventTime, lastEventTime }: Alert): string {
  const first = shortTime(firstEventTime);
  const last = shortTime(lastEventTime);
  return first === last ? first : `${first} to ${last}`;
}

/** ISO time without what nobody reads: whole seconds, a space instead of the T. */
function shortTime(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** The plain fields at the top of an event, as many as fit on a line. */
function mainFields(event: JsonObject, width: number): string {
  let text = "";
  for (const [name, value] of Object.entries(event)) {
    if (text.length > width) break;
    if (name.startsWith("p_") || value === null || value === "" || typeof value === "object") continue;
    text += `${text === "" ? "" : " "}${name.slice(0, width)}=${String(value).slice(0, width)}`;
  }
  return text;
}

/** Cuts, cleans and colours. */
class Screen {
  readonly width: number;
  readonly #color: boolean;

  constructor({ color, width }: RenderOptions) {
    this.width = Math.max(widthMin, Math.floor(width));
    this.#color = color;
  }

  heading(label: string, { severity, title }: Alert): string {
    const badge = this.#style(severityFormats[severity], ` ${label} `);
    return `${badge} ${this.#style("bold", fit(title, this.width - label.length - 3))}`;
  }

  /** A labelled line, or nothing for an empty value. */
  field(label: string, value: string): string {
    if (value === "") return "";
    return `  ${this.#style("dim", label.padEnd(labelWidth - 2))}${fit(value, this.width - labelWidth)}`;
  }

  closed({ severity, title }: Alert, rest: string): string {
    const label = " closed ";
    const shown = fit(title, Math.max(this.width >> 1, this.width - label.length - rest.length - 3));
    const room = this.width - label.length - Array.from(shown).length - 3;
    return `${this.#style(severityFormats[severity], label)} ${shown}: ${this.#style("dim", fit(rest, room))}`;
  }

  #style(format: Format, text: string): string {
    return this.#color ? styleText(format, text, { validateStream: false }) : text;
  }
}

/** One line of at most `columns` characters. Line breaks of long texts become spaces; what is dangerous becomes visible. */
function fit(text: string, columns: number): string {
  // No escape makes a text shorter, so what lies far behind the cut need not be looked at.
  const beginning = text
    .slice(0, columns * 4)
    .replace(/[ \t\r\n]+/g, " ")
    .trim();
  const characters = Array.from(printable(beginning));
  if (characters.length <= columns && text.length <= columns * 4) return characters.join("");
  return `${characters.slice(0, columns - 1).join("")}…`;
}
