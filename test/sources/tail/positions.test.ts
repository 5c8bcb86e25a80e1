import { appendFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { compress, folderWith } from "../fixtures.ts";
import { startedTrial, TailTrial } from "./fixtures.ts";

const change = (stored: string, changes: JsonObject): string =>
  JSON.stringify({ ...(JSON.parse(stored) as JsonObject), ...changes });

async function restart(trial: TailTrial): Promise<void> {
  trial.commit();
  await trial.kill();
  await trial.start();
}

describe("positions of files that are followed", () => {
  test("a file that was renamed to where nobody looks is finished in the next run", async () => {
    const folder = folderWith({ "app.log": "a1\n" });
    const log = join(folder, "app.log");
    const trial = await startedTrial({ paths: [log] });
    trial.commit();
    await trial.kill();
    appendFileSync(log, "a2\nrest");
    renameSync(log, `${log}.1`);
    writeFileSync(log, "b1\n");
    await trial.start();
    await trial.poll(60_000);
    expect(trial.texts).toEqual(["a1", "a2", "b1", "rest"]);
  });

  test("another file, where nobody looks, with the number of a known one is left alone", async () => {
    const folder = folderWith({ "app.log": "a1\n", secret: "s1\ns2\n" });
    const log = join(folder, "app.log");
    const trial = await startedTrial({ paths: [log] });
    await trial.end();
    rmSync(log);
    const inode = String(statSync(join(folder, "secret")).ino);
    for (const [stream, stored] of trial.positions) trial.positions.set(stream, change(stored, { inode }));
    await trial.start();
    await trial.poll(60_000);
    expect(trial.texts).toEqual(["a1"]);
  });

  test("a file on a device with another number is the same", async () => {
    const folder = folderWith({ a: "a1\n" });
    const trial = await startedTrial({ paths: [folder] });
    await trial.end();
    for (const [stream, stored] of trial.positions)
      trial.positions.set(stream, change(stored, { device: "9" }));
    appendFileSync(join(folder, "a"), "a2\n");
    await trial.start();
    expect(trial.texts).toEqual(["a1", "a2"]);
  });

  test("another file with the number of one that was removed is read from its start", async () => {
    const folder = folderWith({ a: "a1\na2\n" });
    const trial = await startedTrial({ paths: [folder] });
    await trial.end();
    rmSync(join(folder, "a"));
    writeFileSync(join(folder, "b"), "b1\nb2\nb3\n");
    const inode = String(statSync(join(folder, "b")).ino);
    for (const [stream, stored] of trial.positions) trial.positions.set(stream, change(stored, { inode }));
    await trial.start();
    expect(trial.texts).toEqual(["a1", "a2", "b1", "b2", "b3"]);
    expect(trial.records.map(({ stream, offset }) => [stream, offset])).toEqual([
      ["1", 0],
      ["1", 3],
      ["1", 5],
      ["1", 8],
      ["1", 11],
    ]);
  });

  test("the streams of files that are gone are used again, and positions do not repeat", async () => {
    const folder = folderWith();
    // Files are put aside instead of removed, as the numbers of removed ones would be given again at once.
    const aside = folderWith();
    const trial = new TailTrial({ paths: [folder], filesOpenMax: 2 });
    await trial.start();
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      for (let number = 0; number < 300; number++)
        writeFileSync(join(folder, `${number}`), `${round} ${number}\n`);
      await trial.poll();
      for (const name of readdirSync(folder)) renameSync(join(folder, name), join(aside, `${round} ${name}`));
      await trial.poll();
      await trial.poll(61_000);
      if (round === 3) await restart(trial);
    }
    expect(trial.records.length).toBe(rounds * 300);
    expect(new Set(trial.records.map(({ stream, offset }) => `${stream} ${offset}`)).size).toBe(rounds * 300);
    expect(trial.positions.size).toBe(1300);
    expect(trial.warnings).toEqual([]);
  });

  test("a stored position that is none is an error", async () => {
    const trial = new TailTrial({ paths: [folderWith({ a: "a1\n" })] });
    trial.positions.set("1", '{"path":"/a","device":"1","inode":"2","base":"no"}');
    await expect(trial.start()).rejects.toMatchObject({ code: "STATE_FILE_UNUSABLE" });
  });
});

describe("beginning at the end", () => {
  test("what was there in the first run is passed over, what comes later is not", async () => {
    const folder = folderWith({
      lines: "old\nun",
      "array.json": '[{"n":1},',
      "z.gz": compress.gzip(Buffer.from("old\n")),
      "only-begun": "beg",
    });
    const trial = await startedTrial({ paths: [folder], from: "end" });
    await trial.pollUntil(() => trial.positions.size === 3);
    appendFileSync(join(folder, "lines"), "finished\n");
    appendFileSync(join(folder, "array.json"), '{"n":2}]');
    appendFileSync(join(folder, "only-begun"), "un\n");
    writeFileSync(join(folder, "later"), "new\n");
    await trial.poll();
    expect(trial.texts.toSorted()).toEqual(["begun", "new", "unfinished", '{"n":2}']);
  });

  test("a file that was passed over goes on in the next run from there", async () => {
    const folder = folderWith({ a: "old\n", b: "old\n" });
    const trial = await startedTrial({ paths: [folder], from: "end" });
    trial.commit();
    await trial.kill();
    appendFileSync(join(folder, "a"), "new\n");
    writeFileSync(join(folder, "c"), "c1\n");
    await trial.start();
    expect(trial.texts).toEqual(["new", "c1"]);
  });
});
