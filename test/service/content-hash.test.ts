import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { contentHash } from "../../src/service/content-hash.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-hash-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  write("a.ts", "a");
  write("below/b.py", "b");
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

test("is the same as long as nothing changes, in hexadecimal", () => {
  expect(contentHash([folder])).toBe(contentHash([folder]));
  expect(contentHash([folder])).toMatch(/^[0-9a-f]{16}$/);
});

describe("differs", () => {
  test.each<[string, () => void]>([
    ["when a file changes", () => write("below/b.py", "c")],
    ["when a file comes", () => write("c.ts", "")],
    ["when a file goes", () => rmSync(join(folder, "a.ts"))],
    [
      "when content moves from one file to the next",
      () => {
        write("a.ts", "");
        write("below/b.py", "ab");
      },
    ],
  ])("%s", (_, change) => {
    const before = contentHash([folder]);
    change();
    expect(contentHash([folder])).not.toBe(before);
  });

  test("by the file when a file is named", () => {
    const file = join(folder, "a.ts");
    const before = contentHash([file]);
    write("below/b.py", "c");
    expect(contentHash([file])).toBe(before);
    write("a.ts", "c");
    expect(contentHash([file])).not.toBe(before);
  });
});

test("leaves out what is hidden, node_modules and compiled Python", () => {
  const before = contentHash([folder]);
  for (const name of [".git/index", "node_modules/x/index.js", "below/__pycache__/b.pyc"]) write(name, "x");
  expect(contentHash([folder])).toBe(before);
});

describe("does without", () => {
  test("what is not there", () => {
    expect(contentHash([join(folder, "gone")])).toBe(contentHash([]));
  });

  test("links that lead nowhere, or to themselves", () => {
    const before = contentHash([folder]);
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync("itself", join(folder, "itself"));
    expect(contentHash([folder])).toBe(before);
  });

  test("links to a folder further up, of which there may be many", () => {
    for (let n = 0; n < 8; n++) symlinkSync("..", join(folder, "below", `up${n}`));
    expect(contentHash([folder])).toMatch(/^[0-9a-f]{16}$/);
  });

  test("pipes, which nobody may ever write to", () => {
    const before = contentHash([folder]);
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(contentHash([folder])).toBe(before);
  });
});

test("differs when a file behind a link to a folder changes", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "stakeout-hash-"));
  onTestFinished(() => rmSync(elsewhere, { recursive: true }));
  symlinkSync(elsewhere, join(folder, "linked"));
  const before = contentHash([folder]);
  writeFileSync(join(elsewhere, "c.ts"), "c");
  expect(contentHash([folder])).not.toBe(before);
});
