import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { messageOf, type Problem } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { readBuiltInLogType, readLogType } from "./log-type-file.ts";
import { recognises, type LogType } from "./log-type.ts";

/** The log types of a run: the built-in ones and the user's. */
export interface LogTypes {
  /** Sorted. */
  readonly names: readonly string[];
  get(name: string): LogType | undefined;
  /** The log type of a JSON record: the first whose conditions all hold, those with the most conditions first. */
  recognise(fields: JsonObject): LogType | undefined;
  /** The log types that have a pattern for text, in the order in which they are tried: the user's first. */
  readonly textTypes: readonly LogType[];
}

/** The built-in log types. Among those with as many conditions, this is the order in which they are tried. */
const builtInNames = [
  "AWS.CloudTrail",
  "AWS.VPCFlow",
  "AWS.S3ServerAccess",
  "Okta.SystemLog",
  "GitHub.Audit",
  "GSuite.Reports",
  "Nginx.Access",
];

/** Longest log type file in bytes; a longer one is a problem. The built-in ones have two thousand at most. */
const fileBytesMax = 64 * 1024;

const builtInFolder = fileURLToPath(new URL("log-types/", import.meta.url));

/**
 * Loads the built-in log types, and the user's from files and folders (their `.yaml` and `.yml` files, not those of folders
 * below). A user's log type replaces a built-in one of the same name. Everything wrong is answered as problems, at once.
 */
export function loadLogTypes(extraPaths: readonly string[]): {
  logTypes: LogTypes;
  problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const own = new Map<string, { readonly logType: LogType; readonly file: string }>();
  for (const file of extraPaths.flatMap((path) => filesAt(path, problems))) {
    const logType = readFile(file, problems);
    if (logType === undefined) continue;
    const other = own.get(logType.name)?.file;
    if (other === undefined) own.set(logType.name, { logType, file });
    else
      problems.push({ file, line: 0, message: `The log type ${logType.name} is also defined in ${other}.` });
  }
  const ownTypes = [...own.values()].map(({ logType }) => logType).sort((a, b) => (a.name < b.name ? -1 : 1));
  const builtIn = builtInNames
    .filter((name) => !own.has(name))
    .map((name) => {
      const file = join(builtInFolder, `${name}.yaml`);
      return readBuiltInLogType(file, readFileSync(file, "utf8"));
    });
  return { logTypes: new LoadedLogTypes([...ownTypes, ...builtIn]), problems };
}

function filesAt(path: string, problems: Problem[]): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
    if (names.length === 0) problems.push({ file: path, line: 0, message: "The folder has no .yaml files." });
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    problems.push({ file: path, line: 0, message: `The log types cannot be read: ${messageOf(error)}.` });
    return [];
  }
}

function readFile(file: string, problems: Problem[]): LogType | undefined {
  const about = (message: string): undefined => void problems.push({ file, line: 0, message });
  let text;
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax)
      return about(`The file has ${size} bytes, more than the ${fileBytesMax} of a log type file.`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    return about(`The file cannot be read: ${messageOf(error)}.`);
  }
  return readLogType(file, text, problems);
}

class LoadedLogTypes implements LogTypes {
  readonly names: readonly string[];
  readonly textTypes: readonly LogType[];
  readonly #byName: ReadonlyMap<string, LogType>;
  readonly #recognisable: readonly LogType[];

  /** Log types in the order that decides where conditions do not. */
  constructor(logTypes: readonly LogType[]) {
    this.#byName = new Map(logTypes.map((logType) => [logType.name, logType]));
    this.names = [...this.#byName.keys()].sort();
    this.textTypes = logTypes.filter(({ text }) => text !== undefined);
    this.#recognisable = logTypes
      .filter(({ conditions }) => conditions.length > 0)
      .sort((a, b) => b.conditions.length - a.conditions.length);
  }

  get(name: string): LogType | undefined {
    return this.#byName.get(name);
  }

  recognise(fields: JsonObject): LogType | undefined {
    for (const logType of this.#recognisable) if (recognises(logType, fields)) return logType;
    return undefined;
  }
}
