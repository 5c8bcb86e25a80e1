import {
  appendFileSync,
  copyFileSync,
  linkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compress, folderWith } from "../fixtures.ts";
import { startedTrial } from "./fixtures.ts";

describe("following files", () => {
  test("lines are read as they are completed", async () => {
    const folder = folderWith({ "app.log": "a1\na2\npart" });
    const log = join(folder, "app.log");
    const trial = await startedTrial({ paths: [log] });
    expect(trial.texts).toEqual(["a1", "a2"]);
    appendFileSync(log, "ial\na4");
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2", "partial"]);
    await trial.poll(600_000);
    expect(trial.texts).toEqual(["a1", "a2", "partial"]);
    appendFileSync(log, "\n");
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2", "partial", "a4"]);
  });

  test("new files in a folder are read, those of folders in it too", async () => {
    const folder = folderWith({ a: "a1\n" });
    const trial = await startedTrial({ paths: [folder] });
    const inner = folderWith({ c: "c1\n" });
    writeFileSync(join(folder, "b"), "b1\n");
    renameSync(inner, join(folder, "inner"));
    await trial.poll();
    expect(trial.texts.toSorted()).toEqual(["a1", "b1", "c1"]);
  });

  test("a renamed file is read to its end, then the one in its place", async () => {
    const folder = folderWith({ "app.log": "a1\n" });
    const log = join(folder, "app.log");
    const trial = await startedTrial({ paths: [log] });
    appendFileSync(log, "a2\nrest");
    renameSync(log, join(folder, "app.log.1"));
    writeFileSync(log, "b1\n");
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2", "b1"]);
    await trial.poll(60_000);
    expect(trial.texts).toEqual(["a1", "a2", "b1", "rest"]);
    expect(new Set(trial.records.map(({ stream }) => stream)).size).toBe(2);
  });

  test("the file in a renamed one's place waits until that is read, however long it is", async () => {
    const folder = folderWith({ "app.log": "a0\n" });
    const log = join(folder, "app.log");
    const trial = await startedTrial({ paths: [folder], bufferBytes: 32 });
    const old = Array.from({ length: 100 }, (_, index) => `a${index + 1}`);
    appendFileSync(log, old.map((text) => `${text}\n`).join(""));
    renameSync(log, `${log}.1`);
    writeFileSync(log, "b1\n");
    await trial.poll();
    expect(trial.texts).toEqual(["a0", ...old, "b1"]);
  });

  test("a removed file is read to its end", async () => {
    const folder = folderWith({ a: "a1\n" });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [folder] });
    appendFileSync(path, "a2\nrest");
    rmSync(path);
    await trial.poll();
    await trial.poll(60_000);
    expect(trial.texts).toEqual(["a1", "a2", "rest"]);
    expect(trial.warnings).toEqual([]);
  });

  test("a truncated file begins anew, at positions of its own", async () => {
    const folder = folderWith({ a: "a1\na2\n" });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [path] });
    copyFileSync(path, join(folder, "b"));
    truncateSync(path);
    appendFileSync(path, "a3\n");
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2", "a3"]);
    const places = trial.records.map(({ stream, offset }) => `${stream} ${offset}`);
    expect(new Set(places).size).toBe(3);
  });

  test("a truncated file that begins as before and has grown beyond is noticed", async () => {
    const header = `${"h".repeat(1200)}\n`;
    const folder = folderWith({ a: `${header}a1\na2\n` });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [path] });
    writeFileSync(path, `${header}b1\nb2\nb3\n`);
    await trial.poll();
    expect(trial.texts).toEqual([header.trim(), "a1", "a2", header.trim(), "b1", "b2", "b3"]);
  });

  test("a compressed file is read when it is whole", async () => {
    const stored = compress.gzip(Buffer.from("z1\nz2"));
    const folder = folderWith({ "z.gz": stored.subarray(0, 20) });
    const trial = await startedTrial({ paths: [folder] });
    await trial.poll();
    await trial.poll();
    expect(trial.texts).toEqual([]);
    appendFileSync(join(folder, "z.gz"), stored.subarray(20));
    await trial.poll();
    await trial.poll();
    await trial.until(() => trial.texts.length === 2);
    expect(trial.texts).toEqual(["z1", "z2"]);
  });

  test("a file with two names is read once", async () => {
    const folder = folderWith({ a: "a1\n" });
    linkSync(join(folder, "a"), join(folder, "b"));
    const trial = await startedTrial({ paths: [folder] });
    await trial.poll();
    appendFileSync(join(folder, "b"), "a2\nrest");
    await trial.poll();
    await trial.poll(600_000);
    expect(trial.texts).toEqual(["a1", "a2"]);
  });

  test("a file that is replaced by another one is finished first", async () => {
    const folder = folderWith({ a: "a1\n", new: "b1\n" });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [path] });
    appendFileSync(path, "a2\n");
    renameSync(join(folder, "new"), path);
    await trial.poll();
    expect(trial.texts).toEqual(["a1", "a2", "b1"]);
  });

  test("a new run goes on where the last one was", async () => {
    const folder = folderWith({ a: "a1\n", b: "b1\n" });
    const trial = await startedTrial({ paths: [folder] });
    trial.commit();
    await trial.kill();
    appendFileSync(join(folder, "a"), "a2\n");
    renameSync(join(folder, "a"), join(folder, "c"));
    await trial.start();
    expect(trial.texts).toEqual(["a1", "b1", "a2"]);
  });
});
