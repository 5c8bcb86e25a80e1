import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, onTestFinished, test } from "vitest";

import { generatePlan } from "../../sim/generate.ts";

const main = fileURLToPath(new URL("../../sim/main.ts", import.meta.url));

function run(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const flags = ["--disable-warning=ExperimentalWarning", main, ...args];
  return spawnSync(process.execPath, flags, { encoding: "utf8" });
}

function planFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-plan-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "plan.json"), text);
  return join(folder, "plan.json");
}

describe("npm run sim", () => {
  test("runs seeds and says how many there were, and what it did to them", () => {
    const { status, stdout } = run("--seed", "5", "--seeds", "2", "--steps", "50");
    expect(stdout).toMatch(/^2 seeds in .*\nsteps \d+, .*\nfaults: kill \d+, power/);
    expect(status).toBe(0);
  });

  test("runs a plan from a file", () => {
    const { status, stdout } = run("--plan", planFile(JSON.stringify(generatePlan(3, 50))));
    expect(stdout).toBe("no failure\n");
    expect(status).toBe(0);
  });

  test.each([
    [["--seed", "x"], "--seed must be a whole number"],
    [["--seeds", "0"], "--seeds must be a whole number from 1 on"],
    [["--steps", "1.5"], "--steps must be a whole number"],
    [["--seed", ""], "--seed must be a whole number"],
    [["--speed", "1"], "--speed"],
    [["--plan", "/nowhere/plan.json"], "no such file"],
  ])("refuses %j", (args, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("usage: npm run sim");
    expect(status).toBe(2);
  });

  test("refuses a plan that is none", () => {
    const { status, stderr } = run("--plan", planFile("{"));
    expect(stderr).toContain("JSON");
    expect(status).toBe(2);
  });
});
