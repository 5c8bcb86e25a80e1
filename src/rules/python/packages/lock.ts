import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { describeValue } from "../../describe-value.ts";
import { messageOf, StakeoutError } from "../../../core/errors.ts";
import { packageLimits } from "./limits.ts";
import { normalizeName, parseWheelName } from "./names.ts";
import { parseRequirement, renderRequirement, type Requirement } from "./requirement.ts";

export const lockName = "stakeout-python.lock";

/** One package as it was resolved. */
export interface LockedPackage {
  /** Normalized. */
  readonly name: string;
  readonly version: string;
  /** File name of the wheel. */
  readonly file: string;
  /** Where it came from, without name and password. */
  readonly url: string;
  readonly sha256: string;
  /** Bytes of the wheel. */
  readonly size: number;
  /** Names of the packages it asks for here, sorted. */
  readonly requires: readonly string[];
}

export interface Lock {
  /** What was asked for, sorted by name, a name once. */
  readonly requested: readonly Requirement[];
  /** Everything that this needs, sorted by name. */
  readonly packages: readonly LockedPackage[];
}

const schemaVersion = 1;

export function lockPath(rulesFolder: string): string {
  return join(rulesFolder, lockName);
}

/** `undefined` when the folder has no lock. Throws `PACKAGE_LOCK_INVALID`. */
export function readLock(rulesFolder: string): Lock | undefined {
  const path = lockPath(rulesFolder);
  if (!existsSync(path)) return undefined;
  let content: unknown;
  try {
    if (statSync(path).size > packageLimits.lockBytesMax) throw new Error("it is too large");
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
  return parseLock(content, path);
}

/** The text of a lock: sorted, and a package a line, so that a change to it can be read. */
export function renderLock({ requested, packages }: Lock): string {
  const texts = requested.map(renderRequirement).sort();
  const sorted = [...packages].sort((left, right) => (left.name < right.name ? -1 : 1));
  return `{
  "schemaVersion": ${schemaVersion},
  "requested": ${list(texts.map((text) => JSON.stringify(text)))},
  "packages": ${list(sorted.map(renderPackage))}
}
`;
}

function renderPackage({ name, version, file, url, sha256, size, requires }: LockedPackage): string {
  return JSON.stringify({ name, version, file, url, sha256, size, requires });
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? "[]" : `[\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ]`;
}

function parseLock(content: unknown, path: string): Lock {
  if (!isObject(content)) throw invalid(path, "it is not a JSON object");
  const version = content["schemaVersion"];
  if (typeof version === "number" && version > schemaVersion) {
    throw invalid(path, "a newer Stakeout wrote it; use that version or a later one");
  }
  const { requested, packages } = content;
  if (version !== schemaVersion || !isList(requested) || !isList(packages)) {
    throw invalid(path, 'it needs "schemaVersion": 1, "requested" and "packages"');
  }
  const lock = {
    requested: requested.map((text) => parseRequested(text, path)),
    packages: packages.map((entry) => parsePackage(entry, path)),
  };
  for (const entries of [lock.requested, lock.packages]) {
    const names = entries.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw invalid(path, `it has ${twice} twice`);
  }
  return lock;
}

function parseRequested(text: unknown, path: string): Requirement {
  const requirement = typeof text === "string" ? parseRequirement(text) : undefined;
  if (requirement === undefined) throw invalid(path, `${describeValue(text)} is not a package`);
  return requirement;
}

/** A lock may come from elsewhere, so the file name must not lead out of the folder, nor the address be any scheme. */
function parsePackage(entry: unknown, path: string): LockedPackage {
  if (!isObject(entry)) throw invalid(path, "a package in it is not an object");
  const { name, version, file, url, sha256, size, requires } = entry;
  const wheel = typeof file === "string" ? parseWheelName(file) : undefined;
  const valid =
    typeof name === "string" &&
    typeof version === "string" &&
    typeof file === "string" &&
    typeof url === "string" &&
    typeof sha256 === "string" &&
    typeof size === "number" &&
    isList(requires) &&
    requires.every((each) => typeof each === "string") &&
    wheel?.name === name &&
    wheel.version === version &&
    normalizeName(name) === name &&
    /^https?:\/\//.test(url) &&
    URL.canParse(url) &&
    /^[\da-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(size);
  if (!valid) throw invalid(path, `the package ${describeValue(name)} in it is not as it was written`);
  return { name, version, file, url, sha256, size, requires };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function invalid(path: string, why: string): StakeoutError {
  return new StakeoutError(
    "PACKAGE_LOCK_INVALID",
    `${path} cannot be used: ${why}. Restore it from version control, or remove it and add the packages again.`,
    { fields: { file: path } },
  );
}
