import { InvalidArgumentError, Option } from "commander";

import { parseDurationMs } from "../core/durations.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import { nearest } from "../rules/nearest.ts";
import type { CommandIo } from "./io.ts";

/** What a command's action hands over: the exit status. */
export type Finish = (status: number) => void;

/** A command line being built: where to add commands and what they work with. */
export interface ProgramParts {
  readonly io: CommandIo;
  readonly finish: Finish;
}

/** Example commands below a help text. */
export function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  ${command}\n`).join("")}`;
}

/** A whole number of at least 1, given as an option. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

/** How often the time of one evaluation loading all rules may take: it runs the code of hundreds of files. */
export const loadingBudgets = 4;

const budgetMaxMs = 3_600_000;

/** A rule budget given as an option, in milliseconds. */
function parseBudget(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 1 && ms <= budgetMaxMs) return ms;
  throw new InvalidArgumentError("It must be a duration from 1ms to 1h, such as 15s.");
}

/** `NAME=VALUE` given as an option, together with those given before it. A limit in milliseconds may be a duration. */
export function parseLimit(text: string, before: Partial<Limits> | undefined): Partial<Limits> {
  const [, name = "", given = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (!Object.hasOwn(defaultLimits, name)) throw new InvalidArgumentError(unknownLimit(text, name));
  const value = Number(/^\d+$/.test(given) || !name.endsWith("Ms") ? given : parseDurationMs(given));
  if (given === "" || !Number.isSafeInteger(value) || value < 1) {
    const usable = name.endsWith("Ms") ? ", or a duration such as 30s" : "";
    throw new InvalidArgumentError(`${name} must be a whole number of at least 1${usable}.`);
  }
  return { ...before, [name]: value };
}

function unknownLimit(text: string, name: string): string {
  if (!text.includes("=")) return "It must be NAME=VALUE, such as recordBytesMax=1000000.";
  const meant = nearest(name, Object.keys(defaultLimits));
  const advice = meant === undefined ? "docs/LIMITS.md lists all" : `did you mean ${meant}?`;
  return `There is no limit ${name}; ${advice}`;
}

export const stateOption = (): Option => new Option("--state <file>", "state file").default("./stakeout.db");

export const ruleBudgetOption = (what: string): Option =>
  new Option("--rule-budget <duration>", what)
    .argParser(parseBudget)
    .default(defaultLimits.ruleBudgetMs, "15s");

export const rulesOption = (): Option =>
  new Option("--rules <path...>", "rule files or folders").default(["./rules"], "./rules");

export const logTypesOption = (): Option =>
  new Option("--log-types-dir <path...>", "your own log types, files or folders").default([], "none");

export const ignoreExtraKeysOption = (): Option =>
  new Option("--ignore-extra-keys", "let unknown keys in Panther's YAML pass").default(false);

export const formatOption = (): Option =>
  new Option("--format <format>", "how records are laid out in a file")
    .choices(["auto", "lines", "array", "envelope", "documents"])
    .default("auto");
