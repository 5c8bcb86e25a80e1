import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { messageOf, type Problem } from "../../core/errors.ts";
import { describeValue } from "../describe-value.ts";
import { didYouMean } from "../check-definition.ts";
import { nearest } from "../nearest.ts";
import type { FoundFile } from "./find-content.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** What `AnalysisType` can be. */
const analysisTypes = [
  "rule",
  "scheduled_rule",
  "policy",
  "global",
  "datamodel",
  "lookup_table",
  "pack",
  "correlation_rule",
  "saved_query",
  "scheduled_query",
  "scheduled_prompt",
] as const;

export type AnalysisType = (typeof analysisTypes)[number];

/** A YAML file with an `AnalysisType`. */
export interface ContentFile extends FoundFile {
  readonly type: AnalysisType;
  readonly yaml: YamlFile;
}

/** Longest YAML file in bytes; a longer one is a problem. */
const yamlBytesMax = 16 * 1024 * 1024;

/** Recognised, but run by Panther's servers only, against its own data lake. Nothing is read of them. */
const ignoredTypes: ReadonlySet<string> = new Set(["saved_query", "scheduled_query", "scheduled_prompt"]);

/** Those whose tests can be left out. */
const testedTypes: ReadonlySet<string> = new Set(["rule", "scheduled_rule", "policy"]);

const typeLine = /^(["']?)AnalysisType\1[ \t]*:[ \t]*(["']?)([\w-]*)\2/m;

export interface ReadOptions {
  /** Whether the tests of detections are read; without them every `tests` is empty, and reading takes half the time. */
  readonly tests: boolean;
  /** Whether keys that Panther does not know are passed over. */
  readonly ignoreExtraKeys: boolean;
}

/** Where readers put what they find. */
export interface Report {
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** Paths of all files that belong to the content. */
  readonly files: string[];
}

/**
 * Reads a file if it has an `AnalysisType`. `undefined` for one that belongs to somebody else, for one that is recognised
 * but not read, and for one that cannot be used, which is among the problems then.
 */
export function readContentFile(
  found: FoundFile,
  options: ReadOptions,
  { problems, files }: Report,
): ContentFile | undefined {
  const text = readText(found.path, yamlBytesMax, problems);
  if (text === undefined || !text.includes("AnalysisType")) return undefined;
  const line = typeLine.exec(text);
  if (line !== null) files.push(found.path);
  if (ignoredTypes.has(line?.[3] ?? "")) return undefined;
  const tests = options.tests || !testedTypes.has(line?.[3] ?? "");
  const own: Problem[] = [];
  const yaml = readContentYaml(found.path, text, { tests, problems: own });
  if (line === null) {
    // In a mapping in braces the key can stand anywhere.
    if (yaml === undefined || !Object.hasOwn(yaml.value, "AnalysisType")) return undefined;
    files.push(found.path);
  }
  const type = yaml && analysisType(yaml, own);
  checkUtf8(found.path, text, own);
  problems.push(...own);
  return yaml === undefined || type === undefined || own.length > 0 ? undefined : { ...found, type, yaml };
}

/** Warns of files with an `AnalysisType` that nobody reads because of the folder they are in. */
export function warnOfPassedOver(paths: readonly string[], { warnings }: Report): void {
  const texts = paths.filter((path) => typeLine.test(readText(path, yamlBytesMax, []) ?? ""));
  for (const [folder, files] of Map.groupBy(texts, dirname)) {
    const count = files.length === 1 ? "1 file" : `${files.length} files`;
    const message = `${count} with an AnalysisType not read, as Panther does not look into this folder of a repository; to read it, name it too`;
    warnings.push({ file: folder, line: 0, message });
  }
}

/** The text of a file within the limit; what keeps it from being read is added to `problems`. */
export function readText(file: string, bytesMax: number, problems: Problem[]): string | undefined {
  try {
    const { size } = statSync(file);
    if (size <= bytesMax) return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const message = `it has ${size} bytes, more than the ${bytesMax} that such a file may have`;
    problems.push({ file, line: 0, message });
  } catch (error) {
    problems.push({ file, line: 0, message: `cannot be read: ${messageOf(error)}` });
  }
  return undefined;
}

/** A problem where bytes of a file that was read could not be made into text. */
export function checkUtf8(file: string, text: string, problems: Problem[]): void {
  const offset = text.indexOf("\uFFFD");
  if (offset === -1 || isUtf8(readFileSync(file))) return;
  const line = text.slice(0, offset).split("\n").length;
  problems.push({ file, line, message: "it is not text in UTF-8; save it in that encoding" });
}

/** Tests are two thirds of the text, so they are cut out where nobody asks for them, if the rest can stand alone. */
function readContentYaml(
  file: string,
  text: string,
  { tests, problems }: { readonly tests: boolean; readonly problems: Problem[] },
): YamlFile | undefined {
  if (!tests) {
    const faults: Problem[] = [];
    const yaml = readYaml(file, withoutTests(text), faults);
    if (yaml !== undefined) return yaml;
  }
  return readYaml(file, text, problems);
}

/** The text with empty lines in place of the top-level `Tests`, so that all else stays in its line. */
function withoutTests(text: string): string {
  const start = text.search(/^Tests:/m);
  if (start === -1) return text;
  const nextKey = /^[^\s#\-\]}]/gm;
  nextKey.lastIndex = start + 1;
  const end = nextKey.exec(text)?.index ?? text.length;
  const lines = text.slice(start, end).split("\n").length - 1;
  return text.slice(0, start) + "\n".repeat(lines) + text.slice(end);
}

function analysisType(yaml: YamlFile, problems: Problem[]): AnalysisType | undefined {
  const value = yaml.value["AnalysisType"];
  const type = analysisTypes.find((type) => type === value);
  if (type === undefined) {
    const suggestion = typeof value === "string" ? nearest(value, analysisTypes) : undefined;
    const message = `unknown AnalysisType ${describeValue(value)}${didYouMean(suggestion)}; it must be one of ${analysisTypes.join(", ")}`;
    problems.push({ file: yaml.file, line: yaml.lineOf(["AnalysisType"]), message });
  }
  return type;
}
