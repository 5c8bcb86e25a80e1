import { readFileSync, statSync } from "node:fs";

import { LineCounter, parseDocument } from "yaml";

import { messageOf, type Problem } from "../../core/errors.ts";
import { lineOf } from "../../parsers/log-type-file.ts";
import { importProblem } from "../../rules/typescript/import-problem.ts";
import { readSources } from "../../rules/typescript/read-sources.ts";
import { addRuleModule, importRuleModule } from "../../rules/typescript/rule-modules.ts";
import { readSourceFile } from "../../rules/typescript/source-file.ts";
import type { TestPlace } from "./check-definition.ts";
import { defaultExport, ExpressionLines, testsOfRule } from "./expression-lines.ts";

/** What somebody wrote as tests, unchecked, and where. */
export interface WrittenTests {
  readonly content: unknown;
  readonly place: TestPlace;
}

/** Longest test file, and longest file with an event, in bytes. */
const testFileBytesMax = 16 * 1024 * 1024;

let reads = 0;

/** Reads `NAME.test.yaml` or `NAME.test.ts`. What is wrong with it is added to `problems`. */
export async function readTestFile(file: string, problems: Problem[]): Promise<WrittenTests | undefined> {
  if (!/\.ya?ml$/.test(file)) return await readModule(file, problems);
  const text = readText(file, problems);
  return text === undefined ? undefined : readYaml(file, text, problems);
}

/** The text of a file within the limit; what keeps it from being read is added to `problems`. */
export function readText(file: string, problems: Problem[]): string | undefined {
  const about = (message: string): undefined => {
    problems.push({ file, line: 0, message });
  };
  try {
    const { size } = statSync(file);
    if (size > testFileBytesMax)
      return about(`it has ${size} bytes, more than the ${testFileBytesMax} of a test file`);
    return readFileSync(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return about(missing ? "no such file" : `cannot be read: ${messageOf(error)}`);
  }
}

function readYaml(file: string, text: string, problems: Problem[]): WrittenTests | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
    customTags: ["set"],
  });
  for (const { pos, message } of document.errors) {
    problems.push({ file, line: lines.linePos(pos[0]).line, message: `YAML: ${message}` });
  }
  if (document.errors.length > 0) return undefined;
  try {
    const content: unknown = document.toJS();
    return { content, place: { file, lineOf: (path) => lineOf(document, path, lines) } };
  } catch (error) {
    // An alias without an anchor, or so many that the file would grow beyond all bounds.
    problems.push({ file, line: 1, message: `YAML: ${messageOf(error)}` });
    return undefined;
  }
}

/** Runs a module and takes its default export. Rule files that it imports are loaded for it alone. */
async function readModule(file: string, problems: Problem[]): Promise<WrittenTests | undefined> {
  reads += 1;
  const sources = readSources([file], `?tests=${reads}`);
  const [module] = sources.runnable;
  problems.push(...sources.problems);
  if (module === undefined) return undefined;
  for (const source of sources.files.values()) addRuleModule(source);
  try {
    const content = (await importRuleModule(module.url))["default"];
    const lines = new ExpressionLines(module, defaultExport(module), 1);
    if (content !== undefined) return { content, place: { file, lineOf: (path) => lines.lineOf(path) } };
    problems.push({ file, line: 0, message: "it must export its tests: export default [ … ]" });
  } catch (error) {
    problems.push(importProblem(error, module, sources.files));
  }
  return undefined;
}

/**
 * True for a test file in TypeScript that is meant for a test runner and not for `stakeout test`: it exports no tests, and
 * imports such a runner.
 */
export function isForeignTest(file: string): boolean {
  const source = readSourceFile(file, "");
  if (!("tree" in source) || defaultExport(source) !== undefined) return false;
  return source.imports.some(
    ({ specifier, path }) => path === undefined && !specifier.startsWith("stakeout"),
  );
}

/** The `tests` of a rule in TypeScript, with their lines. */
export function testsInRule(content: unknown, file: string, ruleLine: number): WrittenTests {
  const source = readSourceFile(file, "");
  if (!("tree" in source)) return { content, place: { file, lineOf: () => ruleLine } };
  const lines = new ExpressionLines(source, testsOfRule(source, ruleLine), ruleLine);
  return { content, place: { file, lineOf: (path) => lines.lineOf(path) } };
}
