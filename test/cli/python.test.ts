import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { startIndex, type OfferedWheel } from "../rules/python/packages/fixtures.ts";
import { cli, tempFolder, type CliOptions, type CliResult } from "./fixtures.ts";

interface Setup {
  readonly rules: string;
  readonly python: (args: readonly string[], options?: CliOptions) => Promise<CliResult>;
}

const pair: readonly OfferedWheel[] = [
  { name: "demo", requires: ["other"] },
  { name: "other", version: "1.2" },
];

async function setup(offered: readonly OfferedWheel[] = pair): Promise<Setup> {
  const rules = join(tempFolder(), "rules");
  mkdirSync(rules);
  const { url } = await startIndex(offered);
  return {
    rules,
    python: ([command = "", ...args], options) => {
      const index = command === "add" || command === "sync" ? ["--index-url", url] : [];
      return cli(["python", command, ...args, "--rules", rules, ...index], options);
    },
  };
}

test("add tells what was added and where", async () => {
  const { python, rules } = await setup();
  expect(await python(["add", "demo"])).toEqual({
    status: 0,
    stdout: `+ demo 1.0\n+ other 1.2\n2 packages in ${join(rules, "stakeout-python.lock")}; 2 fetched.\n`,
    stderr: "",
  });
});

test("add --json is one object", async () => {
  const { python, rules } = await setup();
  const { stdout } = await python(["add", "demo==1.0", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    lock: join(rules, "stakeout-python.lock"),
    packages: [
      { name: "demo", version: "1.0", file: "demo-1.0-py3-none-any.whl" },
      { name: "other", version: "1.2", file: "other-1.2-py3-none-any.whl" },
    ],
    added: [
      { name: "demo", version: "1.0" },
      { name: "other", version: "1.2" },
    ],
    changed: [],
    removed: [],
    fetched: ["demo-1.0-py3-none-any.whl", "other-1.2-py3-none-any.whl"],
    warnings: [],
  });
});

test("a change of version is told, and a warning", async () => {
  const { python } = await setup([{ version: "1.0" }, { version: "2.0" }]);
  await python(["add", "demo==1.0"]);
  const { stdout, stderr } = await python(["add", "demo[extra]"]);
  expect(stdout).toMatch(/^~ demo 1\.0 -> 2\.0\n/);
  expect(stderr).toBe('Warning: demo has no extra "extra".\n');
});

test("on a terminal a line says what is being fetched, and is gone at the end", async () => {
  const { python } = await setup();
  const { stderr } = await python(["add", "demo"], { terminal: true });
  expect(stderr).toContain("demo-1.0-py3-none-any.whl");
  expect(stderr.endsWith("\r\u001B[K")).toBe(true);
});

test("list shows what is there, and sync brings what is not", async () => {
  const { python, rules } = await setup();
  expect((await python(["list"])).stdout).toBe(`No packages in ${rules}.\n`);
  await python(["add", "demo"]);
  expect(await python(["list"])).toMatchObject({
    status: 0,
    stdout: [
      "package  version  state                     needs",
      "demo     1.0      there                     other",
      "other    1.2      there, needed by another",
      "",
    ].join("\n"),
  });
  rmSync(join(rules, ".stakeout"), { recursive: true });
  const missing = await python(["list", "--json"]);
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain(`stakeout python sync --rules ${rules}`);
  expect(
    missing.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { name: "demo", version: "1.0", requested: true, requires: ["other"], present: false },
    { name: "other", version: "1.2", requested: false, requires: [], present: false },
  ]);
  expect((await python(["sync"])).stdout).toMatch(/; 2 fetched\.\n$/);
  expect((await python(["list"])).status).toBe(0);
});

test("remove tells what went", async () => {
  const { python } = await setup();
  await python(["add", "demo"]);
  const { status, stdout } = await python(["remove", "Demo"]);
  expect({ status, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^- demo 1\.0\n- other 1\.2\n0 /),
  });
});

describe("bad input", () => {
  test.each([
    [["add"], 2, /missing required argument/],
    [["add", "de mo"], 2, /"de mo" is not a package/],
    [["add", "demo; python_version > '3'"], 2, /is not a package/],
    [["add", "demo", "Demo==1"], 2, /demo is named twice/],
    [["add", "unknown"], 1, /unknown is not in the index/],
    [["sync"], 2, /There is no .*stakeout-python\.lock/],
    [["remove", "demo"], 2, /There is no .*stakeout-python\.lock/],
  ])("%j", async (args, status, message) => {
    const { python } = await setup();
    expect(await python(args)).toMatchObject({ status, stdout: "", stderr: expect.stringMatching(message) });
  });

  test.each(["add demo", "sync", "list", "remove demo"])(
    "%s in a folder that does not exist",
    async (command) => {
      const missing = join(tempFolder(), "missing");
      const { status, stderr } = await cli(["python", ...command.split(" "), "--rules", missing]);
      expect(status).toBe(2);
      expect(stderr).toContain(`There is no folder ${missing}`);
    },
  );

  test("an index that is none", async () => {
    const rules = tempFolder();
    const { status, stderr } = await cli([
      "python",
      "add",
      "demo",
      "--rules",
      rules,
      "--index-url",
      "ftp://x",
    ]);
    expect(status).toBe(2);
    expect(stderr).toContain("http://");
  });
});
