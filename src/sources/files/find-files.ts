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

type Kind = Pick<Stats, "isDirectory" | "isFile">;

/** What is told of a walk. Paths are real and absolute, except those that are refused. */
export interface Visitor<S extends Kind> {
  /** Follows links; `undefined` where there is nothing. May throw. */
  stat(path: string): S | undefined;
  folder?(path: string): void;
  /** Once for each file, however many ways lead to it. */
  file(path: string, stats: S): void;
  /** Something that is there and no input. `isNamed`: not just something that lies in a folder. */
  refused(path: string, why: unknown, isNamed: boolean): void;
}

/**
 * The files that paths, folders and glob patterns stand for, each once, sorted by path (code units). Folders are walked
 * with all that is in them, symbolic links included, except what is hidden and texts such as LICENSE and README. Throws `INPUT_NOT_FOUND` for a path that does not
 * exist or a pattern that matches nothing, `INPUT_UNREADABLE` for what may not be read.
 */
export function findFiles(paths: readonly string[]): FoundFile[] {
  const files: FoundFile[] = [];
  const walk = new Walk<Stats>({
    stat: (path) => statSync(path, { throwIfNoEntry: false }),
    file(path, { size, mtimeMs }) {
      checkReadable(path);
      files.push({ path, size, mtimeMs });
    },
    refused(path, why) {
      throw unreadable(path, why);
    },
  });
  for (const path of paths) {
    if (walk.start(path)) continue;
    const what = isPattern(path) ? "no file or folder matches" : "there is no file or folder";
    throw new StakeoutError("INPUT_NOT_FOUND", `${what} ${path}`, { fields: { path } });
  }
  return files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** True for a path that can stand for others. */
export function isPattern(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Goes through paths, folders and glob patterns. */
export class Walk<S extends Kind> {
  readonly #visitor: Visitor<S>;
  /** Real paths of files and folders: guards against links that lead back, too. */
  readonly #seen = new Set<string>();

  constructor(visitor: Visitor<S>) {
    this.#visitor = visitor;
  }

  /** A path that exists is taken as it is, even where it could be read as a pattern. Answers whether anything was there. */
  start(path: string): boolean {
    const stats = this.#stat(path, true);
    if (stats === "refused") return true;
    if (stats !== undefined) {
      this.#addExisting(path, stats, true);
      return true;
    }
    const matches = this.#match(path);
    for (const match of matches) this.#add(match, true);
    return matches.length > 0;
  }

  #match(pattern: string): readonly string[] {
    try {
      return globSync(pattern);
    } catch (error) {
      this.#visitor.refused(pattern, error, true);
      return [];
    }
  }

  #add(path: string, isNamed: boolean): void {
    const stats = this.#stat(path, isNamed);
    if (stats === "refused") return;
    if (stats === undefined) {
      this.#visitor.refused(path, "it is gone, or a link that leads nowhere", isNamed);
    } else {
      this.#addExisting(path, stats, isNamed);
    }
  }

  #addExisting(path: string, stats: S, isNamed: boolean): void {
    const real = this.#realPath(path, isNamed);
    if (real === undefined) return;
    if (stats.isDirectory()) {
      this.#addFolder(real, isNamed);
    } else if (stats.isFile()) {
      this.#addFile(real, stats);
    } else if (isNamed) {
      const why = "it is not a regular file; pipe it into standard input instead";
      this.#visitor.refused(path, why, isNamed);
    }
  }

  #addFolder(real: string, isNamed: boolean): void {
    if (!this.#isNew(real)) return;
    this.#visitor.folder?.(real);
    for (const entry of this.#entries(real, isNamed)) {
      if (entry.name.startsWith(".") || companionName.test(entry.name)) continue;
      const path = join(real, entry.name);
      // A plain file in a real folder needs no look-up of its real path.
      const stats = entry.isFile() ? this.#stat(path, false) : undefined;
      if (stats === "refused") continue;
      if (stats?.isFile() === true) this.#addFile(path, stats);
      else this.#add(path, false);
    }
  }

  #addFile(real: string, stats: S): void {
    if (this.#isNew(real)) this.#visitor.file(real, stats);
  }

  #stat(path: string, isNamed: boolean): S | undefined | "refused" {
    try {
      return this.#visitor.stat(path);
    } catch (error) {
      this.#visitor.refused(path, error, isNamed);
      return "refused";
    }
  }

  #realPath(path: string, isNamed: boolean): string | undefined {
    try {
      return realpathSync.native(path);
    } catch (error) {
      this.#visitor.refused(path, error, isNamed);
      return undefined;
    }
  }

  #entries(path: string, isNamed: boolean): readonly Dirent[] {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch (error) {
      this.#visitor.refused(path, error, isNamed);
      return [];
    }
  }

  #isNew(real: string): boolean {
    if (this.#seen.has(real)) return false;
    this.#seen.add(real);
    return true;
  }
}
