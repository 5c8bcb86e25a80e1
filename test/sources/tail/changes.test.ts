import { hash } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, describe, expect, test } from "vitest";
import { watchFolder } from "../../../src/sources/tail/changes.ts";
import { compress, folderWith } from "../fixtures.ts";
import { startedTrial, TailTrial } from "./fixtures.ts";

const lines = (name: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `${name}${index}\n`).join("");

describe("noticing changes", () => {
  test("a file that is told to have grown is read at once", async () => {
    const folder = folderWith({ a: "a1\n" });
    const trial = await startedTrial({ paths: [folder] });
    appendFileSync(join(folder, "a"), "a2\n");
    await trial.idle();
    expect(trial.texts).toEqual(["a1"]);
    trial.watched.get(folder)?.("a");
    await trial.idle();
    expect(trial.texts).toEqual(["a1", "a2"]);
  });

  test("a folder in which something came is looked at after a short pause", async () => {
    const folder = folderWith({ a: "a1\n" });
    const trial = await startedTrial({ paths: [join(folder, "*")] });
    writeFileSync(join(folder, "b"), "b1\n");
    trial.watched.get(folder)?.();
    await trial.idle();
    expect(trial.texts).toEqual(["a1"]);
    await trial.poll(50);
    expect(trial.texts).toEqual(["a1", "b1"]);
  });

  test("where folders cannot be watched, that is told once, and everything is still found", async () => {
    const folder = folderWith({ a: "a1\n" });
    const trial = await startedTrial({
      paths: [folder],
      watchFolder: () => {
        throw new Error("no space left for watches");
      },
    });
    appendFileSync(join(folder, "a"), "a2\n");
    await trial.poll();
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2"]);
    expect(trial.warnings).toEqual([expect.stringMatching(/cannot watch .*every 5000 ms.*no space left/)]);
  });

  test("the operating system tells of what is written and of what comes", async () => {
    const folder = folderWith({ a: "a1\n" });
    const seen: (string | undefined)[] = [];
    onTestFinished(watchFolder(folder, (name) => void seen.push(name)));
    const trial = new TailTrial({ paths: [] });
    appendFileSync(join(folder, "a"), "a2\n");
    await trial.until(() => seen.includes("a"));
    expect(seen).not.toContain(undefined);
    writeFileSync(join(folder, "b"), "");
    await trial.until(() => seen.includes(undefined));
  });

  test("closing ends a read that waits, and everything that was begun", async () => {
    const trial = await startedTrial({ paths: [folderWith({ a: "a1\n" })] });
    await trial.end();
    expect(trial.watched.size).toBe(0);
    expect(await trial.source.read()).toBeUndefined();
  });
});

describe("many files", () => {
  test("they are read in turn", async () => {
    const folder = folderWith({ a: lines("a", 100), b: lines("b", 100) });
    const trial = await startedTrial({ paths: [folder], bufferBytes: 64 });
    const firstOfB = trial.texts.indexOf("b0");
    expect(firstOfB).toBeGreaterThan(0);
    expect(firstOfB).toBeLessThan(40);
    expect(trial.texts.lastIndexOf("a99")).toBeGreaterThan(firstOfB);
  });

  test("more than may be open at a time are read all the same", async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, lines(`f${n}-`, 10)]));
    const folder = folderWith(files);
    const trial = await startedTrial({ paths: [folder], filesOpenMax: 2, bufferBytes: 32 });
    expect(new Set(trial.texts).size).toBe(200);
    expect(trial.texts.length).toBe(200);
  });

  test("a compressed file that is looked through stays open while others are read", async () => {
    // Hardly compressible, so that it is read in many pieces.
    const texts = Array.from({ length: 10_000 }, (_, index) => hash("sha256", String(index)));
    const folder = folderWith({ "z.gz": compress.gzip(Buffer.from(texts.join("\n"))), a: "", b: "" });
    const trial = await startedTrial({ paths: [folder], filesOpenMax: 1, bufferBytes: 64 });
    appendFileSync(join(folder, "a"), lines("a", 5000));
    appendFileSync(join(folder, "b"), lines("b", 5000));
    await trial.poll();
    await trial.until(() => trial.texts.length >= 20_000);
    expect(new Set(trial.texts).size).toBe(20_000);
    expect(trial.warnings).toEqual([]);
  });

  test("more than may be known wait until others are gone, and that is told once", async () => {
    const folder = folderWith({ a: "a1\n", b: "b1\n", c: "c1\n" });
    const trial = await startedTrial({ paths: [folder], filesMax: 2 });
    await trial.poll();
    expect(trial.texts.length).toBe(2);
    expect(trial.warnings).toEqual([expect.stringMatching(/2 files are followed; further ones wait/)]);
  });

  test("progress says what was read and what is left", async () => {
    const folder = folderWith({ a: "a1\na2\nunfinished" });
    const trial = await startedTrial({ paths: [folder] });
    expect(trial.source.progress()).toEqual({ bytesRead: 6, bytesTotal: 16 });
    appendFileSync(join(folder, "a"), "\n");
    await trial.poll();
    expect(trial.source.progress()).toEqual({ bytesRead: 17, bytesTotal: 17 });
  });
});
