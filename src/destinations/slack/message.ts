import type { Alert } from "../../core/alert.ts";
import type { JsonValue } from "../../core/json.ts";
import { printable } from "../../core/text.ts";
import { cut } from "../cut.ts";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}

interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  /** Nothing but written markup is markup: no address in an event becomes a link. */
  readonly verbatim: true;
}

type Block =
  | { readonly type: "header"; readonly text: PlainText }
  | { readonly type: "section"; readonly text: Mrkdwn }
  | { readonly type: "section"; readonly fields: readonly Mrkdwn[] }
  | { readonly type: "context"; readonly elements: readonly Mrkdwn[] };

/** A message for an incoming webhook. */
export interface SlackMessage {
  /** What notifications show. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

// Slack's limits are 150 characters of a header, 3,000 of a section's text, 10 fields of a section, 2,000 characters of a field,
// 50 blocks. Values are cut earlier where a person would not read on.
const headerLengthMax = 150;
const sectionLengthMax = 3000;
const fieldsPerSection = 10;
const valueLengthMax = 300;
/** Escaped it is at most five times as long. */
const linkLengthMax = 500;
const contextFieldsMax = 20;

/** An alert as a message: title, severity, rule, counts, times, what the rule says about it, and fields of its context. */
export function slackMessage(alert: Alert): SlackMessage {
  const heading = printable(`[${alert.severity.toUpperCase()}] ${titleOf(alert)}`);
  const blocks: Block[] = [
    { type: "header", text: { type: "plain_text", text: cut(heading, headerLengthMax), emoji: false } },
    ...fieldSections(facts(alert)),
    ...paragraph("", alert.description),
    ...fieldSections(contextFields(alert)),
    ...paragraph("*Runbook*\n", alert.runbook),
    ...paragraph("*Reference*\n", alert.reference),
    { type: "context", elements: [element(mrkdwn(printable(identityOf(alert)), valueLengthMax))] },
  ];
  const text = mrkdwn(heading, sectionLengthMax);
  return { text, blocks, unfurl_links: false, unfurl_media: false };
}

function titleOf({ status, title }: Alert): string {
  return status === "closed" ? `Closed: ${title}` : title;
}

function identityOf({ id, dedup }: Alert): string {
  return dedup === "" ? `Alert ${id}` : `Alert ${id}, dedup key ${dedup}`;
}

function facts(alert: Alert): readonly Mrkdwn[] {
  const { ruleId, ruleName, uniqueCount } = alert;
  const counts = [`${alert.matchCount}`];
  if (uniqueCount !== undefined) {
    counts.push(`${alert.uniqueEstimated === true ? "about " : ""}${uniqueCount} distinct`);
  }
  const facts = [
    labelled("Severity", alert.severity),
    labelled("Rule", ruleName === ruleId ? ruleId : `${ruleName} (${ruleId})`),
    labelled("Matches", counts.join(", ")),
    labelled("Log type", alert.logType),
    labelled("First event", alert.firstEventTime),
  ];
  if (alert.lastEventTime !== alert.firstEventTime) facts.push(labelled("Last event", alert.lastEventTime));
  return facts;
}

function contextFields({ context }: Alert): readonly Mrkdwn[] {
  const entries = Object.entries(context);
  const shown = entries.slice(0, contextFieldsMax).map(([name, value]) => labelled(name, textOf(value)));
  const omitted = entries.length - shown.length;
  return omitted === 0
    ? shown
    : [...shown, labelled("More", `${omitted} more fields of the context are in the alert`)];
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function fieldSections(fields: readonly Mrkdwn[]): readonly Block[] {
  const sections: Block[] = [];
  for (let first = 0; first < fields.length; first += fieldsPerSection) {
    sections.push({ type: "section", fields: fields.slice(first, first + fieldsPerSection) });
  }
  return sections;
}

/** Text that a rule gives, which may have several lines; an address alone becomes a link. Nothing for no text. */
function paragraph(heading: string, text: string): readonly Block[] {
  if (text.trim() === "") return [];
  const lines = text.split(/\r?\n/).map(printable).join("\n");
  const shown = linkTo(text.trim()) ?? mrkdwn(lines, sectionLengthMax - heading.length);
  return [{ type: "section", text: element(heading + shown) }];
}

function linkTo(text: string): string | undefined {
  const url = /^https?:\/\/[^\s|]+$/.test(text) ? URL.parse(text) : null;
  if (url === null || url.href.length > linkLengthMax) return undefined;
  return `<${mrkdwn(url.href, Infinity)}>`;
}

function labelled(label: string, value: string): Mrkdwn {
  const shown = mrkdwn(printable(value), valueLengthMax);
  return element(`*${mrkdwn(printable(label), valueLengthMax)}*\n${shown}`);
}

/**
 * Text for a `mrkdwn` field: `&`, `<` and `>` as entities, so that nothing in an event becomes a link or a mention. Cut to so
 * many characters as Slack counts them.
 */
function mrkdwn(text: string, lengthMax: number): string {
  return cut(text, lengthMax, (character) => entities[character] ?? character);
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function element(text: string): Mrkdwn {
  return { type: "mrkdwn", text, verbatim: true };
}
