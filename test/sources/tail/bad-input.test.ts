import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compress, folderWith, outcomes } from "../fixtures.ts";
import { startedTrial } from "./fixtures.ts";

describe("content that is no log", () => {
  test("bytes that are no text are records for the parser to judge", async () => {
    const rubbish = Buffer.from([0, 255, 254, 0, 10, 0xc3, 0x28, 10, 0, 10]);
    const trial = await startedTrial({ paths: [folderWith({ a: rubbish })] });
    expect(trial.records.map(({ offset, text }) => [offset, text.length])).toEqual([
      [0, 4],
      [5, 2],
      [8, 1],
    ]);
  });

  test("a line over the limit is a fault, and memory for it is not taken", async () => {
    const folder = folderWith({ a: `${"x".repeat(3_000_000)}\nb\n` });
    const trial = await startedTrial({
      paths: [folder],
      limits: { recordBytesMax: 1000 },
      bufferBytes: 4096,
    });
    expect(trial.records.map(({ text, reason, bytesTotal }) => [text.length, reason, bytesTotal])).toEqual([
      [1000, "too-long", 3_000_000],
      [1, undefined, undefined],
    ]);
    appendFileSync(join(folder, "a"), "c\n");
    await trial.poll();
    expect(trial.texts.at(-1)).toBe("c");
  });

  test("a long line that grows little by little is read whole", async () => {
    const folder = folderWith({ a: "x".repeat(2_000_000) });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [path] });
    for (let count = 0; count < 20; count++) {
      appendFileSync(path, "y".repeat(1000));
      await trial.poll(1000);
    }
    appendFileSync(path, "\nb\n");
    await trial.poll(1000);
    await trial.poll(2000);
    expect(trial.texts.map(({ length }) => length)).toEqual([2_020_000, 1]);
  });

  test("a compressed file that stays cut off gives what there is, and a fault once", async () => {
    const stored = compress.gzip(Buffer.from(`z1\n${"z".repeat(50)}\n`));
    const folder = folderWith({ "z.gz": stored.subarray(0, stored.length - 4) });
    const trial = await startedTrial({ paths: [folder] });
    await trial.pollUntil(() => trial.records.length === 3);
    expect(trial.records.map(({ reason }) => reason)).toEqual([undefined, undefined, "truncated-input"]);
    await trial.poll(600_000);
    trial.commit();
    await trial.kill();
    await trial.start();
    await trial.poll(600_000);
    expect(trial.records.length).toBe(3);
  });

  test("a compressed file that is repaired after all goes on where it was", async () => {
    const stored = compress.gzip(
      Buffer.from(Array.from({ length: 9000 }, (_, n) => `z${n * 7919}\n`).join("")),
    );
    const folder = folderWith({ "z.gz": stored.subarray(0, 9000) });
    const trial = await startedTrial({ paths: [folder] });
    await trial.pollUntil(() => trial.records.at(-1)?.reason !== undefined);
    const faults = trial.records.length;
    appendFileSync(join(folder, "z.gz"), stored.subarray(9000));
    await trial.pollUntil(() => trial.texts.at(-1) === `z${8999 * 7919}`);
    const whole = trial.texts.filter((_, index) => index !== faults - 1);
    expect(whole).toEqual(Array.from({ length: 9000 }, (_, n) => `z${n * 7919}`));
  });

  test("an array is read as it comes, and its missing end is a fault after a minute", async () => {
    const folder = folderWith({ a: '[{"n":1},\n{"n":2},{"n"' });
    const trial = await startedTrial({ paths: [folder] });
    expect(trial.texts).toEqual(['{"n":1}', '{"n":2}']);
    appendFileSync(join(folder, "a"), ":3},");
    await trial.poll();
    await trial.poll(60_000);
    expect(outcomes(trial.records)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', ["truncated-input", ""]]);
    await trial.poll(600_000);
    expect(trial.records.length).toBe(4);
    appendFileSync(join(folder, "a"), '{"n":4}]');
    await trial.poll();
    expect(trial.texts.at(-1)).toBe('{"n":4}');
  });
});

describe("paths that are no files", () => {
  test("a pipe and a device are told of and left alone", async () => {
    const folder = folderWith({ a: "a1\n" });
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const trial = await startedTrial({ paths: [folder, pipe, "/dev/zero"] });
    await trial.poll();
    expect(trial.texts).toEqual(["a1"]);
    expect(trial.warnings).toEqual([
      expect.stringMatching(/pipe: it is not a regular file/),
      expect.stringMatching(/zero: it is not a regular file/),
    ]);
  });

  test("a pipe that takes a file's place blocks nothing", async () => {
    const folder = folderWith({ a: "a1\n", b: "b1\n" });
    const trial = await startedTrial({ paths: [folder], filesOpenMax: 1 });
    rmSync(join(folder, "a"));
    execFileSync("mkfifo", [join(folder, "a")]);
    trial.watched.get(folder)?.("a");
    appendFileSync(join(folder, "b"), "b2\n");
    await trial.poll();
    expect(trial.texts.toSorted()).toEqual(["a1", "b1", "b2"]);
  });

  test("links that lead back are followed once", async () => {
    const folder = folderWith({ "in/a": "a1\n" });
    symlinkSync("..", join(folder, "in/up"));
    symlinkSync("in/a", join(folder, "link"));
    const trial = await startedTrial({ paths: [folder] });
    await trial.poll();
    expect(trial.texts).toEqual(["a1"]);
  });

  test("a name that is not UTF-8 is told of once", async () => {
    const folder = folderWith({ a: "a1\n" });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xff])]), "b1\n");
    const trial = await startedTrial({ paths: [folder] });
    await trial.poll();
    expect(trial.texts).toEqual(["a1"]);
    expect(trial.warnings).toEqual([expect.stringMatching(/its name is not UTF-8 text/)]);
  });

  test("what is not there yet is told of once, and followed when it comes", async () => {
    const folder = folderWith();
    const path = join(folder, "later/app.log");
    const trial = await startedTrial({ paths: [path, join(folder, "*.x")] });
    await trial.poll();
    expect(trial.warnings).toEqual([
      expect.stringMatching(/app\.log yet; it is followed when it appears/),
      expect.stringMatching(/\*\.x yet/),
    ]);
    mkdirSync(join(folder, "later"));
    writeFileSync(path, "a1\n");
    await trial.poll();
    expect(trial.texts).toEqual(["a1"]);
  });

  test.skipIf(process.getuid?.() === 0)(
    "what may not be read is told of once, and read when it may",
    async () => {
      const folder = folderWith({ a: "a1\n", b: "b1\n" });
      chmodSync(join(folder, "a"), 0);
      const trial = await startedTrial({ paths: [folder] });
      await trial.poll();
      expect(trial.texts).toEqual(["b1"]);
      expect(trial.warnings).toEqual([expect.stringMatching(/cannot read .*a now.*EACCES/)]);
      chmodSync(join(folder, "a"), 0o600);
      await trial.poll();
      expect(trial.texts).toEqual(["b1", "a1"]);
    },
  );

  test("content that goes before it was read is told of", async () => {
    const folder = folderWith({ a: "a1\na2\n" });
    const path = join(folder, "a");
    const trial = await startedTrial({ paths: [path] });
    appendFileSync(path, "unfinished");
    await trial.poll();
    truncateSync(path);
    await trial.poll();
    expect(trial.warnings).toEqual([expect.stringMatching(/truncated; up to 10 bytes of it were not read/)]);
  });
});
