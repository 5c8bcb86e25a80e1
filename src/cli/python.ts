import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";

import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import {
  addPackages,
  removePackages,
  syncPackages,
  type PackageChange,
  type PackageOptions,
} from "../rules/python/packages/change.ts";
import { findIndexAddress } from "../rules/python/packages/index-address.ts";
import { installedPackages } from "../rules/python/packages/installed.ts";
import { lockPath, readLock, type LockedPackage } from "../rules/python/packages/lock.ts";
import { normalizeName } from "../rules/python/packages/names.ts";
import { parseRequirement, type Requirement } from "../rules/python/packages/requirement.ts";
import { writeText, type CommandIo } from "./io.ts";
import { createFetchLine } from "./python-progress.ts";
import { renderTable } from "./table.ts";

export interface PythonListOptions {
  readonly rules: string;
  readonly json: boolean;
}

export interface PythonSyncOptions extends PythonListOptions {
  readonly indexUrl?: string;
}

export interface PythonAddOptions extends PythonSyncOptions {
  readonly packages: readonly string[];
}

/** Adds packages to the lock. Exit status 0; everything else is thrown. */
export async function addPythonCommand(options: PythonAddOptions, io: CommandIo): Promise<number> {
  const asked = options.packages.map(readAsked);
  const twice = asked.find(({ name }, index) => asked.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined) throw new StakeoutError("USAGE", `${twice.name} is named twice.`);
  const change = await withProgress(options, io, (parts) => addPackages(asked, parts));
  return report(change, options, io);
}

/** Restores what the lock says. */
export async function syncPythonCommand(options: PythonSyncOptions, io: CommandIo): Promise<number> {
  const change = await withProgress(options, io, syncPackages);
  return report(change, options, io);
}

/** Removes packages from the lock. */
export async function removePythonCommand(
  options: PythonListOptions & { readonly names: readonly string[] },
  io: CommandIo,
): Promise<number> {
  checkFolder(options.rules);
  const names = options.names.map(normalizeName);
  const change = await removePackages(names, { rulesFolder: options.rules, clock: io.clock });
  return report(change, options, io);
}

/** Shows what the lock has. Exit status: 0, or 1 when a wheel is missing or changed. */
export async function listPythonCommand(options: PythonListOptions, io: CommandIo): Promise<number> {
  const { rules, json } = options;
  checkFolder(rules);
  const lock = readLock(rules) ?? { requested: [], packages: [] };
  const { wheels } = lock.packages.length === 0 ? { wheels: [] } : installedPackages([rules]);
  const there = new Set(wheels.map(({ name }) => name));
  const rows = lock.packages.map((each) => ({
    name: each.name,
    version: each.version,
    requested: lock.requested.some(({ name }) => name === each.name),
    requires: each.requires,
    present: there.has(each.name),
  }));
  if (json) await writeText(io.stdout, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else if (rows.length === 0) await writeText(io.stdout, `No packages in ${rules}.\n`);
  else {
    const columns = [{ name: "package" }, { name: "version" }, { name: "state" }, { name: "needs" }];
    const cells = rows.map((row) => [
      row.name,
      row.version,
      `${row.present ? "there" : "missing"}${row.requested ? "" : ", needed by another"}`,
      row.requires.join(" "),
    ]);
    await writeText(io.stdout, renderTable(columns, cells, io.stdout));
  }
  if (rows.every(({ present }) => present)) return 0;
  io.stderr.write(`Packages are missing; run: stakeout python sync --rules ${printable(rules)}\n`);
  return 1;
}

function readAsked(text: string): Requirement {
  const requirement = parseRequirement(text);
  if (requirement !== undefined && !text.includes(";")) return requirement;
  throw new StakeoutError(
    "USAGE",
    `"${text}" is not a package: write NAME, NAME==VERSION or 'NAME>=1.2,<2'.`,
  );
}

function checkFolder(rules: string): void {
  if (existsSync(rules) && statSync(rules).isDirectory()) return;
  throw new StakeoutError(
    "USAGE",
    `There is no folder ${rules}. Name the folder of your rules with --rules.`,
  );
}

async function withProgress(
  options: PythonSyncOptions,
  io: CommandIo,
  work: (parts: PackageOptions) => Promise<PackageChange>,
): Promise<PackageChange> {
  checkFolder(options.rules);
  const line = options.json ? undefined : createFetchLine(io.stderr);
  try {
    return await work({
      rulesFolder: options.rules,
      index: findIndexAddress({ option: options.indexUrl, env: process.env, home: homedir() }),
      clock: io.clock,
      onProgress: line?.show,
    });
  } finally {
    line?.clear();
  }
}

async function report(change: PackageChange, options: PythonListOptions, io: CommandIo): Promise<number> {
  const { lock, before, fetched, warnings } = change;
  const difference = compareLocks(before, lock.packages);
  if (options.json) {
    const packages = lock.packages.map(({ name, version, file }) => ({ name, version, file }));
    const result = { lock: lockPath(options.rules), packages, ...difference, fetched, warnings };
    await writeText(io.stdout, `${JSON.stringify(result)}\n`);
    return 0;
  }
  for (const warning of warnings) io.stderr.write(`Warning: ${printable(warning)}\n`);
  const lines = [
    ...difference.added.map(({ name, version }) => `+ ${name} ${version}`),
    ...difference.changed.map(({ name, from, to }) => `~ ${name} ${from} -> ${to}`),
    ...difference.removed.map(({ name, version }) => `- ${name} ${version}`),
    `${count(lock.packages.length)} in ${lockPath(options.rules)}; ${fetched.length} fetched.`,
  ];
  await writeText(io.stdout, lines.map((text) => `${printable(text)}\n`).join(""));
  return 0;
}

function count(packages: number): string {
  return `${packages} package${packages === 1 ? "" : "s"}`;
}

interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

interface LockDifference {
  readonly added: readonly NamedVersion[];
  readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly removed: readonly NamedVersion[];
}

function compareLocks(before: readonly LockedPackage[], after: readonly LockedPackage[]): LockDifference {
  const old = new Map(before.map(({ name, version }) => [name, version]));
  const current = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name, version }) => ({ name, version })),
    changed: after.flatMap(({ name, version: to }) => {
      const from = old.get(name);
      return from === undefined || from === to ? [] : [{ name, from, to }];
    }),
    removed: before.filter(({ name }) => !current.has(name)).map(({ name, version }) => ({ name, version })),
  };
}
