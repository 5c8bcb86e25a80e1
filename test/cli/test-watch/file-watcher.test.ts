import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { FileWatcher } from "../../../src/cli/test-watch/file-watcher.ts";
import { tempFolder } from "../fixtures.ts";

interface Watched extends Disposable {
  readonly watcher: FileWatcher;
  readonly path: (name: string) => string;
  readonly write: (name: string) => void;
}

function watchFolder(ignored: readonly string[] = []): Watched {
  const folder = tempFolder();
  mkdirSync(join(folder, "sub"));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "sub", "rule.ts"), "");
  const path = (name: string): string => join(folder, name);
  const watcher = new FileWatcher([folder], new Set(ignored.map(path)));
  return {
    watcher,
    path,
    write: (name) => writeFileSync(path(name), "changed"),
    [Symbol.dispose]: () => watcher[Symbol.dispose](),
  };
}

test("a file that was written, at any depth", async () => {
  using watched = watchFolder();
  watched.write("sub/rule.ts");
  expect(await watched.watcher.next()).toEqual(new Set([watched.path("sub/rule.ts")]));
});

test("what changes at once is one change", async () => {
  using watched = watchFolder();
  watched.write("sub/rule.ts");
  watched.write("new.test.yaml");
  rmSync(watched.path("sub/rule.ts"));
  expect(await watched.watcher.next()).toEqual(
    new Set([watched.path("sub/rule.ts"), watched.path("new.test.yaml")]),
  );
});

test("a file that takes the place of another, as editors save", async () => {
  using watched = watchFolder();
  watched.write("sub/.rule.ts.swp");
  renameSync(watched.path("sub/.rule.ts.swp"), watched.path("sub/rule.ts"));
  expect(await watched.watcher.next()).toEqual(new Set([watched.path("sub/rule.ts")]));
});

test("a new folder with what is in it, and later what is made there", async () => {
  using watched = watchFolder();
  mkdirSync(watched.path("more/deep"), { recursive: true });
  watched.write("more/deep/rule.ts");
  expect(await watched.watcher.next()).toContain(watched.path("more/deep/rule.ts"));
  watched.write("more/deep/second.ts");
  expect(await watched.watcher.next()).toContain(watched.path("more/deep/second.ts"));
});

describe("nothing is said of", () => {
  test.each(["state.db", "notes.md", ".hidden.ts", "node_modules/x.js", "report.json"])(
    "%s",
    async (name) => {
      using watched = watchFolder(["report.json"]);
      watched.write(name);
      watched.write("rule.ts");
      expect(await watched.watcher.next()).toEqual(new Set([watched.path("rule.ts")]));
    },
  );
});

test("the folder of a file that is named, and of files that are imported", async () => {
  const [folder, library] = [tempFolder(), tempFolder()];
  writeFileSync(join(folder, "rule.ts"), "");
  writeFileSync(join(library, "helper.ts"), "");
  using watcher = new FileWatcher([join(folder, "rule.ts")], new Set());
  watcher.alsoWatch([join(library, "helper.ts")]);
  writeFileSync(join(library, "helper.ts"), "changed");
  expect(await watcher.next()).toEqual(new Set([join(library, "helper.ts")]));
});

test("ends for whoever waits and for whoever asks later", async () => {
  using watched = watchFolder();
  const waiting = watched.watcher.next();
  watched.watcher.end();
  expect(await waiting).toBeUndefined();
  expect(await watched.watcher.next()).toBeUndefined();
});
