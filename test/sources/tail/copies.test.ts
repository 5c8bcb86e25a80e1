import {
  appendFileSync,
  copyFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compress, folderWith } from "../fixtures.ts";
import { startedTrial, type TailTrial } from "./fixtures.ts";

const lines = (name: string, from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${name}${from + index} ${"x".repeat(30)}\n`).join("");

/** Numbers of the lines that were read, in order. */
const read = (trial: TailTrial): string[] => trial.texts.map((text) => text.slice(0, text.indexOf(" ")));
const names = (name: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${name}${from + index}`);

/** A folder with a log of 40 lines that were read. */
async function followed(): Promise<{ folder: string; log: string; trial: TailTrial }> {
  const folder = folderWith({ "app.log": lines("a", 0, 40) });
  const trial = await startedTrial({ paths: [folder] });
  return { folder, log: join(folder, "app.log"), trial };
}

describe("copies that rotation makes", () => {
  test("a copy is read on from where the truncated file was", async () => {
    const { log, trial } = await followed();
    appendFileSync(log, lines("a", 40, 50));
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    appendFileSync(log, lines("b", 0, 2));
    await trial.poll();
    await trial.poll();
    expect(read(trial).toSorted()).toEqual([...names("a", 0, 50), ...names("b", 0, 2)].toSorted());
  });

  test("a copy that was found before the file was truncated waits for that", async () => {
    const { log, trial } = await followed();
    copyFileSync(log, `${log}.1`);
    await trial.poll();
    await trial.poll();
    truncateSync(log);
    await trial.poll();
    await trial.poll();
    expect(read(trial)).toEqual(names("a", 0, 40));
  });

  test("a copy that is still growing is no file of its own either", async () => {
    const { log, trial } = await followed();
    writeFileSync(`${log}.1`, lines("a", 0, 30));
    await trial.poll();
    appendFileSync(`${log}.1`, lines("a", 30, 45));
    await trial.poll();
    truncateSync(log);
    await trial.poll();
    await trial.poll();
    expect(read(trial)).toEqual(names("a", 0, 45));
  });

  test("a copy of a file that keeps its content is another file, after a minute", async () => {
    const { log, trial } = await followed();
    copyFileSync(log, `${log}.bak`);
    await trial.poll();
    expect(read(trial)).toEqual(names("a", 0, 40));
    await trial.poll(60_000);
    expect(read(trial)).toEqual([...names("a", 0, 40), ...names("a", 0, 40)]);
  });

  test("a file that only begins alike is another file at once", async () => {
    const { folder, trial } = await followed();
    writeFileSync(join(folder, "other.log"), `${lines("a", 0, 38)}${lines("c", 0, 4)}`);
    await trial.poll();
    expect(trial.texts.length).toBe(82);
  });

  test.each(["gzip", "zstd"] as const)(
    "a file that was compressed with %s is not read again",
    async (kind) => {
      const { log, trial } = await followed();
      renameSync(log, `${log}.1`);
      writeFileSync(`${log}.1.z`, compress[kind](Buffer.from(lines("a", 0, 40))));
      rmSync(`${log}.1`);
      writeFileSync(log, lines("b", 0, 1));
      for (let count = 0; count < 4; count++) await trial.poll();
      // Its name sorts behind, and compressed files wait for each other.
      writeFileSync(`${log}.2.z`, compress[kind](Buffer.from(lines("z", 0, 1))));
      await trial.until(() => {
        void trial.poll();
        return read(trial).includes("z0");
      });
      expect(read(trial)).toEqual([...names("a", 0, 40), "b0", "z0"]);
    },
  );

  test("what was not read before the file was compressed is read from there", async () => {
    const { log, trial } = await followed();
    trial.commit();
    await trial.kill();
    writeFileSync(`${log}.gz`, compress.gzip(Buffer.from(lines("a", 0, 60))));
    utimesSync(`${log}.gz`, 0, 0);
    rmSync(log);
    await trial.start();
    await trial.until(() => trial.texts.length === 60);
    expect(read(trial)).toEqual(names("a", 0, 60));
  });

  test("a new run knows the copy", async () => {
    const { log, trial } = await followed();
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    await trial.poll();
    await trial.poll();
    trial.commit();
    await trial.kill();
    appendFileSync(`${log}.1`, lines("a", 40, 41));
    await trial.start();
    expect(read(trial)).toEqual(names("a", 0, 41));
  });
});
