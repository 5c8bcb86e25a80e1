import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import { messageOf, type Problem } from "../../core/errors.ts";

/** A YAML file that may be Panther content. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** The folder that the files it names must lie in: the repository, or the folder that was given. */
  readonly root: string;
}

export interface FoundContent {
  /** In code unit order, none twice. */
  readonly files: readonly FoundFile[];
  /** Paths of YAML files in the folders of a repository that are not read. */
  readonly passedOver: readonly string[];
}

const yamlName = /\.y.*ml$/;

/** Folders of a repository that hold content, by their path in it; the rest (templates, tools) is not read. */
const contentFolder =
  /data_models|lookup_tables|rules|policies|queries|scheduled_prompts|\/(?:global_helpers|packs)$/;

const helperFolders = ["global_helpers", "data_models"] as const;

/**
 * Finds the YAML files (`*.y*ml`) below the paths, without what is hidden or in `node_modules`. Links are followed.
 *
 * Of a whole repository (the working folder, or a folder with `rules` or `policies` beside `global_helpers` or `data_models`)
 * only the folders that Panther reads are looked into, and the files beside them. For a folder inside a repository, such as
 * `rules/aws_cloudtrail_rules`, the `global_helpers` and `data_models` beside it and beside its parent are read too, or
 * else those of the nearest folder further up, but none above a folder that holds `.git`: so the rules of one folder can be
 * run by themselves.
 */
export function findContent(paths: readonly string[], problems: Problem[]): FoundContent {
  const search = new Search(problems);
  for (const path of paths.map((path) => resolve(path))) search.start(path);
  const files = [...search.files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  return { files, passedOver: [...search.passedOver].filter((path) => !search.files.has(path)).sort() };
}

class Search {
  readonly files: Map<string, FoundFile> = new Map();
  readonly passedOver: Set<string> = new Set();
  readonly #problems: Problem[];
  readonly #seen = new Set<string>();

  constructor(problems: Problem[]) {
    this.#problems = problems;
  }

  start(path: string): void {
    const stats = this.#stats(path);
    if (stats === undefined) return;
    const folder = stats.isDirectory() ? path : dirname(path);
    const { root, helpers } = repositoryAround(folder);
    if (!stats.isDirectory()) this.#file(path, root);
    else if (path === process.cwd() || isRepository(path)) this.#folder(path, { root, within: path });
    else this.#folder(path, { root, within: undefined });
    for (const helper of helpers) this.#folder(helper, { root, within: undefined });
  }

  /** `within`: the repository of which only the content folders are read; `undefined` where all are. */
  #folder(folder: string, place: { readonly root: string; readonly within: string | undefined }): void {
    const isRead = place.within === undefined || isContentFolder(folder, place.within);
    for (const entry of this.#entries(folder, isRead)) {
      const { name } = entry;
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(folder, name);
      const kind = entry.isSymbolicLink() ? this.#stats(path) : entry;
      if (kind?.isDirectory() === true) this.#folder(path, place);
      else if (kind?.isFile() === true && isRead) this.#file(path, place.root);
      else if (kind?.isFile() === true && yamlName.test(path)) this.passedOver.add(path);
    }
  }

  /** Nothing for a folder that was read before, also by another name: a link can lead back up. */
  #entries(folder: string, isRead: boolean): readonly Dirent[] {
    try {
      const visit = `${isRead} ${realpathSync(folder)}`;
      if (this.#seen.has(visit)) return [];
      this.#seen.add(visit);
      return readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      this.#unreadable(folder, error);
      return [];
    }
  }

  #file(path: string, root: string): void {
    if (yamlName.test(path) && !this.files.has(path)) this.files.set(path, { path, root });
  }

  #stats(path: string): Stats | undefined {
    try {
      return statSync(path);
    } catch (error) {
      this.#unreadable(path, error);
      return undefined;
    }
  }

  #unreadable(file: string, error: unknown): void {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const message = missing ? "no such file or folder" : `cannot be read: ${messageOf(error)}`;
    this.#problems.push({ file, line: 0, message });
  }
}

function isContentFolder(folder: string, repository: string): boolean {
  if (folder === repository) return true;
  return contentFolder.test(`/${relative(repository, folder).replaceAll(sep, "/")}`);
}

interface Repository {
  readonly root: string;
  /** The folders with helpers and data models that belong to a folder. */
  readonly helpers: readonly string[];
}

function repositoryAround(folder: string): Repository {
  const helpers: string[] = [];
  let root = folder;
  for (let at = folder, steps = 0; ; at = dirname(at), steps++) {
    const found = helperFolders.map((name) => join(at, name)).filter((path) => existsSync(path));
    if (found.length > 0) root = at;
    helpers.push(...found);
    const isRepository = existsSync(join(at, ".git"));
    if (isRepository) root = at;
    const isTop = isRepository || dirname(at) === at;
    if (isTop || (steps >= 1 && helpers.length > 0)) return { root, helpers };
  }
}

function isRepository(folder: string): boolean {
  return (
    helperFolders.some((name) => existsSync(join(folder, name))) &&
    ["rules", "policies"].some((name) => existsSync(join(folder, name)))
  );
}
