import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  addPackages,
  removePackages,
  syncPackages,
  type PackageChange,
} from "../../../../src/rules/python/packages/change.ts";
import { installedPackages } from "../../../../src/rules/python/packages/installed.ts";
import { lockPath, readLock } from "../../../../src/rules/python/packages/lock.ts";
import { wheelPath } from "../../../../src/rules/python/packages/wheel-folder.ts";
import {
  clock,
  makeWheel,
  packageOptions,
  requirement,
  sha256,
  startIndex,
  tempFolder,
  type OfferedWheel,
  type TestIndex,
} from "./fixtures.ts";

const pair: readonly OfferedWheel[] = [
  { name: "demo", requires: ["other>=1"] },
  { name: "other", version: "1.2" },
];

interface Setup {
  readonly folder: string;
  readonly index: TestIndex;
  readonly add: (...packages: readonly string[]) => Promise<PackageChange>;
  readonly sync: () => Promise<PackageChange>;
}

async function setup(
  offered: readonly OfferedWheel[] = pair,
  form: "json" | "html" = "json",
): Promise<Setup> {
  const folder = tempFolder();
  const index = await startIndex(offered, form);
  const options = packageOptions(folder, index.url);
  return {
    folder,
    index,
    add: (...packages) => addPackages(packages.map(requirement), options),
    sync: () => syncPackages(options),
  };
}

function names({ lock }: PackageChange): readonly string[] {
  return lock.packages.map(({ name, version }) => `${name} ${version}`);
}

function wheelsIn(folder: string): readonly string[] {
  return existsSync(wheelPath(folder, "")) ? readdirSync(wheelPath(folder, "")).sort() : [];
}

describe("add", () => {
  test.each(["json", "html"] as const)(
    "from an index in %s: locks, fetches and is ready for rules",
    async (form) => {
      const { folder, add } = await setup(pair, form);
      const change = await add("demo");
      expect(names(change)).toEqual(["demo 1.0", "other 1.2"]);
      expect(readLock(folder)?.packages).toEqual(change.lock.packages);
      expect(readLock(folder)?.requested.map(({ name }) => name)).toEqual(["demo"]);
      const { wheels, problems } = installedPackages([folder]);
      expect(problems).toEqual([]);
      expect(wheels.map(({ file }) => sha256(readFileSync(file)))).toEqual(
        pair.map((parts) => sha256(makeWheel(parts).bytes)),
      );
    },
  );

  test("takes the metadata that the index offers, and fetches no wheel twice", async () => {
    const { index, add } = await setup(pair.map((each) => ({ ...each, metadataOffered: true })));
    await add("demo");
    expect(index.asked.filter((path) => path.endsWith(".metadata"))).toHaveLength(2);
    expect(index.asked.filter((path) => path.endsWith(".whl"))).toHaveLength(2);
    expect(index.asked.findIndex((path) => path.endsWith(".whl"))).toBeGreaterThan(
      index.asked.findIndex((path) => path.endsWith(".metadata")),
    );
  });

  test("leaves no wheels behind that were only looked into", async () => {
    const { folder, add } = await setup([
      { name: "demo", version: "2.0", requires: ["missing"] },
      { name: "demo", version: "1.0" },
    ]);
    await add("demo");
    expect(wheelsIn(folder)).toEqual(["demo-1.0-py3-none-any.whl"]);
  });

  test("keeps locked versions, except of what is named", async () => {
    const { folder, add, index } = await setup();
    await add("demo");
    const later = await startIndex([
      ...pair,
      { name: "demo", version: "1.1", requires: ["other"] },
      { name: "other", version: "1.3" },
      { name: "new" },
    ]);
    const options = packageOptions(folder, later.url);
    expect(names(await addPackages([requirement("new")], options))).toEqual([
      "demo 1.0",
      "new 1.0",
      "other 1.2",
    ]);
    expect(names(await addPackages([requirement("demo")], options))).toEqual([
      "demo 1.1",
      "new 1.0",
      "other 1.2",
    ]);
    expect(index.asked.length).toBeGreaterThan(0);
  });

  test("replaces what was asked for before under the same name", async () => {
    const { folder, add } = await setup([{ version: "1.0" }, { version: "2.0" }]);
    await add("demo==1.0");
    expect(names(await add("Demo>1"))).toEqual(["demo 2.0"]);
    expect(readLock(folder)?.requested).toMatchObject([{ name: "demo", specifier: ">1" }]);
    expect(wheelsIn(folder)).toEqual(["demo-2.0-py3-none-any.whl"]);
  });

  test("leaves an address's name and password out of the lock", async () => {
    const { folder, index } = await setup();
    const url = index.url.replace("http://", "http://me:secret@");
    await addPackages([requirement("demo")], packageOptions(folder, url));
    expect(readFileSync(lockPath(folder), "utf8")).not.toContain("secret");
  });

  test("works where the index gives no hashes, and locks what it got", async () => {
    const { add } = await setup([{ hash: "" }], "html");
    const change = await add("demo");
    expect(change.lock.packages[0]?.sha256).toBe(sha256(makeWheel().bytes));
  });
});

describe("what goes wrong changes nothing", () => {
  test.each<readonly [string, readonly OfferedWheel[], string]>([
    ["another hash than the index says", [{ hash: "ab".repeat(32) }], "PACKAGE_CHANGED"],
    ["a wheel that is none", [{ hash: "", sent: Buffer.from("<html>") }], "PACKAGE_UNUSABLE"],
    ["an unsafe wheel", [{ files: { "../evil.py": "" } }], "PACKAGE_UNUSABLE"],
    ["compiled code", [{ tag: "cp314-cp314-win_amd64" }], "PACKAGE_UNUSABLE"],
    ["a package that does not exist", [], "PACKAGE_NOT_FOUND"],
    ["metadata that cannot be read", [{ requires: ["x @ https://x.test"] }], "PACKAGE_UNUSABLE"],
  ])("%s", async (_, offered, code) => {
    const { folder, add } = await setup([...offered, { name: "before" }]);
    await add("before");
    const text = readFileSync(lockPath(folder), "utf8");
    await expect(add("demo")).rejects.toMatchObject({ code });
    expect(readFileSync(lockPath(folder), "utf8")).toBe(text);
    expect(installedPackages([folder])).toMatchObject({ wheels: [{ name: "before" }], problems: [] });
    expect(wheelsIn(folder).filter((file) => file.endsWith(".unfinished"))).toEqual([]);
  });

  test("a locked file that the index has replaced is an error that names it", async () => {
    const { folder, add } = await setup([{}]);
    await add("demo");
    const replaced = await startIndex([{ files: { "demo/new.py": "" } }]);
    const again = addPackages([requirement("demo")], packageOptions(folder, replaced.url));
    await expect(again).rejects.toMatchObject({
      code: "PACKAGE_CHANGED",
      fields: { file: "demo-1.0-py3-none-any.whl" },
    });
  });

  test("a folder that cannot be written", async () => {
    const { folder, add } = await setup([{}]);
    writeFileSync(join(folder, ".stakeout"), "in the way");
    await expect(add("demo")).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });
});

describe("sync", () => {
  test("fetches nothing when everything is there", async () => {
    const { add, sync, index } = await setup();
    await add("demo");
    const before = index.asked.length;
    expect((await sync()).fetched).toEqual([]);
    expect(index.asked).toHaveLength(before);
  });

  test("restores what is missing or changed, and removes what is not locked", async () => {
    const { folder, add, sync } = await setup();
    await add("demo");
    writeFileSync(wheelPath(folder, "other-1.2-py3-none-any.whl"), "changed");
    writeFileSync(wheelPath(folder, "stray-1.0-py3-none-any.whl"), "stray");
    writeFileSync(wheelPath(folder, "demo.whl.77.unfinished"), "half");
    writeFileSync(wheelPath(folder, "README.md"), "not ours");
    expect((await sync()).fetched).toEqual(["other-1.2-py3-none-any.whl"]);
    expect(wheelsIn(folder)).toEqual([
      "README.md",
      "demo-1.0-py3-none-any.whl",
      "other-1.2-py3-none-any.whl",
    ]);
    expect(installedPackages([folder]).problems).toEqual([]);
  });

  test("in a fresh folder gives the same wheels, without asking the index", async () => {
    const { folder, add, index } = await setup();
    await add("demo");
    const fresh = tempFolder();
    writeFileSync(lockPath(fresh), readFileSync(lockPath(folder)));
    const before = index.asked.length;
    await syncPackages(packageOptions(fresh, "http://127.0.0.1:1/simple"));
    expect(wheelsIn(fresh)).toEqual(wheelsIn(folder));
    expect(index.asked.slice(before).every((path) => path.endsWith(".whl"))).toBe(true);
  });

  test("a file that is not what was locked is refused by name and not stored", async () => {
    const { folder, add, sync } = await setup();
    await add("demo");
    const text = readFileSync(lockPath(folder), "utf8");
    writeFileSync(lockPath(folder), text.replace(sha256(makeWheel(pair[0]).bytes), "cd".repeat(32)));
    await expect(sync()).rejects.toMatchObject({
      code: "PACKAGE_CHANGED",
      fields: { file: "demo-1.0-py3-none-any.whl" },
    });
    expect(installedPackages([folder]).wheels.map(({ name }) => name)).toEqual(["other"]);
  });

  test("a file that is gone is named", async () => {
    const { folder, add, sync } = await setup();
    await add("demo");
    const text = readFileSync(lockPath(folder), "utf8");
    writeFileSync(lockPath(folder), text.replaceAll("/files/", "/gone/"));
    mkdirSync(wheelPath(folder, ""), { recursive: true });
    writeFileSync(wheelPath(folder, "demo-1.0-py3-none-any.whl"), "");
    await expect(sync()).rejects.toMatchObject({
      code: "PACKAGE_NOT_FOUND",
      fields: { file: "demo-1.0-py3-none-any.whl" },
    });
  });

  test("without a lock there is nothing to restore", async () => {
    const { sync } = await setup();
    await expect(sync()).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("remove", () => {
  test("takes what only it needed, and keeps the rest", async () => {
    const { folder, add } = await setup([...pair, { name: "third", requires: ["other"] }]);
    await add("demo", "third");
    const change = await removePackages(["demo"], { rulesFolder: folder, clock });
    expect(names(change)).toEqual(["other 1.2", "third 1.0"]);
    expect(wheelsIn(folder)).toEqual(["other-1.2-py3-none-any.whl", "third-1.0-py3-none-any.whl"]);
    expect(names(await removePackages(["third"], { rulesFolder: folder, clock }))).toEqual([]);
    expect(wheelsIn(folder)).toEqual([]);
  });

  test.each([
    ["other", /because demo needs it/],
    ["nothing", /was not asked for; asked for: demo/],
  ])("%s cannot be removed", async (name, message) => {
    const { folder, add } = await setup();
    await add("demo");
    const text = readFileSync(lockPath(folder), "utf8");
    await expect(removePackages([name], { rulesFolder: folder, clock })).rejects.toMatchObject({
      code: "PACKAGE_NOT_FOUND",
      message: expect.stringMatching(message),
    });
    expect(readFileSync(lockPath(folder), "utf8")).toBe(text);
  });
});
