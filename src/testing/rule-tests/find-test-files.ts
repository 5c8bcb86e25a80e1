import { existsSync, globSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { isForeignTest } from "./read-test-file.ts";

const testFile = /\.test\.(?:ya?ml|ts|mts|js|mjs)$/;
const testEndings = [".yaml", ".yml", ".ts", ".mts", ".js", ".mjs"];
const ruleEndings = [".ts", ".mts", ".js", ".mjs", ".yml", ".yaml"];

export interface FoundTestFiles {
  /** Where to look for rules: the paths given, with the rule beside it for each test file. */
  readonly rulePaths: readonly string[];
  /** Absolute paths of test files that were named or lie in folders that were, in code unit order. */
  readonly testFiles: readonly string[];
}

/** Sorts the paths of a test run into those of rules and those of tests. */
export function findTestFiles(paths: readonly string[]): FoundTestFiles {
  const rulePaths = new Set<string>();
  const testFiles = new Set<string>();
  for (const path of paths.map((path) => resolve(path))) {
    if (testFile.test(path)) {
      testFiles.add(path);
      const rule = ruleBeside(path);
      if (rule !== undefined) rulePaths.add(rule);
      continue;
    }
    // Of a Python file it is the YAML beside it that makes it a rule.
    rulePaths.add(path.endsWith(".py") ? (ruleBeside(path) ?? path) : path);
    if (isFolder(path)) for (const file of testFilesBelow(path)) testFiles.add(file);
  }
  return { rulePaths: [...rulePaths], testFiles: [...testFiles].sort() };
}

/** The test files that stand beside a rule: `NAME.test.yaml` and so on for `NAME.ts`. */
export function testFilesBeside(ruleFile: string): readonly string[] {
  const stem = ruleFile.replace(/\.\w+$/, ".test");
  return testEndings.map((ending) => stem + ending).filter((file) => existsSync(file) && !isForeign(file));
}

/** The file of the rule that a test file, or a Python file, stands beside, if there is one. */
export function ruleBeside(file: string): string | undefined {
  const stem = join(dirname(file), basename(file).replace(testFile, "").replace(/\.py$/, ""));
  return ruleEndings.map((ending) => stem + ending).find((rule) => existsSync(rule));
}

function testFilesBelow(folder: string): readonly string[] {
  return globSync("**/*.test.*", { cwd: folder, exclude: isLeftOut })
    .filter((name) => testFile.test(name) && !isLeftOut(basename(name)))
    .map((name) => join(folder, name))
    .filter((file) => !isForeign(file));
}

/** The same as the rules that are left out. */
function isLeftOut(name: string): boolean {
  const last = basename(name);
  return last === "node_modules" || (last.startsWith(".") && last !== ".");
}

function isForeign(file: string): boolean {
  return !/\.ya?ml$/.test(file) && isForeignTest(file);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
