import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve, sep } from "node:path";
import type { Problem } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import { createPantherRuntime, type PantherRuntime } from "../rules/panther/runtime.ts";
import { byRuleId } from "../rules/router.ts";
import type { LoadedRule, LoadResult } from "../rules/runtime.ts";
import { createTypeScriptRuntime } from "../rules/typescript/runtime.ts";

export interface LoadRulesOptions {
  readonly limits: Pick<Limits, "pythonMemoryBytesMax">;
  /** Where what makes the next start quicker is kept; `undefined`: nowhere. */
  readonly cacheFolder: string | undefined;
  /** Read tests in Panther's form as well. Default: false. */
  readonly pantherTests?: boolean;
  /** Let unknown keys in Panther's YAML pass. Default: false. */
  readonly ignoreExtraKeys?: boolean;
  /** Loads the TypeScript rules. Default: the runtime that rules run with. */
  readonly loadTypeScript?: (paths: readonly string[]) => Promise<LoadResult>;
}

export interface LoadedRules extends LoadResult {
  readonly panther: PantherRuntime;
}

/** Loads the rules of every language below these files and folders, in one order. Problems are answered, never thrown. */
export async function loadRules(paths: readonly string[], options: LoadRulesOptions): Promise<LoadedRules> {
  const panther = createPantherRuntime({
    tests: options.pantherTests ?? false,
    ignoreExtraKeys: options.ignoreExtraKeys ?? false,
    memoryBytesMax: options.limits.pythonMemoryBytesMax,
    cacheFolder: options.cacheFolder,
  });
  const loadTypeScript =
    options.loadTypeScript ?? ((among) => Promise.resolve(createTypeScriptRuntime().load(among)));
  const yaml = paths.filter((path) => isYaml(path));
  const loaded = await panther.load(paths.filter((path) => !isNamedScript(path)));
  const scripts = await loadTypeScript(paths.filter((path) => !yaml.includes(path)));
  const files = (panther.content?.files ?? []).map((file) => resolve(file));
  const holdsContent = ({ file }: Problem): boolean =>
    files.some((path) => path === resolve(file) || path.startsWith(resolve(file) + sep));
  const rules = [...scripts.rules, ...loaded.rules].sort(byRuleId);
  const unused = yaml
    .filter((path) => !files.includes(resolve(path)))
    .map((path) => ({ file: path, line: 0, message: "not a rule: it has no AnalysisType" }));
  return {
    rules,
    problems: withoutRepeated([...scripts.problems, ...loaded.problems, ...unused, ...sameIds(rules)]),
    // A folder that has rules of one language only is no reason to warn.
    warnings: [...scripts.warnings.filter((warning) => !holdsContent(warning)), ...loaded.warnings],
    panther,
  };
}

/** Where programs keep what they can make again: `$STAKEOUT_CACHE_DIR`, or `stakeout` in the user's cache folder. */
export function cacheFolder(): string {
  const { STAKEOUT_CACHE_DIR: own, XDG_CACHE_HOME: shared } = process.env;
  return own || join(shared || join(homedir(), ".cache"), "stakeout");
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path) && !isFolder(path);
}

function isNamedScript(path: string): boolean {
  return /\.(?:ts|mts|js|mjs)$/.test(path) && !isFolder(path);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Of a path that is not there, every language says so. */
function withoutRepeated(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(Object.values(problem)), problem])).values()];
}

/** Ids that two languages use; within one, its own runtime says so. */
function sameIds(rules: readonly LoadedRule[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [index, { manifest }] of rules.entries()) {
    const before = rules[index - 1]?.manifest;
    if (before?.id !== manifest.id) continue;
    const message = `rule id ${manifest.id} is used in ${before.file}:${before.line} as well`;
    problems.push({ file: manifest.file, line: manifest.line, message });
  }
  return problems;
}
