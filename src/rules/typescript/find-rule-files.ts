import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf, type Problem } from "../../core/errors.ts";

/** Files that may hold rules, and what could not be looked into. */
export interface FoundFiles {
  /** Absolute paths in code unit order, none twice. */
  readonly files: readonly string[];
  /** Those of the files that were named themselves, so that they must be rules. */
  readonly named: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const ruleFile = /\.(?:ts|mts|js|mjs)$/;
const testOrTypes = /\.(?:test|d)\.(?:ts|mts|js|mjs)$/;

/** True for a name that the runtime can load: a rule, or a module that rules import. */
export function isRuleFileName(name: string): boolean {
  return ruleFile.test(name);
}

/**
 * Every file below these folders that may hold a rule or what a rule imports: `.ts`, `.mts`, `.js` and `.mjs`, without
 * tests (`.test.ts`), type declarations (`.d.ts`), and whatever is hidden or in `node_modules`. Links are followed.
 */
export function findRuleFiles(paths: readonly string[]): FoundFiles {
  const search = new Search();
  for (const path of paths.map((path) => resolve(path))) search.start(path);
  const { files, named, problems, warnings } = search;
  return { files: [...files].sort(), named, problems, warnings };
}

class Search {
  readonly files: Set<string> = new Set();
  readonly named: Set<string> = new Set();
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  start(path: string): void {
    const isFolder = this.#isFolder(path);
    if (isFolder === undefined) return;
    if (isFolder) {
      const sizeBefore = this.files.size;
      this.#folder(path, []);
      if (this.files.size === sizeBefore) this.warnings.push(about(path, "no rule files in this folder"));
    } else if (isRuleFileName(path)) {
      this.files.add(path);
      this.named.add(path);
    } else {
      this.problems.push(about(path, "not a rule file: its name must end in .ts, .mts, .js or .mjs"));
    }
  }

  #folder(folder: string, above: readonly string[]): void {
    let entries: readonly Dirent[];
    let real: string;
    try {
      real = realpathSync(folder);
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      this.problems.push(unreadable(folder, error));
      return;
    }
    // A link to a folder further up would never end.
    if (above.includes(real)) return;
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(folder, name);
      const isFolder = entry.isSymbolicLink() ? this.#isFolder(path) : entry.isDirectory();
      if (isFolder === true) this.#folder(path, [...above, real]);
      else if (isFolder === false && isRuleFileName(name) && !testOrTypes.test(name)) this.files.add(path);
    }
  }

  /** `undefined` when there is nothing to look at, which is then a problem. */
  #isFolder(path: string): boolean | undefined {
    try {
      return statSync(path).isDirectory();
    } catch (error) {
      this.problems.push(unreadable(path, error));
      return undefined;
    }
  }
}

function unreadable(path: string, error: unknown): Problem {
  const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
  return about(path, missing ? "no such file or folder" : `cannot be read: ${messageOf(error)}`);
}

function about(file: string, message: string): Problem {
  return { file, line: 0, message };
}
