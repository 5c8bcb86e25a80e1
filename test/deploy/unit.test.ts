import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { cli } from "../cli/fixtures.ts";
import { repository } from "./image.ts";

const file = join(repository, "deploy/systemd/stakeout.service");
const unit = readFileSync(file, "utf8");

/** All values of a setting. */
function valuesOf(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map((match) => match[1] ?? "");
}

const launcher = "/opt/stakeout/bin/stakeout";

test("starts a command that there is, with options that it has", async () => {
  const [program, command, ...options] = valuesOf("ExecStart")[0]?.split(" ") ?? [];
  expect(program).toBe(launcher);
  const { stdout } = await cli([command ?? "", "--help"]);
  expect(options.filter((option) => option.startsWith("-") && !stdout.includes(`${option},`))).toEqual([]);
});

test("stops later than the service itself gives up", () => {
  // The drain of ten seconds that is the default, and five seconds.
  expect(Number.parseInt(valuesOf("TimeoutStopSec")[0] ?? "", 10)).toBeGreaterThan(15);
});

test("does not keep V8 from compiling", () => {
  expect(valuesOf("MemoryDenyWriteExecute")).toEqual([]);
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) process.stderr.write("deploy: what systemd says of the unit is SKIPPED: it is not here\n");

describe.skipIf(!hasSystemd)("systemd", () => {
  test("finds nothing wrong with the unit", () => {
    const folder = mkdtempSync(join(tmpdir(), "stakeout-unit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const copy = join(folder, "stakeout.service");
    writeFileSync(copy, unit.replaceAll(launcher, join(repository, "bin/stakeout")));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", copy], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("finds little that the service could do to the machine", () => {
    const args = ["security", "--offline=true", "--threshold=20", "--no-pager", file];
    const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    const exposure = /Overall exposure level for stakeout\.service: (\d+\.\d)/.exec(stdout)?.[1];
    expect({ status, exposed: Number(exposure) > 2 }).toEqual({ status: 0, exposed: false });
  });
});
