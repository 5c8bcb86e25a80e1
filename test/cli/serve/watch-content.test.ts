import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turnEventLoop } from "node:timers/promises";

import { expect, onTestFinished, test } from "vitest";

import { watchContent } from "../../../src/cli/serve/watch-content.ts";
import { type RulesFolder, withRules } from "../../rules/fixtures.ts";

function folderWithRule(): RulesFolder {
  const folder = withRules({ "a.ts": "first" });
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turnEventLoop();
}

test("calls back when a file changes, and again when another does", async () => {
  const folder = folderWithRule();
  let calls = 0;
  onTestFinished(watchContent([folder.path], async () => void calls++));
  folder.write("a.ts", "second");
  await until(() => calls === 1);
  folder.write("b.yml", "new");
  await until(() => calls === 2);
  expect(calls).toBe(2);
});

test("does not call back while a call is under way, but once more after it when files changed meanwhile", async () => {
  const folder = folderWithRule();
  const gates: (() => void)[] = [];
  onTestFinished(watchContent([folder.path], () => new Promise<void>((resolve) => gates.push(resolve))));
  folder.write("a.ts", "second");
  await until(() => gates.length === 1);
  for (const text of ["third", "fourth"]) {
    folder.write("a.ts", text);
    // A change of another watched folder is told after those before it.
    await changeIsSeen();
  }
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await until(() => gates.length === 2);
  gates[1]?.();
  await changeIsSeen();
  expect(gates).toHaveLength(2);
});

/** Resolves when a change that happens now has been told. */
async function changeIsSeen(): Promise<void> {
  const folder = folderWithRule();
  const seen = Promise.withResolvers<void>();
  const end = watchContent([folder.path], async () => seen.resolve());
  writeFileSync(join(folder.path, "a.ts"), "changed");
  await seen.promise;
  end();
}

test("ends when it is told to", async () => {
  const folder = folderWithRule();
  let calls = 0;
  watchContent([folder.path], async () => void calls++)();
  folder.write("a.ts", "second");
  await changeIsSeen();
  expect(calls).toBe(0);
});
