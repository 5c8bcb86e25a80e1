import type { Writable } from "node:stream";
import { styleText } from "node:util";

import { pino, type Logger } from "pino";

import type { LogConfig } from "../config/service-config.ts";
import type { Clock } from "../core/clock.ts";
import { printable } from "../core/text.ts";
import { redact, redactText } from "./log-redaction.ts";

/** What a line says besides its message: a source, a destination, a figure with its unit in the name, an `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the service tells what it does. Secrets are taken out of fields and messages alike. Never throws. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export interface LogOptions extends LogConfig {
  readonly stream: Writable;
  /** Whether people look at the stream: decides what the format `auto` is. */
  readonly isTTY: boolean;
  /** Text in colour. Default false. */
  readonly color?: boolean;
  readonly clock: Clock;
}

/** A log of one line each: JSON with `time`, `level`, `message` and the fields, or the same as text for people. */
export function createLog(options: LogOptions): Log {
  const { level, format, stream, isTTY, color = false, clock } = options;
  const asText = format === "text" || (format === "auto" && isTTY);
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    asText ? { write: (line: string) => void stream.write(renderLine(line, color)) } : stream,
  );
  return {
    debug: writerOf(logger, "debug"),
    info: writerOf(logger, "info"),
    warn: writerOf(logger, "warn"),
    error: writerOf(logger, "error"),
  };
}

type Level = keyof Log;

/** Fields that a line has of its own; a caller's field of that name would make the line ambiguous. */
const ownFields: ReadonlySet<string> = new Set(["level", "time", "message"]);

function writerOf(logger: Logger, level: Level): (fields: LogFields, message: string) => void {
  return (fields, message) => {
    if (!logger.isLevelEnabled(level)) return;
    const entries = Object.entries(redact(fields) as LogFields);
    const named = entries.map(([name, value]) => [ownFields.has(name) ? `${name}_` : name, value]);
    logger[level](Object.fromEntries(named), redactText(message));
  };
}

const colors = { trace: "dim", debug: "dim", info: "green", warn: "yellow", error: "red" } as const;

/** `2026-03-02T12:00:00.000Z WARN  the message  name=value`; what came from outside cannot move a terminal's cursor. */
function renderLine(line: string, color: boolean): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const name = String(level);
  const levelColor = Object.hasOwn(colors, name) ? colors[name as keyof typeof colors] : "dim";
  const shown = Object.entries(fields).map(([field, value]) => `${printable(field)}=${renderValue(value)}`);
  const head = `${paint("dim", String(time))} ${paint(levelColor, name.toUpperCase().padEnd(5))}`;
  const tail = shown.length === 0 ? "" : `  ${paint("dim", shown.join(" "))}`;
  return `${head} ${printable(String(message))}${tail}\n`;
}

function renderValue(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return printable(value);
  return printable(JSON.stringify(value) ?? "");
}

const printCharactersMax = 8192;

/**
 * Takes what rules print, in pieces as they come, and logs a line for each line, with the rule where it is known. An
 * unfinished line waits for its rest.
 */
export function createRulePrintLog(log: Log): (text: string, ruleId: string | undefined) => void {
  let unfinished = "";
  let unfinishedBy: string | undefined;
  const write = (text: string, rule: string | undefined): void => {
    if (text !== "") log.info({ ...(rule === undefined ? {} : { rule }), printed: text }, "A rule printed.");
  };
  return (text, ruleId) => {
    if (unfinished !== "" && unfinishedBy !== ruleId) {
      write(unfinished, unfinishedBy);
      unfinished = "";
    }
    const lines = (unfinished + text).split("\n");
    unfinished = lines.pop() ?? "";
    unfinishedBy = ruleId;
    for (const line of lines) write(line, ruleId);
    if (unfinished.length <= printCharactersMax) return;
    write(unfinished, ruleId);
    unfinished = "";
  };
}
