import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { describe, expect, test } from "vitest";

import { cli, tempFolder } from "./fixtures.ts";

test("makes a folder with rules, events, and the settings of an editor", async () => {
  const folder = join(tempFolder(), "detections");
  const { status, stdout } = await cli(["init", folder]);
  expect(status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual([
    ".gitignore",
    "README.md",
    "events",
    "log-types",
    "rules",
    "tsconfig.json",
  ]);
  for (const part of ["rules", "events", "log-types"])
    expect(readdirSync(join(folder, part))).toEqual(readdirSync(join("examples", part)));
  expect(stdout).toContain("run --input events");
});

test("needs neither package.json nor node_modules", async () => {
  const folder = tempFolder();
  await cli(["init", folder]);
  expect(existsSync(join(folder, "package.json"))).toBe(false);
  expect(existsSync(join(folder, "node_modules"))).toBe(false);
});

test("gives the editor the types: the rules check without an error, and a wrong one does not", async () => {
  const folder = tempFolder();
  await cli(["init", folder]);
  expect(typeCheck(folder)).toBe("");
  const wrong = 'import { defineRule } from "stakeout";\nexport default defineRule({ id: 1 });\n';
  writeFileSync(join(folder, "rules", "wrong.ts"), wrong);
  expect(typeCheck(folder)).toContain("rules/wrong.ts");
});

test.each([
  ["log-types/*.yaml", "log-type.schema.json"],
  ["rules/*.test.yaml", "rule-test.schema.json"],
])("tells the editor the schema of %s", async (pattern, schema) => {
  const folder = join(tempFolder(), "a folder");
  await cli(["init", folder]);
  const files = globSync(pattern, { cwd: folder });
  expect(files).not.toEqual([]);
  for (const file of files) {
    const [line = ""] = readFileSync(join(folder, file), "utf8").split("\n");
    expect(line).toBe(`# yaml-language-server: $schema=${pathToFileURL(resolve("schemas", schema)).href}`);
    expect(existsSync(resolve("schemas", schema))).toBe(true);
  }
});

test("the log type that it makes is one that runs take", async () => {
  const folder = tempFolder();
  await cli(["init", folder]);
  const check = ["check", "--rules", join(folder, "rules"), "--log-types-dir", join(folder, "log-types")];
  expect(await cli(check)).toMatchObject({ status: 0, stderr: "" });
});

describe("files that are in the way", () => {
  test("are named, and nothing is written", async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "README.md"), "mine");
    const { status, stderr } = await cli(["init", folder]);
    expect(status).toBe(1);
    expect(stderr).toContain("already has README.md");
    expect(readdirSync(folder)).toEqual(["README.md"]);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe("mine");
  });

  test("are overwritten with --force", async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "README.md"), "mine");
    const { status } = await cli(["init", folder, "--force"]);
    expect(status).toBe(0);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("# Detections");
  });

  test("other files stay", async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "rules"));
    writeFileSync(join(folder, "rules", "mine.ts"), "// mine");
    expect((await cli(["init", folder])).status).toBe(0);
    expect(readFileSync(join(folder, "rules", "mine.ts"), "utf8")).toBe("// mine");
  });
});

test("a folder that cannot be made is an error that names it", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "file"), "");
  const { status, stderr } = await cli(["init", join(folder, "file", "below")]);
  expect(status).toBe(1);
  expect(stderr).toContain(join(folder, "file", "below"));
});

/** What `tsc` says about a folder; empty when it finds nothing. */
function typeCheck(folder: string): string {
  try {
    const tsc = resolve("node_modules/typescript/bin/tsc");
    return execFileSync(process.execPath, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
