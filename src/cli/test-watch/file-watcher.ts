import { type Dirent, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";

import { contentEndings } from "../../service/content-hash.ts";

/** An editor that saves several files, or one in several steps, is one change. */
const settleMs = 80;

/** Watches the folders below some paths, new ones included, without what is hidden or in `node_modules`. */
export class FileWatcher implements Disposable {
  readonly #paths: readonly string[];
  readonly #ignored: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #waiting: ((changed: ReadonlySet<string> | undefined) => void) | undefined;
  #settled = false;
  #ended = false;

  constructor(paths: readonly string[], ignored: ReadonlySet<string>) {
    this.#paths = paths.map((path) => resolve(path));
    this.#ignored = ignored;
    this.#watchAll();
  }

  /** Absolute paths of files that were written, made or taken away since the last call; `undefined` when it has ended. */
  next(): Promise<ReadonlySet<string> | undefined> {
    const { promise, resolve } = Promise.withResolvers<ReadonlySet<string> | undefined>();
    this.#waiting = resolve;
    this.#deliver();
    return promise;
  }

  /** Watches the folders of these files too: what rules import may stand elsewhere. */
  alsoWatch(files: Iterable<string>): void {
    for (const file of files) this.#watch(dirname(file));
  }

  /** Makes the call of `next` under way, and later ones, answer `undefined`. */
  end(): void {
    this.#ended = true;
    this.#deliver();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #deliver(): void {
    if (this.#waiting === undefined || !(this.#ended || this.#settled)) return;
    const changed = this.#changed;
    const waiting = this.#waiting;
    this.#changed = new Set();
    this.#settled = false;
    this.#waiting = undefined;
    waiting(this.#ended ? undefined : changed);
  }

  #watchAll(): void {
    for (const path of this.#paths) {
      for (const folder of isFolder(path) ? foldersBelow(path) : [dirname(path)]) this.#watch(folder);
    }
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_event, name) => this.#note(folder, name));
      // A folder that was taken away; when it comes back, its parent says so.
      watcher.on("error", () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Gone between being found and being watched.
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #note(folder: string, name: string | null): void {
    const path = name === null ? folder : join(folder, name);
    if (!isFolder(folder)) this.#forget(folder);
    if (isFolder(path)) this.#watchAll();
    else if (isHidden(path) || !contentEndings.has(extname(path)) || this.#ignored.has(path)) return;
    // A new folder may have got its files before it was watched.
    for (const file of isFolder(path) ? filesBelow(path) : [path]) this.#changed.add(file);
    if (this.#changed.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#settled = true;
      this.#deliver();
    }, settleMs);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isHidden(path: string): boolean {
  return basename(path).startsWith(".");
}

function foldersBelow(folder: string): readonly string[] {
  const below = entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
    .flatMap((entry) => foldersBelow(join(folder, entry.name)));
  return [folder, ...below];
}

function filesBelow(folder: string): readonly string[] {
  return foldersBelow(folder).flatMap((each) =>
    entriesOf(each)
      .filter((entry) => entry.isFile() && contentEndings.has(extname(entry.name)))
      .map((entry) => join(each, entry.name)),
  );
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone meanwhile.
    return [];
  }
}
