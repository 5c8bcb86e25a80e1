import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { messageOf, type Problem } from "../../../core/errors.ts";
import { lockName, lockPath, readLock, type LockedPackage } from "./lock.ts";
import { hashOf, wheelPath } from "./wheel-folder.ts";

/** A wheel that rules may import from. */
export interface InstalledWheel {
  readonly name: string;
  readonly version: string;
  /** Absolute path. */
  readonly file: string;
  readonly sha256: string;
}

export interface InstalledPackages {
  /** Sorted by name. */
  readonly wheels: readonly InstalledWheel[];
  /** A lock that cannot be read, a wheel that is missing or changed, one name locked in two versions. */
  readonly problems: readonly Problem[];
}

/**
 * The packages for these rule files and folders: those of the lock in each folder, or in the nearest folder above it
 * that has one. Every wheel was compared with its hash. Never throws.
 */
export function installedPackages(rulePaths: readonly string[]): InstalledPackages {
  const folders = new Set(rulePaths.map(nearestLockFolder).filter((folder) => folder !== undefined));
  const problems: Problem[] = [];
  const found = new Map<string, { readonly wheel: InstalledWheel; readonly folder: string }>();
  for (const folder of folders) {
    for (const wheel of checkFolder(folder, problems)) {
      const other = found.get(wheel.name);
      if (other === undefined) found.set(wheel.name, { wheel, folder });
      else if (other.wheel.sha256 !== wheel.sha256) {
        const message = `${wheel.name} is ${wheel.version} here and ${other.wheel.version} in ${lockPath(other.folder)}; a run has one of each: add the same version to both`;
        problems.push({ file: lockPath(folder), line: 0, message });
      }
    }
  }
  const wheels = [...found.values()].map(({ wheel }) => wheel);
  return { wheels: wheels.sort((left, right) => (left.name < right.name ? -1 : 1)), problems };
}

function nearestLockFolder(path: string): string | undefined {
  const start = resolve(path);
  const isFolder = statSync(start, { throwIfNoEntry: false })?.isDirectory() === true;
  let folder = isFolder ? start : dirname(start);
  while (!existsSync(join(folder, lockName))) {
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return folder;
}

function checkFolder(folder: string, problems: Problem[]): readonly InstalledWheel[] {
  try {
    const { packages } = readLock(folder) ?? { packages: [] };
    const wheels = packages.map((locked) => checkWheel(folder, locked));
    const messages = wheels.filter((wheel) => typeof wheel === "string");
    for (const message of messages) problems.push({ file: lockPath(folder), line: 0, message });
    return wheels.filter((wheel) => typeof wheel !== "string");
  } catch (error) {
    problems.push({ file: lockPath(folder), line: 0, message: messageOf(error) });
    return [];
  }
}

/** The wheel, or what is wrong with it. */
function checkWheel(folder: string, locked: LockedPackage): InstalledWheel | string {
  const { name, version, sha256 } = locked;
  const file = wheelPath(folder, locked.file);
  const advice = `run: stakeout python sync --rules ${relative("", folder) || "."}`;
  try {
    if (!existsSync(file)) return `${locked.file} is missing; ${advice}`;
    if (hashOf(readFileSync(file), "sha256") !== sha256) {
      return `${locked.file} is not the file that was locked: its sha256 differs; ${advice}`;
    }
    return { name, version, file, sha256 };
  } catch (error) {
    return `${locked.file} cannot be read: ${messageOf(error)}`;
  }
}
