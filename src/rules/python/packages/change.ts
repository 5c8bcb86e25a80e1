import { renameSync, rmSync, writeFileSync } from "node:fs";

import type { Clock } from "../../../core/clock.ts";
import { messageOf, StakeoutError } from "../../../core/errors.ts";
import { HttpClient, withoutCredentials, type HttpOptions } from "./http.ts";
import type { IndexAddress } from "./index-address.ts";
import { lockPath, readLock, renderLock, type Lock, type LockedPackage } from "./lock.ts";
import { PackageIndex } from "./package-index.ts";
import type { Requirement } from "./requirement.ts";
import { resolvePackages, type ResolvedPackage } from "./resolve.ts";
import { WheelFolder, type FetchProgress } from "./wheel-folder.ts";
import { readWheel } from "./wheel.ts";

export interface PackageOptions {
  /** Where the lock is; it must exist. */
  readonly rulesFolder: string;
  readonly index: IndexAddress;
  readonly clock: Clock;
  /** Waits between tries; default: a timer. */
  readonly wait?: HttpOptions["wait"] | undefined;
  readonly onProgress?: FetchProgress | undefined;
}

export interface PackageChange {
  /** What the lock has now. */
  readonly lock: Lock;
  /** What it had before. */
  readonly before: readonly LockedPackage[];
  /** File names of wheels that were fetched. */
  readonly fetched: readonly string[];
  readonly warnings: readonly string[];
}

const emptyLock: Lock = { requested: [], packages: [] };

/**
 * Resolves what is asked for together with what was before, fetches the wheels and writes the lock. Versions of the lock
 * stay where they fit, except those of packages that are named. Nothing is changed when it throws.
 */
export async function addPackages(
  asked: readonly Requirement[],
  options: PackageOptions,
): Promise<PackageChange> {
  const { rulesFolder } = options;
  const before = readLock(rulesFolder) ?? emptyLock;
  const names = new Set(asked.map(({ name }) => name));
  const requested = [...before.requested.filter(({ name }) => !names.has(name)), ...asked];
  const preferred = new Map(
    before.packages.filter(({ name }) => !names.has(name)).map(({ name, version }) => [name, version]),
  );
  const { http, wheels } = open(options);
  const index = new PackageIndex({ url: options.index.url, http, wheels });
  const { packages, warnings } = await resolvePackages(requested, { index, preferred });
  const locked = new Map(before.packages.map((each) => [each.file, each]));
  const fetched: string[] = [];
  const result: LockedPackage[] = [];
  for (const each of packages) result.push(await fetchResolved(each, { wheels, locked, fetched }));
  const lock = { requested, packages: result };
  writeLock(rulesFolder, lock);
  await pruneWheels(wheels, lock);
  return { lock, before: before.packages, fetched, warnings };
}

/**
 * Brings the wheels to what the lock says; fetches only what is not there. Throws `PACKAGE_CHANGED` when a fetched file is
 * not the one that was locked.
 */
export async function syncPackages(options: PackageOptions): Promise<PackageChange> {
  const lock = requireLock(options.rulesFolder);
  const { wheels } = open(options);
  const fetched: string[] = [];
  for (const { file, url, sha256 } of lock.packages) {
    const stored = await wheels.store({ file, url, digest: { algorithm: "sha256", hex: sha256 } });
    if (stored.fetched) fetched.push(file);
  }
  await pruneWheels(wheels, lock);
  return { lock, before: lock.packages, fetched, warnings: [] };
}

/** Takes back what was asked for, and what nothing else asks for. Needs no index. Throws `PACKAGE_NOT_FOUND`. */
export async function removePackages(
  names: readonly string[],
  options: Pick<PackageOptions, "rulesFolder" | "clock">,
): Promise<PackageChange> {
  const before = requireLock(options.rulesFolder);
  const unknown = names.find((name) => before.requested.every((each) => each.name !== name));
  if (unknown !== undefined) throw notRequested(unknown, before);
  const requested = before.requested.filter(({ name }) => !names.includes(name));
  const needed = reachable(requested, before.packages);
  const lock = { requested, packages: before.packages.filter(({ name }) => needed.has(name)) };
  writeLock(options.rulesFolder, lock);
  await pruneWheels(open({ ...options, index: { url: "", credentials: undefined } }).wheels, lock);
  return { lock, before: before.packages, fetched: [], warnings: [] };
}

function open(options: PackageOptions): { readonly http: HttpClient; readonly wheels: WheelFolder } {
  const { clock, wait, rulesFolder, onProgress } = options;
  const { credentials } = options.index;
  const http = new HttpClient({ clock, credentials, ...(wait === undefined ? {} : { wait }) });
  return { http, wheels: new WheelFolder({ rulesFolder, http, onProgress }) };
}

interface FetchParts {
  readonly wheels: WheelFolder;
  /** By file name. */
  readonly locked: ReadonlyMap<string, LockedPackage>;
  /** Gets the names of the files that were fetched. */
  readonly fetched: string[];
}

async function fetchResolved(
  { name, version, wheel, requires }: ResolvedPackage,
  { wheels, locked, fetched }: FetchParts,
): Promise<LockedPackage> {
  const { file, url } = wheel;
  const stored = await wheels.store(wheel);
  const known = locked.get(file);
  if (known !== undefined && known.sha256 !== stored.sha256) {
    throw new StakeoutError(
      "PACKAGE_CHANGED",
      `${file} in the index is not the file that was locked: its sha256 is ${stored.sha256}, the lock has ${known.sha256}. ` +
        "The lock was not changed. Find out who changed it, or name another version.",
      { fields: { file, expected: known.sha256, actual: stored.sha256 } },
    );
  }
  // A wheel that cannot be unpacked shall be met here and not by a rule.
  readWheel(await wheels.read(file));
  if (stored.fetched) fetched.push(file);
  return {
    name,
    version,
    file,
    url: withoutCredentials(url),
    sha256: stored.sha256,
    size: stored.size,
    requires,
  };
}

function requireLock(rulesFolder: string): Lock {
  const lock = readLock(rulesFolder);
  if (lock !== undefined) return lock;
  throw new StakeoutError(
    "USAGE",
    `There is no ${lockPath(rulesFolder)}. Name the folder with --rules, or make it with: stakeout python add NAME`,
  );
}

function notRequested(name: string, { requested, packages }: Lock): StakeoutError {
  const asking = packages.filter(({ requires }) => requires.includes(name)).map((each) => each.name);
  const asked = requested.map((each) => each.name).join(", ") || "nothing";
  const why =
    asking.length === 0
      ? `was not asked for; asked for: ${asked}`
      : `is there because ${asking.join(", ")} needs it`;
  return new StakeoutError("PACKAGE_NOT_FOUND", `${name} ${why}.`, { fields: { name } });
}

/** The names of what is asked for and of all that this needs. */
function reachable(
  requested: readonly Requirement[],
  packages: readonly LockedPackage[],
): ReadonlySet<string> {
  const requires = new Map(packages.map((each) => [each.name, each.requires]));
  const names = new Set(requested.map(({ name }) => name));
  // A set that grows while it is walked hands out the new names too.
  for (const name of names) for (const next of requires.get(name) ?? []) names.add(next);
  return names;
}

async function pruneWheels(wheels: WheelFolder, { packages }: Lock): Promise<void> {
  await wheels.prune(new Set(packages.map(({ file }) => file)));
}

function writeLock(rulesFolder: string, lock: Lock): void {
  const path = lockPath(rulesFolder);
  const unfinished = `${path}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, renderLock(lock), { flush: true });
    renameSync(unfinished, path);
  } catch (error) {
    throw new StakeoutError("OUTPUT_UNWRITABLE", `Cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
      fields: { file: path },
    });
  } finally {
    rmSync(unfinished, { force: true });
  }
}
