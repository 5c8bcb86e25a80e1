import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { checkNode, createProgram } from "../../src/cli/program.ts";
import { StakeoutError } from "../../src/core/errors.ts";
import { cli } from "./fixtures.ts";

describe("help", () => {
  test("names every command and exits with 0", async () => {
    const { status, stdout, stderr } = await cli(["--help"]);
    expect(status).toBe(0);
    expect(stderr).toBe("");
    for (const name of ["run", "check", "init", "alerts", "errors", "state", "completion"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    }
  });

  test.each([
    "run",
    "check",
    "init",
    "alerts list",
    "alerts show",
    "errors list",
    "errors show",
    "state list",
    "state get",
    "state set",
    "state delete",
    "state export",
    "state import",
    "completion",
  ])("of %s has an example of it", async (command) => {
    const { status, stdout } = await cli([...command.split(" "), "--help"]);
    expect(status).toBe(0);
    expect(stdout.split("Examples:")[1]).toContain(`stakeout ${command}`);
  });

  test("does not show that a switch is off by default", async () => {
    const { stdout } = await cli(["run", "--help"]);
    expect(stdout).not.toContain("default: false");
    expect(stdout).toContain("./stakeout.db");
  });
});

test("--version prints the version of the package", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const { status, stdout } = await cli(["--version"]);
  expect(status).toBe(0);
  expect(stdout).toBe(`${version}\n`);
});

describe("usage errors exit with 2", () => {
  test("an unknown command, with a suggestion", async () => {
    const { status, stderr, stdout } = await cli(["rnu"]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^stakeout: unknown command 'rnu'/);
    expect(stderr).toContain("Did you mean run?");
  });

  test("an unknown option", async () => {
    const { status, stderr } = await cli(["check", "--bogus"]);
    expect(status).toBe(2);
    expect(stderr).toContain("unknown option '--bogus'");
  });

  test("no command at all, with the help", async () => {
    const { status, stderr } = await cli([]);
    expect(status).toBe(2);
    expect(stderr).toContain("Usage: stakeout");
  });

  test("a group without its command", async () => {
    const { status, stderr } = await cli(["state"]);
    expect(status).toBe(2);
    expect(stderr).toContain("Usage: stakeout state");
  });

  test("a missing argument", async () => {
    const { status, stderr } = await cli(["alerts", "show"]);
    expect(status).toBe(2);
    expect(stderr).toContain("missing required argument 'id'");
  });

  test("an argument too many", async () => {
    const { status } = await cli(["run", "events"]);
    expect(status).toBe(2);
  });

  test.each(["0", "-1", "1.5", "x", "9007199254740993"])("--limit %s", async (limit) => {
    const { status, stderr } = await cli(["alerts", "list", "--limit", limit]);
    expect(status).toBe(2);
    expect(stderr).toContain("whole number of at least 1");
  });

  test.each([
    ["alerts", "list", "--status", "new"],
    ["alerts", "list", "--severity", "HIGH"],
    ["run", "--format", "csv"],
    ["completion", "tcsh"],
  ])("%s %s %s outside its choices", async (...args) => {
    const { status, stderr } = await cli(args.filter((arg) => arg !== undefined));
    expect(status).toBe(2);
    expect(stderr).toContain("Allowed choices are");
  });
});

describe("what run gets", () => {
  test("repeated and listed paths add up", () => {
    const options = parseRun("--rules", "a", "b", "--rules", "c", "--input", "-");
    expect(options).toMatchObject({ rules: ["a", "b", "c"], input: ["-"] });
  });

  test("defaults", () => {
    expect(parseRun()).toEqual({
      rules: ["./rules"],
      input: [],
      logTypesDir: [],
      format: "auto",
      state: "./stakeout.db",
      json: false,
      strict: false,
      quiet: false,
      ruleBudget: 15_000,
    });
  });
});

describe("the Node that runs it", () => {
  test("is new enough from 24 on", () => {
    expect(() => checkNode("24.0.0")).not.toThrow();
  });

  test("is named when it is too old", () => {
    expect(() => checkNode("22.9.1")).toThrow(StakeoutError);
    expect(() => checkNode("22.9.1")).toThrow("22.9.1");
  });
});

function unused(): never {
  throw new Error("nothing runs");
}

/** The options of a `run` that is parsed but not started. */
function parseRun(...args: readonly string[]): Record<string, unknown> {
  const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  const program = createProgram({
    io: { ...io, clock: { nowMs: unused, monotonicMs: unused } },
    finish: unused,
  });
  const run = program.commands.find((command) => command.name() === "run");
  run?.parseOptions([...args]);
  return run?.opts() ?? {};
}
