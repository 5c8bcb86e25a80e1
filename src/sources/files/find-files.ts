import {
  accessSync,
  constants,
  type Dirent,
  globSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { StakeoutError } from "../../core/errors.ts";
import { unreadable } from "./file.ts";

/** What comes along with data but is none; skipped in folders, never where it is named. */
const companionName = /^(?:licen[cs]e|copying|notice|readme|changelog)(?:\.(?:md|txt|rst|html))?$/i;

export interface FoundFile {
  /** Real and absolute: the same file reached by two ways has one. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * The files that paths, folders and glob patterns stand for, each once, sorted by path (code units). Folders are walked
 * with all that is in them, symbolic links included, except what is hidden and texts such as LICENSE and README. Throws `INPUT_NOT_FOUND` for a path that does not
 * exist or a pattern that matches nothing, `INPUT_UNREADABLE` for what may not be read.
 */
export function findFiles(paths: readonly string[]): FoundFile[] {
  const finder = new Finder();
  for (const path of paths) {
    for (const existing of expand(path)) finder.add(existing, true);
  }
  return finder.files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** A path that exists is taken as it is, even where it could be read as a pattern. */
function expand(path: string): readonly string[] {
  if (stat(path) !== undefined) return [path];
  const matches = globSync(path);
  if (matches.length > 0) return matches;
  const what = /[*?[\]{}]/.test(path) ? "no file or folder matches" : "there is no file or folder";
  throw new StakeoutError("INPUT_NOT_FOUND", `${what} ${path}`, { fields: { path } });
}

class Finder {
  readonly files: FoundFile[] = [];
  /** Real paths of files and folders: guards against links that lead back, too. */
  readonly #seen = new Set<string>();

  add(path: string, isNamed: boolean): void {
    const stats = stat(path);
    if (stats === undefined) throw unreadable(path, "it is gone, or a link that leads nowhere");
    const real = realpathSync.native(path);
    if (stats.isDirectory()) this.#addFolder(real);
    else if (stats.isFile()) this.#addFile(real, stats);
    else if (isNamed) throw unreadable(path, "it is not a regular file; pipe it into standard input instead");
  }

  #addFolder(real: string): void {
    if (!this.#isNew(real)) return;
    for (const entry of readFolder(real)) {
      if (entry.name.startsWith(".") || companionName.test(entry.name)) continue;
      const path = join(real, entry.name);
      const stats = entry.isFile() ? stat(path) : undefined;
      // A plain file in a real folder needs no look-up of its real path.
      if (stats?.isFile() === true) this.#addFile(path, stats);
      else this.add(path, false);
    }
  }

  #addFile(real: string, stats: Stats): void {
    if (!this.#isNew(real)) return;
    try {
      accessSync(real, constants.R_OK);
    } catch (error) {
      throw unreadable(real, error);
    }
    this.files.push({ path: real, size: stats.size, mtimeMs: stats.mtimeMs });
  }

  #isNew(real: string): boolean {
    if (this.#seen.has(real)) return false;
    this.#seen.add(real);
    return true;
  }
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(path, error);
  }
}
