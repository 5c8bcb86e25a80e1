import { lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { PositionReader } from "../source.ts";
import { FollowedFile, keyOf } from "./followed-file.ts";
import type { Handles } from "./handles.ts";
import { type PlacedFile, placedFile, type Places } from "./places.ts";
import { Slots } from "./slots.ts";

export interface RegistryOptions {
  readonly places: Places;
  readonly handles: Handles;
  readonly clock: Clock;
  /** Files known at a time; further ones wait until others are gone. */
  readonly filesMax: number;
  /** Where a file begins that is there in the very first run. */
  readonly from: "start" | "end";
  readonly warn: (message: string) => void;
}

/** The files that are followed: finds them, and finds them again wherever they went. */
export class Registry {
  readonly slots: Slots = new Slots();
  readonly #options: RegistryOptions;
  readonly #known = new Map<string, FollowedFile>();
  #byPath = new Map<string, FollowedFile>();
  #isFirst = true;
  /** True when the first run of all has just begun, and is told to pass over what is there. */
  #passes = false;
  #overMax = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  async open(positionOf: PositionReader): Promise<void> {
    await this.slots.load(positionOf);
    this.#passes = this.#options.from === "end" && this.slots.isEmpty;
  }

  get files(): Iterable<FollowedFile> {
    return this.#known.values();
  }

  at(path: string): FollowedFile | undefined {
    return this.#byPath.get(path);
  }

  /** Looks at everything. Answers the folders in which something may change. */
  look(): ReadonlySet<string> {
    const { files, folders } = this.#options.places.look();
    const before = this.#isFirst ? this.#restored() : this.#byPath;
    this.#byPath = new Map();
    this.#overMax = this.#overMax && files.length > this.#options.filesMax;
    const siblings = new Siblings();
    if (this.#isFirst) this.#takeUp(files, siblings);
    const found = this.#place(files, before);
    for (const file of this.#known.values()) if (!found.has(file)) this.#missing(file, siblings);
    this.#isFirst = false;
    this.#passes = false;
    return new Set([...folders, ...[...this.#known.values()].map(({ path }) => dirname(path))]);
  }

  /** Looks at one file where it stands. */
  refresh(file: FollowedFile): void {
    const placed = this.#options.handles.look(file) ?? lookAt(file.path);
    if (placed?.inode === file.inode) file.touch(placed, this.#nowMs());
  }

  /** Nothing more is expected of a file. It is remembered, should it come back. */
  letGo(file: FollowedFile): void {
    const { unreadBytes, path } = file;
    if (unreadBytes > 0) this.#options.warn(`${path} is gone; ${unreadBytes} bytes of it were not read`);
    file.postponed = true;
    this.#options.handles.close(file);
    this.#known.delete(file.key);
    if (this.#byPath.get(path) === file) this.#byPath.delete(path);
    this.slots.release(file);
  }

  /** The files of earlier runs by the path where each stood last. */
  #restored(): Map<string, FollowedFile> {
    return new Map(this.slots.gone.map((file) => [file.path, file]));
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** Puts each file where it stands now. Answers all that are there. */
  #place(files: readonly PlacedFile[], before: ReadonlyMap<string, FollowedFile>): ReadonlySet<FollowedFile> {
    const found = new Set<FollowedFile>();
    const standing = new Map(files.map((placed) => [placed.path, keyOf(placed)]));
    const find = (file: FollowedFile, placed: PlacedFile): void => {
      found.add(file);
      // A file with several names stays where it was known.
      const isOtherName = placed.path !== file.path && standing.get(file.path) === file.key;
      this.#found(file, isOtherName ? { ...placed, path: file.path } : placed);
    };
    const unknown: PlacedFile[] = [];
    // Known files first: what is new at a path may have to wait for the one that stood there.
    for (const placed of files) {
      const file = this.#known.get(keyOf(placed)) ?? this.#revive(placed);
      if (file === undefined) unknown.push(placed);
      else find(file, placed);
    }
    for (const placed of unknown.toSorted((one, other) => one.mtimeMs - other.mtimeMs)) {
      const file = this.#known.get(keyOf(placed)) ?? this.#add(placed);
      if (file === undefined) continue;
      const earlier = before.get(placed.path);
      if (earlier !== file) file.earlier = earlier;
      find(file, placed);
    }
    return found;
  }

  #found(file: FollowedFile, { path, ...placed }: PlacedFile): void {
    file.postponed = false;
    file.touch(placed, this.#nowMs());
    this.#byPath.set(path, file);
    if (path !== file.path) file.leavePath(this.#nowMs());
    file.present = true;
    file.path = path;
  }

  #add(placed: PlacedFile): FollowedFile | undefined {
    const { filesMax, warn } = this.#options;
    if (this.#known.size >= filesMax) {
      if (!this.#overMax) warn(`${filesMax} files are followed; further ones wait until some are removed`);
      this.#overMax = true;
      return undefined;
    }
    const file = new FollowedFile(placed);
    file.seenMs = this.#nowMs();
    if (this.#passes) file.passToBytes = placed.size;
    this.#enter(file, placed);
    return file;
  }

  #revive(placed: PlacedFile): FollowedFile | undefined {
    const file = this.slots.revive(placed);
    if (file !== undefined) this.#enter(file, placed);
    return file;
  }

  #enter(file: FollowedFile, placed: PlacedFile): void {
    const nowMs = this.#nowMs();
    file.touch(placed, nowMs);
    const ageMs = this.#options.clock.nowMs() - placed.mtimeMs;
    file.changedMs = nowMs - Math.max(0, ageMs);
    this.#known.set(file.key, file);
  }

  /**
   * At the start: files with another device number, as file systems get a new one when they are mounted again; and those
   * that were renamed to where nobody looks for them.
   */
  #takeUp(files: readonly PlacedFile[], siblings: Siblings): void {
    const keys = new Set(files.map((placed) => keyOf(placed)));
    const byNumber = new Map(files.map((placed) => [`${placed.inode} ${placed.path}`, placed]));
    for (const file of this.slots.gone) {
      if (keys.has(file.key)) continue;
      const same = byNumber.get(`${file.inode} ${file.path}`);
      const placed = same ?? siblings.find(file);
      if (placed === undefined || this.#known.has(keyOf(placed))) continue;
      this.slots.revive(file);
      file.device = placed.device;
      file.present = same !== undefined;
      file.moved ||= same === undefined;
      this.#enter(file, placed);
    }
  }

  /** A file that is not where files are looked for: renamed, removed, or its folder cannot be read. */
  #missing(file: FollowedFile, siblings: Siblings): void {
    const nowMs = this.#nowMs();
    if (file.present) {
      file.present = false;
      file.leavePath(nowMs);
    }
    file.postponed = false;
    const placed = this.#options.handles.look(file) ?? siblings.find(file);
    if (placed === undefined) {
      this.letGo(file);
      return;
    }
    file.path = placed.path;
    file.touch(placed, nowMs);
    if (file.isSettled(nowMs) && !file.isDue(nowMs) && file.check !== "under way") this.letGo(file);
  }
}

/** Finds files that were renamed within their folder. For one look at everything. */
class Siblings {
  readonly #folders = new Map<string, ReadonlyMap<string, PlacedFile>>();

  find(file: FollowedFile): PlacedFile | undefined {
    const folder = dirname(file.path);
    let entries = this.#folders.get(folder);
    if (entries === undefined) {
      entries = listFolder(folder);
      this.#folders.set(folder, entries);
    }
    return entries.get(file.key);
  }
}

function listFolder(folder: string): ReadonlyMap<string, PlacedFile> {
  const entries = new Map<string, PlacedFile>();
  for (const name of namesIn(folder)) {
    const placed = lookAt(join(folder, name));
    if (placed !== undefined) entries.set(keyOf(placed), placed);
  }
  return entries;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function lookAt(path: string): PlacedFile | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    return stats?.isFile() === true ? placedFile(path, stats) : undefined;
  } catch {
    return undefined;
  }
}
