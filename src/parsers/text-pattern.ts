import { messageOf, StakeoutError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { isTimeFormat, timeFormatHelp, timeReader } from "./time-formats.ts";
import { formatTime } from "./time.ts";
import type { CompileWhole, WholePattern } from "./whole-pattern.ts";

/** How a log type file says that records which are not JSON become fields. */
export interface TextDefinition {
  /** A regular expression with named groups that fits the whole record, in pieces that are put together. */
  readonly pattern: string | readonly string[];
  /** A regular expression for whole lines that head the columns and are no records. */
  readonly header?: string | undefined;
  /** What stands for an absent value; `["-"]` unless given. */
  readonly absent?: readonly string[] | undefined;
  /** What captured text becomes: `int`, `float`, `list`, or a time in some format. By group name; text unless given. */
  readonly types?: Readonly<Record<string, string>> | undefined;
}

/** Answers the value for captured text, `undefined` when the text is none of that type. */
type Converter = (text: string) => JsonValue | undefined;

/** A record that does not fit, with the reason for people. */
export interface Mismatch {
  readonly mismatch: string;
}

/** Turns text records into fields. */
export interface TextPattern {
  /** True for a line that heads the columns. */
  isHeader(text: string): boolean;
  /** The named groups as fields; absent values are left out. */
  parse(text: string): { readonly fields: JsonObject } | Mismatch;
}

/** Called for each thing that is wrong, with the keys that lead to it in the file. */
export type Report = (path: readonly (string | number)[], message: string) => void;

function convertInt(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function convertFloat(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function convertList(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function converterOf(type: string): Converter {
  if (type === "int") return convertInt;
  if (type === "float") return convertFloat;
  if (type === "list") return convertList;
  if (!isTimeFormat(type)) {
    throw new StakeoutError(
      "LOG_TYPES_INVALID",
      `There is no type "${type}": use int, float, list, ${timeFormatHelp}.`,
    );
  }
  const read = timeReader(type);
  return (text) => {
    const timeMs = read(text);
    return timeMs === undefined ? undefined : formatTime(timeMs);
  };
}

/** Compiles what a file says. Reports what is wrong with it, and answers `undefined` then. */
export function compileText(
  definition: TextDefinition,
  report: Report,
  compileWhole: CompileWhole,
): TextPattern | undefined {
  const compile = (source: string | undefined, key: string): WholePattern | undefined => {
    try {
      return source === undefined ? undefined : compileWhole(source);
    } catch (error) {
      report([key], messageOf(error));
      return undefined;
    }
  };
  const { pattern: pieces } = definition;
  const pattern = compile(typeof pieces === "string" ? pieces : pieces.join(""), "pattern");
  const header = compile(definition.header, "header");
  const groups = pattern?.names ?? [];
  if (pattern !== undefined && groups.length === 0) {
    report(["pattern"], "The pattern has no named groups (?<name>…), so its records would have no fields.");
  }
  const converters = new Map<string, Converter>();
  for (const [name, type] of Object.entries(definition.types ?? {})) {
    if (pattern !== undefined && !groups.includes(name))
      report(["types", name], `The pattern has no group "${name}".`);
    try {
      converters.set(name, converterOf(type));
    } catch (error) {
      report(["types", name], messageOf(error));
    }
  }
  if (pattern === undefined) return undefined;
  return new CompiledText({ pattern, header, converters, types: definition.types ?? {} }, definition.absent);
}

interface CompiledParts {
  readonly pattern: WholePattern;
  readonly header: WholePattern | undefined;
  readonly converters: ReadonlyMap<string, Converter>;
  readonly types: Readonly<Record<string, string>>;
}

class CompiledText implements TextPattern {
  readonly #parts: CompiledParts;
  readonly #absent: ReadonlySet<string>;

  constructor(parts: CompiledParts, absent: readonly string[] = ["-"]) {
    this.#parts = parts;
    this.#absent = new Set(absent);
  }

  isHeader(text: string): boolean {
    return this.#parts.header?.test(text) ?? false;
  }

  parse(text: string): { readonly fields: JsonObject } | Mismatch {
    const { pattern } = this.#parts;
    const groups = pattern.groupsOf(text);
    if (groups === undefined) return { mismatch: "does not fit its pattern" };
    const entries: [string, JsonValue][] = [];
    for (const name of pattern.names) {
      const captured = groups[name];
      if (captured === undefined || this.#absent.has(captured)) continue;
      const converter = this.#parts.converters.get(name);
      const value = converter === undefined ? captured : converter(captured);
      if (value === undefined) {
        return {
          mismatch: `has ${JSON.stringify(captured)} as ${name}, which is not ${this.#parts.types[name] ?? ""}`,
        };
      }
      entries.push([name, value]);
    }
    return { fields: Object.fromEntries(entries) };
  }
}
