import { messageOf } from "../core/errors.ts";
import { indicatorFields, type IndicatorField } from "../core/event.ts";
import type { JsonObject } from "../core/json.ts";
import { compileCondition, type Condition, type ConditionDefinition } from "./conditions.ts";
import { compileLinear } from "./linear-pattern.ts";
import { fieldReader, parsePath, type FieldReader, type Path } from "./paths.ts";
import { compileText, type Report, type TextDefinition, type TextPattern } from "./text-pattern.ts";
import { timeReader, type TimeReader } from "./time-formats.ts";
import type { CompileWhole } from "./whole-pattern.ts";

/** What a log type file holds, as docs/log-types.md describes it. */
export interface LogTypeDefinition {
  readonly name: string;
  readonly description?: string | undefined;
  readonly recognise?: readonly ConditionDefinition[] | undefined;
  readonly text?: TextDefinition | undefined;
  readonly time?: readonly TimeDefinition[] | undefined;
  readonly indicators?: { readonly [field in IndicatorField]?: readonly string[] | undefined } | undefined;
  readonly scan?: readonly string[] | undefined;
}

interface TimeDefinition {
  readonly field: string;
  /** `iso8601` unless given. */
  readonly format?: string | undefined;
}

/** A log type, ready for use. */
export interface LogType {
  readonly name: string;
  /** All must hold for a JSON record to be recognised; a log type without any is never recognised. */
  readonly conditions: readonly Condition[];
  readonly text: TextPattern | undefined;
  /** Where an event's time may stand, in the order in which they are tried. */
  readonly times: readonly TimeField[];
  readonly indicators: readonly IndicatorPath[];
  /** Where to look for indicators of any kind, whatever the fields are called. */
  readonly scans: readonly Path[];
}

export interface TimeField {
  /** A dotted path, and the name or pattern of its format. */
  readonly field: string;
  readonly format: string;
  readonly read: FieldReader;
  readonly parse: TimeReader;
}

export interface IndicatorPath {
  readonly field: IndicatorField;
  readonly path: Path;
}

/**
 * Makes a log type of its definition; `compileWhole` makes its patterns. Answers `undefined` when something in it is wrong,
 * all of it reported.
 */
export function compileLogType(
  definition: LogTypeDefinition,
  report: Report,
  compileWhole: CompileWhole = compileLinear,
): LogType | undefined {
  let faulty = false;
  const fault: Report = (path, message) => {
    faulty = true;
    report(path, message);
  };
  const { recognise = [], text, time = [], scan = [] } = definition;
  const logType: LogType = {
    name: definition.name,
    conditions: recognise.flatMap((condition, index) => {
      const conditions = compileCondition(condition);
      if (conditions.length === 0) fault(["recognise", index], "The condition asks nothing of its field.");
      return conditions;
    }),
    text: text && compileText(text, (path, message) => fault(["text", ...path], message), compileWhole),
    times: time.flatMap((field, index) =>
      compileTime(field, (path, message) => fault(["time", index, ...path], message)),
    ),
    indicators: indicatorPaths(definition),
    scans: scan.map(parsePath),
  };
  return faulty ? undefined : logType;
}

function compileTime({ field, format = "iso8601" }: TimeDefinition, fault: Report): readonly TimeField[] {
  try {
    return [{ field, format, read: fieldReader(parsePath(field)), parse: timeReader(format) }];
  } catch (error) {
    fault(["format"], messageOf(error));
    return [];
  }
}

function indicatorPaths({ indicators = {} }: LogTypeDefinition): readonly IndicatorPath[] {
  return indicatorFields.flatMap((field) =>
    (indicators[field] ?? []).map((dotted): IndicatorPath => ({ field, path: parsePath(dotted) })),
  );
}

/** True when a JSON record is of this log type, as far as its conditions can tell. */
export function recognises(logType: LogType, fields: JsonObject): boolean {
  const { conditions } = logType;
  for (let index = 0; index < conditions.length; index++) {
    if (conditions[index]?.(fields) !== true) return false;
  }
  return conditions.length > 0;
}

/** The event's time by the first of the log type's time fields that has one. */
export function timeOf(logType: LogType, fields: JsonObject): number | undefined {
  for (const { read, parse } of logType.times) {
    const timeMs = parse(read(fields));
    if (timeMs !== undefined) return timeMs;
  }
  return undefined;
}
