import { existsSync, statSync } from "node:fs";
import { findPackageJSON, isBuiltin } from "node:module";
import type { Problem } from "../../core/errors.ts";
import { didYouMean } from "../check-definition.ts";
import { nearest } from "../nearest.ts";
import { isRuleFileName } from "./find-rule-files.ts";
import { engineExports, isEngineModule } from "./rule-modules.ts";
import { type ModuleImport, readSourceFile, type SourceFile } from "./source-file.ts";

export interface Sources {
  /** The rule files and, wherever they are, the files that these import, by URL. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** The rule files, in the order given, that can be run: nothing is wrong with them or with what they import. */
  readonly runnable: readonly SourceFile[];
  readonly problems: readonly Problem[];
}

/** Reads files and what they import, and finds what keeps any of them from running, without running one. */
export function readSources(paths: readonly string[], generation: string): Sources {
  const files = new Map<string, SourceFile>();
  const problems: Problem[] = [];
  // A set that grows while it is walked: imported files are read after those that import them.
  const wanted = new Set(paths);
  for (const path of wanted) {
    const file = readSourceFile(path, generation);
    if (!("url" in file)) {
      problems.push(file);
      continue;
    }
    files.set(file.url, file);
    problems.push(...file.imports.flatMap((imported) => importMistakes(imported, file)));
    for (const { path } of file.imports) {
      if (path !== undefined && isRuleFileName(path) && existsSync(path)) wanted.add(path);
    }
  }
  const broken = new Set(problems.map((problem) => problem.file));
  const given = new Set(paths);
  const runnable = [...files.values()].filter(
    ({ path, url }) => given.has(path) && !reaches(url, files, broken),
  );
  return { files, runnable, problems };
}

/** True when the file or anything it imports is broken: running it would only repeat that problem. */
function reaches(from: string, files: ReadonlyMap<string, SourceFile>, broken: ReadonlySet<string>): boolean {
  const urls = new Set([from]);
  for (const url of urls) {
    const file = files.get(url);
    if (file === undefined) continue;
    for (const imported of file.imports) {
      if (imported.path !== undefined && broken.has(imported.path)) return true;
      if (imported.url !== undefined) urls.add(imported.url);
    }
    if (broken.has(file.path)) return true;
  }
  return false;
}

function importMistakes(imported: ModuleImport, file: SourceFile): readonly Problem[] {
  const { specifier, line, path } = imported;
  if (specifier === "stakeout") return nameMistakes(imported, file);
  const message = path === undefined ? packageMistake(specifier, file) : pathMistake(specifier, path);
  return message === undefined ? [] : [{ file: file.path, line, message }];
}

function nameMistakes({ names }: ModuleImport, file: SourceFile): readonly Problem[] {
  return names
    .filter(({ name }) => !engineExports.has(name))
    .map(({ name, line }) => {
      const suggestion = didYouMean(nearest(name, engineExports));
      const advice = "a type must be imported with import type, or as { type … }";
      return { file: file.path, line, message: `stakeout exports no ${name}${suggestion}; ${advice}` };
    });
}

function pathMistake(specifier: string, path: string): string | undefined {
  if (existsSync(path) && !statSync(path).isDirectory()) return undefined;
  const ending = [".ts", ".mts", ".js", ".mjs"].find((candidate) => existsSync(path + candidate));
  if (ending !== undefined)
    return `cannot import "${specifier}": write "${specifier}${ending}", with the file's ending`;
  return `cannot import "${specifier}": there is no file ${path}`;
}

function packageMistake(specifier: string, file: SourceFile): string | undefined {
  if (isBuiltin(specifier) || isEngineModule(specifier)) return undefined;
  try {
    if (findPackageJSON(specifier, file.url) !== undefined) return undefined;
  } catch {
    // Not found: the same answer as none.
  }
  return `cannot import "${specifier}": no such package is installed; rules can import "stakeout", each other and Node's own modules`;
}
