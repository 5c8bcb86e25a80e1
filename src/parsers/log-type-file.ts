import { isMap, LineCounter, parse, parseDocument, type Document } from "yaml";
import type * as Zod from "zod";

import { messageOf, type Problem, StakeoutError } from "../core/errors.ts";
import { logTypeSchema } from "./log-type-schema.ts";
import { compileLogType, type LogType, type LogTypeDefinition } from "./log-type.ts";
import { compileNative } from "./whole-pattern.ts";

/** Problems told of one file: finding the line of each takes its time. */
const problemsMax = 100;

let schema: Zod.ZodType<LogTypeDefinition> | undefined;

/** A log type that ships with the package and was checked when it was built. Throws `LOG_TYPES_INVALID` for a broken one. */
export function readBuiltInLogType(file: string, text: string): LogType {
  const definition: LogTypeDefinition = parse(text);
  const report = (path: readonly PropertyKey[], message: string): never => {
    throw new StakeoutError("LOG_TYPES_INVALID", `${file}: ${path.join(".")}: ${message}`);
  };
  const logType = compileLogType(definition, report, compileNative);
  if (logType === undefined) throw new StakeoutError("LOG_TYPES_INVALID", `${file} is not a log type.`);
  return logType;
}

/** A log type from a user's file. Everything wrong in it is added to `problems` by line, and `undefined` answered. */
export function readLogType(file: string, text: string, problems: Problem[]): LogType | undefined {
  const found: Problem[] = [];
  const logType = checkLogType(file, text, found);
  problems.push(...found.sort((a, b) => a.line - b.line));
  if (found.length === problemsMax) {
    problems.push({ file, line: 0, message: `There may be more than these ${problemsMax} problems.` });
  }
  return logType;
}

function checkLogType(file: string, text: string, problems: Problem[]): LogType | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const { errors } = document;
  // What follows it is that there is no room for it either.
  const tooDeep = errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  for (const { code, pos, message } of tooDeep === undefined ? errors.slice(0, problemsMax) : [tooDeep]) {
    const what = code === "RESOURCE_EXHAUSTION" ? "The file is nested too deeply." : message;
    problems.push({ file, line: lines.linePos(pos[0]).line, message: what });
  }
  if (problems.length > 0) return undefined;
  const report = (path: readonly PropertyKey[], message: string): void => {
    if (problems.length < problemsMax) problems.push({ file, line: lineOf(document, path, lines), message });
  };
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // An alias without an anchor, or so many that the file would grow beyond all bounds.
    report([], `The file cannot be read as YAML: ${messageOf(error)}.`);
    return undefined;
  }
  schema ??= logTypeSchema();
  const checked = schema.safeParse(content);
  if (checked.success) return compileLogType(checked.data, report);
  for (const issue of checked.error.issues) {
    const extraKeys = issue.code === "unrecognized_keys" ? issue.keys : [];
    for (const key of extraKeys) report([...issue.path, key], `There is no setting "${key}" here.`);
    if (extraKeys.length === 0) report(issue.path, describeIssue(issue));
  }
  return undefined;
}

function describeIssue({
  path,
  message,
}: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}): string {
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}

/** The line of the setting that the keys lead to, or of the nearest one around it that is there. */
export function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const start = isMap(parent)
      ? keyStart(parent.items, key)
      : nodeStart(document.getIn(path.slice(0, length), true));
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function keyStart(
  pairs: readonly { readonly key: unknown }[],
  key: PropertyKey | undefined,
): number | undefined {
  const pair = pairs.find((pair) => String(pair.key) === key);
  return nodeStart(pair?.key);
}

function nodeStart(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range))
    return undefined;
  const start: unknown = node.range[0];
  return typeof start === "number" ? start : undefined;
}
