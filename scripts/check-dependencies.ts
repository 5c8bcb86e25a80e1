/**
 * `npm run audit:lock`: what package-lock.json brings in is what it was, comes from the registry, runs nothing when it is
 * installed, may be used, and has no known weakness, as far as the registry can be asked. Prints each fault and ends with 1
 * where there is one.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package as package-lock.json has it; `key` is its folder. */
interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
}

/** What the lock and the installed packages are held against. */
export interface DependencyRules {
  /** Packages that may run a script when they are installed, by name, with the reason. */
  readonly installScripts: Readonly<Record<string, string>>;
  /** SPDX identifiers. */
  readonly licences: ReadonlySet<string>;
  /** Where packages come from. */
  readonly registry: string;
}

export const dependencyRules: DependencyRules = {
  installScripts: {},
  licences: new Set([
    "MIT",
    "ISC",
    "0BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "BlueOak-1.0.0",
    // Only tools for development have it, unchanged and not passed on.
    "MPL-2.0",
  ]),
  registry: "https://registry.npmjs.org/",
};

/** Scripts that npm runs when it installs a package. */
const installScripts: ReadonlySet<string> = new Set(["preinstall", "install", "postinstall"]);

/** Everything wrong with the lock of a project folder and with the packages installed there, as sentences. */
export function dependencyFaults(
  folder: string,
  rules: DependencyRules = dependencyRules,
): readonly string[] {
  const lock = readJson(join(folder, "package-lock.json"));
  if (lock["lockfileVersion"] !== 3) return ["package-lock.json is not of version 3"];
  const packages = Object.entries(lock["packages"] as Readonly<Record<string, LockedPackage>>);
  return packages
    .filter(([key]) => key !== "")
    .flatMap(([key, locked]) => faultsOf(folder, key, { locked, rules }).map((fault) => `${key}: ${fault}`));
}

function faultsOf(
  folder: string,
  key: string,
  { locked, rules }: { readonly locked: LockedPackage; readonly rules: DependencyRules },
): readonly string[] {
  const { integrity = "", resolved, link, hasInstallScript, license } = locked;
  const faults: string[] = [];
  const name = key.slice(key.lastIndexOf("node_modules/") + "node_modules/".length);
  if (link === true) return ["it is a link to a folder"];
  if (!/^sha512-[\w+/]{86}==$/.test(integrity)) faults.push("it has no sha512 in the lock");
  if (resolved !== undefined && !resolved.startsWith(rules.registry))
    faults.push(`it comes from ${resolved}`);
  const installed = installedPackage(join(folder, key));
  const scripts = Object.keys(installed?.scripts ?? {}).filter((script) => installScripts.has(script));
  if ((hasInstallScript === true || scripts.length > 0) && !Object.hasOwn(rules.installScripts, name))
    faults.push("it runs a script when it is installed");
  // What is meant for other platforms is in the lock only.
  const licence = installed === undefined ? license : installed.license;
  if (!isAllowed(licence, rules)) faults.push(`its licence is ${licence ?? "not said"}`);
  if (installed !== undefined && installed.version !== locked.version)
    faults.push(`${installed.version} is installed, ${locked.version} is locked`);
  return faults;
}

/** One licence, or a choice of which one is enough. */
function isAllowed(licence: string | undefined, { licences }: DependencyRules): boolean {
  const choices = (licence ?? "").replaceAll(/[()]/g, "").split(" OR ");
  return choices.some((choice) => choice.split(" AND ").every((each) => licences.has(each)));
}

interface InstalledPackage {
  readonly version: string;
  readonly license: string | undefined;
  readonly scripts: Readonly<Record<string, string>> | undefined;
}

function installedPackage(folder: string): InstalledPackage | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  const { version, license, scripts } = readJson(file);
  return {
    version: String(version),
    license: typeof license === "string" ? license : undefined,
    scripts: scripts as InstalledPackage["scripts"],
  };
}

function readJson(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** What `npm audit --json` says: known weaknesses, or that nobody could be asked, which is no fault of the project's. */
export function auditOutcome(output: string): { readonly faults: readonly string[]; readonly note?: string } {
  let report: { readonly message?: string; readonly vulnerabilities?: Readonly<Record<string, Weakness>> };
  try {
    report = JSON.parse(output);
  } catch {
    report = { message: "npm audit gave no answer" };
  }
  const { vulnerabilities, message = "npm audit gave no answer" } = report;
  if (vulnerabilities === undefined) {
    return {
      faults: [],
      note: `Known weaknesses were NOT looked up: ${message}. Run it where the registry answers.`,
    };
  }
  return {
    faults: Object.entries(vulnerabilities).map(
      ([name, { severity }]) => `${name}: known weakness (${severity})`,
    ),
  };
}

interface Weakness {
  readonly severity: string;
}

function main(folder: string): void {
  const command = ["audit", "--omit=dev", "--json"];
  const { stdout } = spawnSync("npm", command, { cwd: folder, encoding: "utf8", timeout: 60_000 });
  const { faults, note } = auditOutcome(stdout);
  if (note !== undefined) process.stderr.write(`${note}\n`);
  const all = [...dependencyFaults(folder), ...faults];
  for (const fault of all) process.stderr.write(`${fault}\n`);
  process.exitCode = all.length === 0 ? 0 : 1;
}

if (import.meta.main) main(join(import.meta.dirname, ".."));
