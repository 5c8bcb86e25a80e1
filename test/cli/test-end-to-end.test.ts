import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { tempFolder } from "./fixtures.ts";

const launcher = resolve("bin/stakeout");

function folderWithExamples(): string {
  const folder = tempFolder();
  cpSync("examples/rules", join(folder, "rules"), { recursive: true });
  return folder;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command in a folder; the test runner's own wishes about colour are kept from it. */
function stakeout(cwd: string, args: readonly string[], color: Readonly<Record<string, string>> = {}): Ended {
  const env = { ...process.env, ...color };
  for (const name of ["NO_COLOR", "FORCE_COLOR"]) if (!(name in color)) delete env[name];
  return spawnSync(launcher, args, { cwd, encoding: "utf8", input: "", env });
}

test("the tests of the example rules pass; without a path they are found in ./rules", () => {
  const { status, stdout, stderr } = stakeout(folderWithExamples(), ["test"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/\tTests: [1-9]\d* passed, 0 failed in /);
  expect(stdout).not.toContain("\u001b");
});

test("NO_COLOR and FORCE_COLOR are heeded", () => {
  const cwd = folderWithExamples();
  expect(stakeout(cwd, ["test"], { FORCE_COLOR: "1" }).stdout).toContain("[\u001b[32mPASS\u001b[39m]");
  expect(stakeout(cwd, ["test"], { NO_COLOR: "1" }).stdout).not.toContain("\u001b");
});

describe("a rule that was changed fails its tests, with the line", () => {
  test.each([
    ["DENIALS = 10", "DENIALS = 11", "count < DENIALS"],
    ["count === 1", "count !== 1", "count !== 1"],
    ["!DENIED_CODES.has", "DENIED_CODES.has", "DENIED_CODES.has(event.errorCode)"],
  ])("%s to %s", (from, to, shown) => {
    const folder = folderWithExamples();
    const file = join(folder, "rules", "access_denied_burst.ts");
    const before = readFileSync(file, "utf8");
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    writeFileSync(file, after);
    const line = after.split("\n").findIndex((text) => text.includes(shown)) + 1;
    const { status, stdout } = stakeout(folder, ["test"]);
    expect(status).toBe(1);
    expect(stdout).toContain("[FAIL]");
    const explanations = stdout.split("Why:").slice(1).join("").split("\n");
    const shownLines = explanations
      .filter((text) => text.includes(shown))
      .map((text) => Number.parseInt(text, 10));
    expect(shownLines).toContain(line);
  });
});

test("--watch runs again what a change concerns, and ends at Ctrl-C with the last status", async () => {
  const folder = folderWithExamples();
  const child = spawn(launcher, ["test", "--watch"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const reports = reportsOf(child);
  expect((await reports.next()).value).toContain("0 failed");
  const file = join(folder, "rules", "access_denied_burst.ts");
  writeFileSync(file, readFileSync(file, "utf8").replace("DENIALS = 10", "DENIALS = 11"));
  const { value: changed } = await reports.next();
  expect(changed).toContain("Failed Tests Summary");
  expect(changed).not.toContain("AssumedRole");
  child.kill("SIGINT");
  await once(child, "close");
  expect(child.exitCode).toBe(1);
});

/** What is printed up to each point where the command waits. */
async function* reportsOf({ stdout, stderr }: ChildProcess): AsyncGenerator<string> {
  let report = "";
  stdout?.on("data", (chunk: Buffer) => (report += String(chunk)));
  if (stderr === null) return;
  for await (const chunk of stderr) {
    if (!String(chunk).includes("Waiting for changes")) continue;
    yield report;
    report = "";
  }
}
