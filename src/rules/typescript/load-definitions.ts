import type { Problem } from "../../core/errors.ts";
import { checkDefinition, type DefinitionPlace } from "../check-definition.ts";
import { type DefinitionCall, type RuleDefinition, takeDefinitionCalls } from "../define.ts";
import type { RuleManifest } from "../manifest.ts";
import { placeOfRule } from "./definition-place.ts";
import { findRuleFiles } from "./find-rule-files.ts";
import { importProblem } from "./import-problem.ts";
import { readSources, type Sources } from "./read-sources.ts";
import { addRuleModule, importRuleModule } from "./rule-modules.ts";
import { hasDefaultExport, pathOfUrl, type SourceFile } from "./source-file.ts";
import { StandardFieldUse } from "./standard-fields.ts";

/** The definition that a rule file exports, found to be without mistakes. */
export interface LoadedDefinition {
  readonly definition: RuleDefinition;
  readonly manifest: RuleManifest;
  readonly usesStandardFields: boolean;
}

export interface LoadedDefinitions {
  readonly definitions: readonly LoadedDefinition[];
  /** By file and line, none twice. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

let loads = 0;

/** Makes the code that runs from a file that was read. */
export type PrepareFile = (file: SourceFile) => SourceFile;

/**
 * Loads every rule file below the paths and finds everything that is wrong with any of them. `onFile` hears of each file
 * that is about to run, with what it imports.
 */
export async function loadDefinitions(
  paths: readonly string[],
  prepare?: PrepareFile,
  onFile?: (path: string) => void,
): Promise<LoadedDefinitions> {
  loads += 1;
  // Node never runs the same URL twice. The first load, mostly the only one, keeps plain paths in stack traces.
  const generation = loads === 1 ? "" : `?generation=${loads}`;
  const found = findRuleFiles(paths);
  const sources = prepared(readSources(found.files, generation), prepare);
  const runnable = sources.runnable.filter((file) => found.named.has(file.path) || mayDefineRule(file));
  const run = await runFiles(runnable, sources.files, onFile);
  const exported = run.modules.flatMap((module) => exportedRule(module, found.named));
  const rules = exported.filter((outcome) => "call" in outcome);
  const standardFields = new StandardFieldUse(sources.files);
  const checked = rules.map((rule) => check(rule, standardFields));
  const problems = [
    ...found.problems,
    ...sources.problems,
    ...run.problems,
    ...exported.filter((outcome) => "message" in outcome),
    ...strays(run, rules),
    ...checked.flatMap((rule) => rule.problems),
    ...duplicateIds(checked),
  ];
  const definitions = checked.filter((rule) => rule.problems.length === 0);
  return { definitions, problems: inOrder(problems), warnings: found.warnings };
}

/** False for what only others import, and for scripts that lie beside rules: loading must not run those. */
function mayDefineRule({ imports, tree }: SourceFile): boolean {
  return imports.some(({ specifier }) => specifier === "stakeout") || hasDefaultExport(tree);
}

function prepared(sources: Sources, prepare: PrepareFile | undefined): Sources {
  if (prepare === undefined) return sources;
  const files = new Map(sources.files.entries().map(([url, file]) => [url, prepare(file)]));
  const runnable = sources.runnable.map((file) => files.get(file.url) ?? file);
  return { files, runnable, problems: sources.problems };
}

/** A file that ran to its end. */
interface RunModule {
  readonly file: SourceFile;
  /** What it exports by default; `undefined` when it has no default export. */
  readonly exported: { readonly value: unknown } | undefined;
  /** The call of `defineRule` that made it. */
  readonly call: DefinitionCall | undefined;
}

interface Run {
  readonly modules: readonly RunModule[];
  /** All calls of `defineRule` in files that ran to their end. */
  readonly calls: readonly DefinitionCall[];
  readonly problems: readonly Problem[];
}

async function runFiles(
  runnable: readonly SourceFile[],
  files: ReadonlyMap<string, SourceFile>,
  onFile: ((path: string) => void) | undefined,
): Promise<Run> {
  for (const file of files.values()) addRuleModule(file);
  const modules: Omit<RunModule, "call">[] = [];
  const problems: Problem[] = [];
  const failed = new Set<string>();
  for (const file of runnable) {
    onFile?.(file.path);
    try {
      const module = await importRuleModule(file.url);
      modules.push({ file, exported: "default" in module ? { value: module["default"] } : undefined });
    } catch (error) {
      failed.add(file.url);
      problems.push(importProblem(error, file, files));
    }
  }
  const calls = takeDefinitionCalls(new Set(files.keys())).filter(({ script }) => !failed.has(script));
  const callsByDefinition = new Map(calls.map((call) => [call.definition, call]));
  const called = modules.map(({ file, exported }) => ({
    file,
    exported,
    call: exported === undefined ? undefined : callsByDefinition.get(exported.value),
  }));
  return { modules: called, calls, problems };
}

interface ExportedRule {
  readonly file: SourceFile;
  readonly call: DefinitionCall;
}

/** The rule that a file exports, or what is wrong with its export, or nothing for a file that others import. */
function exportedRule(module: RunModule, named: ReadonlySet<string>): readonly (ExportedRule | Problem)[] {
  const { file, exported, call } = module;
  if (call !== undefined) return [{ file, call }];
  const looksLikeRule =
    typeof exported?.value === "object" && exported.value !== null && "rule" in exported.value;
  if (looksLikeRule) {
    const message = "its default export looks like a rule: write export default defineRule({ … })";
    return [{ file: file.path, line: 0, message }];
  }
  if (!named.has(file.path)) return [];
  return [{ file: file.path, line: 0, message: "not a rule: it has no export default defineRule({ … })" }];
}

/** Rules that would never be asked, because their file does not export them. */
function strays(run: Run, rules: readonly ExportedRule[]): readonly Problem[] {
  const exported = new Set(rules.map(({ call }) => call.definition));
  return run.calls
    .filter(({ definition }) => !exported.has(definition))
    .map((call) => ({
      file: pathOfUrl(call.script),
      line: call.line,
      message: `${nameOf(call.definition)} is not the default export: write export default defineRule({ … }), one in each file`,
    }));
}

function nameOf(definition: unknown): string {
  const id =
    typeof definition === "object" && definition !== null && "id" in definition ? definition.id : undefined;
  return typeof id === "string" ? `rule ${id}` : "rule without id";
}

interface PlacedRule extends LoadedDefinition {
  readonly place: DefinitionPlace;
  readonly problems: readonly Problem[];
}

function check({ file, call }: ExportedRule, standardFields: StandardFieldUse): PlacedRule {
  const place = placeOfRule(file, call);
  const { manifest, problems } = checkDefinition(call.definition, place);
  const usesStandardFields = standardFields.possibleIn(file);
  return { definition: call.definition as RuleDefinition, manifest, usesStandardFields, place, problems };
}

/** Each rule whose id another one has too, with the place of that other one. */
function duplicateIds(rules: readonly PlacedRule[]): readonly Problem[] {
  const byId = Map.groupBy(rules, ({ manifest }) => manifest.id);
  const problems: Problem[] = [];
  for (const [id, sameId] of byId) {
    if (id === "" || sameId.length === 1) continue;
    for (const rule of sameId) {
      const other = sameId.find((candidate) => candidate !== rule)?.place;
      const message = `rule ${id}: the same id is used in ${other?.file}:${other?.fieldLine("id")}`;
      problems.push({ file: rule.place.file, line: rule.place.fieldLine("id"), message });
    }
  }
  return problems;
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const distinct = new Map(
    problems.map((problem) => [`${problem.file}:${problem.line}:${problem.message}`, problem]),
  );
  return [...distinct.values()].sort((left, right) =>
    left.file === right.file ? left.line - right.line : left.file < right.file ? -1 : 1,
  );
}
