import { messageOf, type Problem } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { defaultLimits } from "../../core/limits.ts";
import { describeValue } from "../describe-value.ts";
import type { LookupTableSpec } from "./content.ts";
import { checkUtf8, type ContentFile, readText } from "./content-file.ts";
import { readCsv } from "./csv.ts";
import { type Entry, Fields, type FieldsReport } from "./fields.ts";
import { isList, isObject } from "./json-kind.ts";

/** Longest file with the rows of a lookup table, in bytes; a longer one is a problem. */
const rowsBytesMax = 64 * 1024 * 1024;

const { nestingMax } = defaultLimits;

const queryKeys = ["Query", "AthenaQuery", "SnowflakeQuery", "DatabricksQuery"];
const lookupKeys = [
  "AnalysisType",
  "LookupName",
  "Enabled",
  "Description",
  "Reference",
  "Schema",
  "Filename",
  "Refresh",
  "LogTypeMap",
  "BaseVersion",
  "Indicators",
  "Validations",
  ...queryKeys,
];

/** Reads a lookup table with its rows, where they come from a file: `.csv` with a header, or `.json` or `.jsonl` with objects. */
export function readLookupTable(file: ContentFile, report: FieldsReport): Entry<LookupTableSpec> {
  const fields = new Fields(file, { idKey: "LookupName", noun: "lookup table" }, report);
  fields.unknownKeys(lookupKeys);
  for (const key of ["Description", "Reference", "Schema"]) fields.text(key);
  return fields.entry(() => {
    const enabled = fields.required("Enabled", (key) => fields.flag(key)) ?? true;
    const map = fields.required("LogTypeMap", (key) => fields.object(key)) ?? {};
    fields.unknownKeys(["PrimaryKey", "AssociatedLogTypes"], ["LogTypeMap"], map);
    const { PrimaryKey: primaryKey } = map;
    if (typeof primaryKey !== "string") {
      fields.problem(["LogTypeMap"], `LogTypeMap.PrimaryKey must be text, not ${describeValue(primaryKey)}`);
    }
    return {
      name: fields.id,
      yamlFile: file.path,
      enabled,
      rows: readRows(fields, enabled),
      primaryKey: typeof primaryKey === "string" ? primaryKey : undefined,
      selectors: readSelectors(fields, map["AssociatedLogTypes"] ?? []),
    };
  });
}

function readSelectors(fields: Fields, list: JsonValue): LookupTableSpec["selectors"] {
  const path = ["LogTypeMap", "AssociatedLogTypes"];
  if (!isList(list)) {
    fields.problem(path, `AssociatedLogTypes must be a list, not ${describeValue(list)}`);
    return [];
  }
  return list.flatMap((entry, index) => {
    const at = [...path, index];
    const { LogType: logType, Selectors: selectors = [] } = isObject(entry) ? entry : {};
    if (typeof logType !== "string" || !isList(selectors)) {
      fields.problem(
        at,
        "each of AssociatedLogTypes needs a LogType, which is text, and a list of Selectors",
      );
      return [];
    }
    if (isObject(entry)) fields.unknownKeys(["LogType", "Selectors"], at, entry);
    return [{ logType, paths: fields.namesIn(selectors, [...at, "Selectors"]) }];
  });
}

function readRows(fields: Fields, enabled: boolean): readonly JsonObject[] | undefined {
  if (!fields.has("Filename")) {
    const isElsewhere = fields.has("Refresh") || queryKeys.some((key) => fields.has(key));
    if (!isElsewhere)
      fields.problem([], "it has neither Filename nor Refresh nor Query; say where its rows are");
    else if (enabled) fields.warning([], "it has no rows here: only Panther's servers can fetch them");
    return undefined;
  }
  const path = fields.filename("Filename");
  const problems: Problem[] = [];
  const text = path === undefined ? undefined : readText(path, rowsBytesMax, problems);
  if (path !== undefined && text !== undefined) checkUtf8(path, text, problems);
  const rows = path === undefined || text === undefined ? undefined : rowsOf(path, text, problems);
  for (const { file, line, message } of problems) fields.problemIn(file, line, message);
  return rows;
}

function rowsOf(file: string, text: string, problems: Problem[]): readonly JsonObject[] {
  if (file.endsWith(".csv")) return readCsv(file, text, problems);
  if (/\.jsonl?$/.test(file)) return readJsonRows(file, text, problems);
  problems.push({ file, line: 0, message: `its rows must be in a file that ends in .csv, .json or .jsonl` });
  return [];
}

/** A list of objects, or one object in each line. */
function readJsonRows(file: string, text: string, problems: Problem[]): readonly JsonObject[] {
  const lines = /^\s*\[/.test(text) ? [text] : text.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      const value: JsonValue = JSON.parse(line);
      const rows = isList(value) ? value : [value];
      if (rows.some((row) => isDeeperThan(row, nestingMax)))
        problems.push({ file, line: index + 1, message: `a row is nested deeper than ${nestingMax} levels` });
      else if (rows.every(isObject)) return rows;
      else problems.push({ file, line: index + 1, message: "each row must be a JSON object" });
    } catch (error) {
      problems.push({ file, line: index + 1, message: messageOf(error) });
    }
    return [];
  });
}

/** Never goes deeper itself, as all that works with rows later would. */
function isDeeperThan(value: JsonValue, levelsMax: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levelsMax === 0 || Object.values(value).some((child) => isDeeperThan(child, levelsMax - 1));
}
