import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { listSuspensions, resumeRule, SuspensionBook } from "../../src/engine/suspensions.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import type { StateStore } from "../../src/state/store.ts";
import { loadedRule } from "../rules/fixtures.ts";

const limits = { suspendAfter: 3, suspendWindowMs: 1000 };

let store: StateStore;
let rule: LoadedRule;
let codeFile: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-suspensions-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "rule.yml");
  codeFile = join(folder, "rule.py");
  writeFileSync(file, "first");
  writeFileSync(codeFile, "first");
  store = createMemoryStore();
  rule = { ...loadedRule({}, { id: "Slow", file }), codeFiles: [codeFile] };
});

async function openBook(rules: readonly LoadedRule[] = [rule]): Promise<[SuspensionBook, readonly string[]]> {
  const book = new SuspensionBook({ store, limits, rules });
  return [book, await book.load()];
}

async function commit(book: SuspensionBook): Promise<void> {
  await store.commit({ clockMs: 5000, positions: [], entries: book.takeWrites() });
}

/** Records failures at these times in a book of their own, and commits them. */
async function failAt(...timesMs: readonly number[]): Promise<SuspensionBook> {
  const [book] = await openBook();
  for (const timeMs of timesMs) book.record(rule, timeMs, "looped");
  await commit(book);
  return book;
}

describe("a rule that fails again and again", () => {
  test("is suspended the third time within the window, and people are told", async () => {
    const [book] = await openBook();
    expect(book.record(rule, 5000, "looped")).toBeUndefined();
    expect(book.record(rule, 5000, "looped")).toBeUndefined();
    expect(book.isSuspended("Slow")).toBe(false);
    expect(book.record(rule, 5999, "looped")).toMatch(/Slow is suspended.*looped/);
    expect(book.isSuspended("Slow")).toBe(true);
    expect(book.suspended).toEqual(["Slow"]);
  });

  test("is not while the first of three times is older than the window", async () => {
    const [book] = await openBook();
    for (const timeMs of [5000, 5500, 6000, 6600])
      expect(book.record(rule, timeMs, "looped")).toBeUndefined();
    expect(book.record(rule, 6900, "looped")).toBeDefined();
  });

  test("is counted across runs", async () => {
    await failAt(5000);
    await failAt(5001);
    const [book] = await openBook();
    expect(book.record(rule, 5002, "looped")).toBeDefined();
  });

  test("stays suspended in the next run, which says so", async () => {
    await failAt(5000, 5001, 5002);
    const [book, news] = await openBook();
    expect(book.suspended).toEqual(["Slow"]);
    expect(news).toEqual([expect.stringMatching(/Slow is suspended/)]);
    expect(await listSuspensions(store)).toEqual([
      { ruleId: "Slow", since: "1970-01-01T00:00:05.002Z", reason: "looped" },
    ]);
  });

  test("is not listed before it is suspended", async () => {
    await failAt(5000, 5001);
    expect(await listSuspensions(store)).toEqual([]);
  });

  test.each(["manifest.file", "a code file", "a file that is gone"])(
    "is asked again, with nothing counted, once its content has changed: %s",
    async (which) => {
      await failAt(5000, 5001, 5002);
      if (which === "a file that is gone") rmSync(codeFile);
      else writeFileSync(which === "a code file" ? codeFile : rule.manifest.file, "second");
      const [book, news] = await openBook();
      expect(news).toEqual([expect.stringMatching(/Slow has changed, so it is asked again/)]);
      expect(book.isSuspended("Slow")).toBe(false);
      await commit(book);
      expect(await listSuspensions(store)).toEqual([]);
      expect(book.record(rule, 5003, "looped")).toBeUndefined();
    },
  );

  test("stays as it is in a run that does not know it", async () => {
    await failAt(5000, 5001, 5002);
    const [book] = await openBook([]);
    await commit(book);
    expect((await openBook())[0].isSuspended("Slow")).toBe(true);
  });

  test("that a person resumes is asked again, with nothing counted", async () => {
    await failAt(5000, 5001, 5002);
    expect(await resumeRule(store, "Slow")).toBe(true);
    const [book] = await openBook();
    expect(book.suspended).toEqual([]);
    expect(book.record(rule, 5003, "looped")).toBeUndefined();
  });

  test("and is not suspended cannot be resumed", async () => {
    await failAt(5000);
    expect(await resumeRule(store, "Slow")).toBe(false);
    expect(await resumeRule(store, "Unknown")).toBe(false);
  });

  test("is asked again in the same run when a person resumes it, and stays so after the commit", async () => {
    const book = await failAt(5000, 5001, 5002);
    expect(book.resume("Slow")).toBe(true);
    expect(book.suspended).toEqual([]);
    await commit(book);
    expect(await listSuspensions(store)).toEqual([]);
    expect(book.record(rule, 5003, "looped")).toBeUndefined();
  });

  test("and is not suspended is left alone", async () => {
    const book = await failAt(5000);
    expect(book.resume("Slow")).toBe(false);
    expect(book.resume("Unknown")).toBe(false);
    expect(book.takeWrites()).toEqual([]);
  });

  test("is told apart by a version, for who keeps routes without it", async () => {
    const [book] = await openBook();
    const versions = [book.version];
    for (const timeMs of [5000, 5001, 5002]) book.record(rule, timeMs, "looped");
    versions.push(book.version);
    book.resume("Slow");
    versions.push(book.version);
    expect(new Set(versions).size).toBe(3);
  });
});
