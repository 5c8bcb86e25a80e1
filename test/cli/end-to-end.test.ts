import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { expect, test } from "vitest";

import { tempFolder } from "./fixtures.ts";

const launcher = resolve("bin/stakeout");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command in a folder of its own. */
function stakeout(args: readonly string[], { cwd = tempFolder(), env = {} } = {}): Ended {
  const { status, stdout, stderr } = spawnSync(launcher, args, {
    cwd,
    encoding: "utf8",
    input: "",
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    timeout: 50_000,
  });
  return { status, stdout, stderr };
}

test("--help", () => {
  const { status, stdout, stderr } = stakeout(["--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("Usage: stakeout");
});

test("an unknown command, with a suggestion", () => {
  const { status, stderr } = stakeout(["alert", "list"]);
  expect(status).toBe(2);
  expect(stderr).toContain("Did you mean alerts?");
});

test("a bad option", () => {
  expect(stakeout(["run", "--fast"]).status).toBe(2);
});

test("works where no folder for compiled code can be made", () => {
  const { status, stderr } = stakeout(["--version"], { env: { HOME: "/proc/nowhere", XDG_CACHE_HOME: "" } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("FORCE_COLOR colours where there is no terminal", () => {
  expect(stakeout(["rnu"]).stderr).not.toContain("\u001b[");
  expect(stakeout(["rnu"], { env: { FORCE_COLOR: "1" } }).stderr).toContain("\u001b[31m");
});

test("what init makes can be checked, run, and looked at", () => {
  const cwd = tempFolder();
  expect(stakeout(["init"], { cwd }).status).toBe(0);
  expect(stakeout(["check"], { cwd })).toMatchObject({ status: 0, stderr: "" });
  const run = stakeout(["run", "--input", "events", "--json", "--alerts", "alerts.jsonl"], { cwd });
  expect(run.status).toBe(0);
  const { events, alerts } = JSON.parse(run.stderr.trimEnd().split("\n").at(-1) ?? "") as Record<
    string,
    number
  >;
  expect({ events, alerts }).toEqual({ events: 2041, alerts: 4 });
  expect(readFileSync(join(cwd, "alerts.jsonl"), "utf8").match(/"status":"open"/g)).toHaveLength(4);
  expect(stakeout(["alerts", "list"], { cwd }).stdout.trimEnd().split("\n")).toHaveLength(5);
  expect(stakeout(["state", "list"], { cwd }).stdout).toContain("AWS.CloudTrail.AccessDeniedBurst:");
});

test("a reader that closes its end of the pipe early is no error", async () => {
  const cwd = tempFolder();
  stakeout(["state", "set", "k", "--string", "m".repeat(60_000), "--state", "s.db"], { cwd });
  const child = spawn(launcher, ["state", "export", "--state", "s.db"], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  const ended = new Promise((done) => {
    child.on("close", done);
  });
  expect(await text(child.stderr)).toBe("");
  expect(await ended).toBe(0);
});
