import { chmodSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { StakeoutError } from "../../../src/core/errors.ts";
import { findFiles } from "../../../src/sources/files/find-files.ts";
import { folderWith } from "../fixtures.ts";

function found(folder: string, paths: readonly string[]): string[] {
  const real = realpathSync(folder);
  return findFiles(paths).map(({ path }) => path.replace(`${real}/`, ""));
}

function codeOf(paths: readonly string[]): [string, string] {
  try {
    findFiles(paths);
  } catch (error) {
    if (error instanceof StakeoutError) return [error.code, error.message];
    throw error;
  }
  throw new Error("expected an error");
}

describe("findFiles", () => {
  test("a folder is walked, sorted by code units, hidden entries left out", () => {
    const folder = folderWith({
      "b/2.json": "",
      "a.gz": "",
      "b/10": "",
      "B.log": "",
      ".x": "",
      ".h/y": "",
      "c-d/z": "",
    });
    expect(found(folder, [folder])).toEqual(["B.log", "a.gz", "b/10", "b/2.json", "c-d/z"]);
  });

  test("what only goes along with data is skipped in folders, not where it is named", () => {
    const folder = folderWith({ LICENSE: "", "README.md": "", "notice.log": "", "a.json": "" });
    expect(found(folder, [folder])).toEqual(["a.json", "notice.log"]);
    expect(found(folder, [join(folder, "LICENSE"), join(folder, "*.md")])).toEqual(["LICENSE", "README.md"]);
  });

  test("a hidden file or folder that is named is read", () => {
    const folder = folderWith({ ".x": "", ".h/y": "" });
    expect(found(folder, [join(folder, ".x"), join(folder, ".h")])).toEqual([".h/y", ".x"]);
  });

  test("patterns match files and folders", () => {
    const folder = folderWith({ "2024/a.json": "", "2024/b.log": "", "2025/c.json": "", "d.json": "" });
    expect(found(folder, [join(folder, "**/*.json")])).toEqual(["2024/a.json", "2025/c.json", "d.json"]);
    expect(found(folder, [join(folder, "2*")])).toEqual(["2024/a.json", "2024/b.log", "2025/c.json"]);
  });

  test("a path that exists is no pattern", () => {
    const folder = folderWith({ "a[1].json": "", "a1.json": "" });
    expect(found(folder, [join(folder, "a[1].json")])).toEqual(["a[1].json"]);
  });

  test("a file that is reached several ways is there once, by its real path", () => {
    const folder = folderWith({ "real/a": "", "links/own": "" });
    symlinkSync("../real/a", join(folder, "links/to-file"));
    symlinkSync("../real", join(folder, "links/to-folder"));
    expect(found(folder, [folder, join(folder, "links"), join(folder, "real/a")])).toEqual([
      "links/own",
      "real/a",
    ]);
  });

  test("links that lead back end", () => {
    const folder = folderWith({ "a/b/x": "" });
    symlinkSync("..", join(folder, "a/b/up"));
    symlinkSync(folder, join(folder, "a/top"));
    expect(found(folder, [folder])).toEqual(["a/b/x"]);
  });

  test("an empty folder is found, with nothing in it", () => {
    expect(findFiles([folderWith()])).toEqual([]);
  });

  test("size and time of change come with a file", () => {
    const folder = folderWith({ a: "12345" });
    expect(findFiles([folder])).toMatchObject([{ size: 5, mtimeMs: expect.any(Number) }]);
  });

  test("a path that does not exist and a pattern that matches nothing are named", () => {
    const folder = folderWith({ a: "" });
    expect(codeOf([folder, join(folder, "missing")])).toEqual([
      "INPUT_NOT_FOUND",
      expect.stringContaining("missing"),
    ]);
    expect(codeOf([join(folder, "*.gz")])).toEqual(["INPUT_NOT_FOUND", expect.stringContaining("*.gz")]);
    expect(codeOf([join(folder, "a/b")])).toEqual(["INPUT_NOT_FOUND", expect.stringContaining("a/b")]);
  });

  test("a link that leads nowhere is named", () => {
    const folder = folderWith();
    symlinkSync("nowhere", join(folder, "dangling"));
    expect(codeOf([folder])).toEqual(["INPUT_UNREADABLE", expect.stringContaining("dangling")]);
  });

  test("what is no regular file is refused where it is named, and no input where it only lies in a folder", () => {
    const folder = folderWith({ a: "" });
    symlinkSync("/dev/null", join(folder, "device"));
    expect(codeOf([join(folder, "device")])).toEqual([
      "INPUT_UNREADABLE",
      expect.stringContaining("standard input"),
    ]);
    expect(found(folder, [folder])).toEqual(["a"]);
  });

  test.skipIf(process.getuid?.() === 0)("what may not be read is named before anything is read", () => {
    const folder = folderWith({ "a.json": "" });
    chmodSync(join(folder, "a.json"), 0);
    expect(codeOf([folder])).toEqual(["INPUT_UNREADABLE", expect.stringContaining("a.json")]);
    const closed = join(folder, "closed");
    mkdirSync(closed, 0o300);
    // Otherwise it could not be removed.
    onTestFinished(() => chmodSync(closed, 0o700));
    expect(codeOf([closed])).toEqual(["INPUT_UNREADABLE", expect.stringContaining("closed")]);
  });
});
