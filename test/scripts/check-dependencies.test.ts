import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { auditOutcome, dependencyFaults, dependencyRules } from "../../scripts/check-dependencies.ts";

const integrity = `sha512-${"a".repeat(86)}==`;
const good = { version: "1.0.0", integrity, license: "MIT" };

/** The faults of a project with these packages locked and these installed. */
function faultsOf(
  locked: Readonly<Record<string, object>>,
  installed: Readonly<Record<string, object>> = {},
): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-dependencies-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const packages = { "": { name: "project" }, ...locked };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
  for (const [key, content] of Object.entries(installed)) {
    const file = join(folder, key, "package.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ version: "1.0.0", license: "MIT", ...content }));
  }
  return dependencyFaults(folder, { ...dependencyRules, installScripts: { allowed: "it must" } });
}

test("a package that is locked and installed as it should be has no fault", () => {
  expect(faultsOf({ "node_modules/a": good }, { "node_modules/a": { scripts: { test: "true" } } })).toEqual(
    [],
  );
});

test.each([
  [{ ...good, integrity: undefined }, "it has no sha512 in the lock"],
  [{ ...good, integrity: "sha1-aaaa" }, "it has no sha512 in the lock"],
  [{ ...good, resolved: "git+ssh://git@example.com/a.git" }, "it comes from git+ssh://git@example.com/a.git"],
  [
    { ...good, resolved: "https://registry.npmjs.org.example.com/a" },
    "it comes from https://registry.npmjs.org.example.com/a",
  ],
  [{ ...good, hasInstallScript: true }, "it runs a script when it is installed"],
  [{ ...good, license: "GPL-3.0-only" }, "its licence is GPL-3.0-only"],
  [{ ...good, license: undefined }, "its licence is not said"],
  [{ ...good, license: "MIT AND GPL-3.0-only" }, "its licence is MIT AND GPL-3.0-only"],
  [{ link: true, resolved: "../a" }, "it is a link to a folder"],
])("%j is a fault", (locked, fault) => {
  expect(faultsOf({ "node_modules/a": locked })).toEqual([`node_modules/a: ${fault}`]);
});

test.each([
  [{ scripts: { postinstall: "node steal.js" } }, "it runs a script when it is installed"],
  [{ license: "AGPL-3.0-only" }, "its licence is AGPL-3.0-only"],
  [{ version: "1.0.1" }, "1.0.1 is installed, 1.0.0 is locked"],
])("installed as %j it is a fault", (installed, fault) => {
  expect(faultsOf({ "node_modules/a": good }, { "node_modules/a": installed })).toEqual([
    `node_modules/a: ${fault}`,
  ]);
});

test("a choice of licences and a script that is allowed are no faults", () => {
  const locked = { "node_modules/a": { ...good, license: "(GPL-2.0-only OR MIT)" } };
  const nested = { "node_modules/a/node_modules/allowed": { ...good, hasInstallScript: true } };
  expect(faultsOf({ ...locked, ...nested })).toEqual([]);
});

test("a known weakness is a fault", () => {
  const report = { auditReportVersion: 2, vulnerabilities: { a: { severity: "high" } } };
  expect(auditOutcome(JSON.stringify(report))).toEqual({ faults: ["a: known weakness (high)"] });
  expect(auditOutcome('{"vulnerabilities":{}}')).toEqual({ faults: [] });
});

test.each([
  ['{"message":"405 Method Not Allowed","statusCode":405}', "405"],
  ["", "no answer"],
])("%j of npm audit is a note that nobody could be asked", (output, words) => {
  const { faults, note } = auditOutcome(output);
  expect(faults).toEqual([]);
  expect(note).toContain("NOT looked up");
  expect(note).toContain(words);
});
