import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { installedPackages } from "../../../../src/rules/python/packages/installed.ts";
import { lockPath, renderLock } from "../../../../src/rules/python/packages/lock.ts";
import { wheelPath } from "../../../../src/rules/python/packages/wheel-folder.ts";
import { makeWheel, requirement, sha256, tempFolder, type WheelParts } from "./fixtures.ts";

/** A folder with wheels that are locked and there. */
function install(folder: string, wheels: readonly WheelParts[]): void {
  mkdirSync(wheelPath(folder, ""), { recursive: true });
  const packages = wheels.map((parts) => {
    const { file, bytes } = makeWheel(parts);
    const { name = "demo", version = "1.0" } = parts;
    writeFileSync(wheelPath(folder, file), bytes);
    const url = `https://packages.test/${file}`;
    return { name, version, file, url, sha256: sha256(bytes), size: bytes.length, requires: [] };
  });
  const requested = packages.map(({ name }) => requirement(name));
  writeFileSync(lockPath(folder), renderLock({ requested, packages }));
}

function makeFolder(...parts: readonly string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

test("the wheels of a folder, sorted by name", () => {
  const folder = tempFolder();
  install(folder, [{ name: "zulu" }, { name: "alpha", version: "2.0" }]);
  const { wheels, problems } = installedPackages([folder]);
  expect(problems).toEqual([]);
  expect(wheels).toEqual([
    {
      name: "alpha",
      version: "2.0",
      file: wheelPath(folder, "alpha-2.0-py3-none-any.whl"),
      sha256: sha256(makeWheel({ name: "alpha", version: "2.0" }).bytes),
    },
    expect.objectContaining({ name: "zulu" }),
  ]);
});

test("a file or folder below takes the nearest lock above, once", () => {
  const folder = tempFolder();
  install(folder, [{}]);
  const inner = makeFolder(folder, "rules", "aws");
  const file = join(inner, "rule.py");
  writeFileSync(file, "");
  expect(installedPackages([file, inner, folder]).wheels).toHaveLength(1);
});

test("a lock further down stands for its folder", () => {
  const folder = tempFolder();
  install(folder, [{ name: "outer" }]);
  const inner = makeFolder(folder, "inner");
  install(inner, [{ name: "inner" }]);
  expect(installedPackages([inner]).wheels.map(({ name }) => name)).toEqual(["inner"]);
});

test("folders without a lock, or that do not exist, have no packages", () => {
  const folder = tempFolder();
  expect(installedPackages([folder, join(folder, "missing", "rule.py")])).toEqual({
    wheels: [],
    problems: [],
  });
});

test("a wheel that is missing is a problem that says what to run", () => {
  const folder = tempFolder();
  install(folder, [{}]);
  writeFileSync(lockPath(folder), renderedFor(folder, "absent"));
  const { wheels, problems } = installedPackages([folder]);
  expect(wheels).toEqual([]);
  expect(problems).toEqual([
    {
      file: lockPath(folder),
      line: 0,
      message: expect.stringMatching(
        /^absent-1\.0.* is missing; run: stakeout python sync --rules .*stakeout-packages-/,
      ),
    },
  ]);
});

function renderedFor(folder: string, name: string): string {
  const { file } = makeWheel({ name });
  const entry = { name, version: "1.0", file, url: `https://packages.test/${file}` };
  return renderLock({
    requested: [],
    packages: [{ ...entry, sha256: sha256(dirname(folder)), size: 1, requires: [] }],
  });
}

test("a wheel that was changed is a problem, and is not handed out", () => {
  const folder = tempFolder();
  install(folder, [{ name: "good" }, { name: "bad" }]);
  writeFileSync(wheelPath(folder, "bad-1.0-py3-none-any.whl"), "other");
  const { wheels, problems } = installedPackages([folder]);
  expect(wheels.map(({ name }) => name)).toEqual(["good"]);
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^bad-1\.0.*sha256 differs.*python sync/),
  ]);
});

test("a lock that cannot be read is a problem", () => {
  const folder = tempFolder();
  writeFileSync(lockPath(folder), "<<<<<<<");
  const { wheels, problems } = installedPackages([folder]);
  expect(wheels).toEqual([]);
  expect(problems).toEqual([
    { file: lockPath(folder), line: 0, message: expect.stringContaining("cannot be used") },
  ]);
});

test("the same package in two versions is a problem; in the same version it is not", () => {
  const [one, two, three] = [tempFolder(), tempFolder(), tempFolder()];
  install(one, [{ version: "1.0" }]);
  install(two, [{ version: "1.0" }]);
  install(three, [{ version: "2.0" }]);
  expect(installedPackages([one, two]).problems).toEqual([]);
  expect(installedPackages([one, two]).wheels).toHaveLength(1);
  expect(installedPackages([one, three]).problems).toEqual([
    {
      file: lockPath(three),
      line: 0,
      message: expect.stringMatching(/^demo is 2\.0 here and 1\.0 in .*stakeout-python\.lock/),
    },
  ]);
});
