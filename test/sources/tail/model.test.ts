import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SeenRecord } from "../fixtures.ts";
import { TailTrial } from "./fixtures.ts";

/** A file as its writer knows it. */
interface WrittenFile {
  readonly name: string;
  path: string;
  /** Lines that are complete, in order. */
  readonly lines: string[];
  /** Text after the last newline. */
  partial: string;
  /** True when it holds a whole line. */
  begun: boolean;
  /** Renamed: nobody is expected to complete its last line. */
  rotated: boolean;
}

/** What a folder went through, and what must have been read of it. */
class Model {
  readonly files: WrittenFile[] = [];
  /** Gone or rotated away: nothing is done to them any more. */
  readonly past: WrittenFile[] = [];
  readonly trial: TailTrial;
  readonly #folder: string;
  #lines = 0;
  #names = 0;

  constructor(folder: string, trial: TailTrial) {
    this.#folder = folder;
    this.trial = trial;
  }

  pick(number: number): WrittenFile | undefined {
    return this.files[number % Math.max(1, this.files.length)];
  }

  create(): void {
    this.#names++;
    this.#add(join(this.#folder, `file${this.#names}.log`));
  }

  write(file: WrittenFile, lengths: readonly number[]): void {
    let text = "";
    for (const length of lengths) {
      const line = file.partial === "" ? this.#line(file, length) : file.partial + "y".repeat(length);
      text += `${line.slice(file.partial.length)}\n`;
      file.lines.push(line);
      file.partial = "";
    }
    file.begun ||= lengths.length > 0;
    appendFileSync(file.path, text);
  }

  begin(file: WrittenFile, length: number): void {
    const text = file.partial === "" ? this.#line(file, length) : "z".repeat(length);
    file.partial += text;
    appendFileSync(file.path, text);
  }

  /** By another name; a new file takes its place. */
  rotate(file: WrittenFile): void {
    const from = file.path;
    this.#names++;
    file.path = join(this.#folder, `file.log.${this.#names}`);
    file.rotated = true;
    renameSync(from, file.path);
    this.#add(from);
  }

  truncate(file: WrittenFile): void {
    truncateSync(file.path);
    file.partial = "";
    file.begun = false;
  }

  remove(file: WrittenFile): void {
    rmSync(file.path);
    file.rotated = true;
    this.files.splice(this.files.indexOf(file), 1);
    this.past.push(file);
  }

  /** Everything is looked at; so long after that what is unfinished is taken as it is. */
  async settle(): Promise<void> {
    await this.trial.poll(0);
    await this.trial.poll(61_000);
    for (const file of [...this.files, ...this.past]) {
      if (!file.rotated || file.partial === "") continue;
      file.lines.push(file.partial);
      file.partial = "";
    }
    // What is taken as complete must not become part of a longer line in another run.
    this.trial.commit();
  }

  /** What the operating system would tell of files that grew. */
  tell(): void {
    for (const { path } of this.files) this.trial.watched.get(dirname(path))?.(basename(path));
  }

  /** Lines by the name of the file that they were written to. */
  get expected(): Record<string, string[]> {
    const files = [...this.files, ...this.past].filter(({ lines }) => lines.length > 0);
    return Object.fromEntries(files.map(({ name, lines }) => [name, lines]));
  }

  #add(path: string): void {
    writeFileSync(path, "");
    this.files.push({ name: `f${this.#lines}`, path, lines: [], partial: "", begun: false, rotated: false });
    this.#lines++;
  }

  #line(file: WrittenFile, length: number): string {
    this.#lines++;
    return `${file.name}-${this.#lines}-${"x".repeat(length)}`;
  }
}

function byFile(records: readonly SeenRecord[]): Record<string, string[]> {
  const read: Record<string, string[]> = {};
  for (const { text } of records) (read[text.slice(0, text.indexOf("-"))] ??= []).push(text);
  return read;
}

function places(records: readonly SeenRecord[]): Set<string> {
  return new Set(records.map(({ stream, offset }) => `${stream} ${offset}`));
}

const number = fc.nat({ max: 1000 });
const length = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 400 }));
const step = fc.oneof(
  fc.record({ kind: fc.constant("write"), file: number, lengths: fc.array(length, { maxLength: 6 }) }),
  fc.record({ kind: fc.constant("begin"), file: number, length }),
  fc.record({ kind: fc.constantFrom("rotate", "truncate", "remove"), file: number }),
  fc.record({ kind: fc.constantFrom("create", "poll", "tell", "commit", "kill", "settle") }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(model: Model, taken: Step): Promise<void> {
  const { trial } = model;
  const file = "file" in taken ? model.pick(taken.file) : undefined;
  switch (taken.kind) {
    case "write":
      if (file !== undefined && "lengths" in taken) model.write(file, taken.lengths);
      return;
    case "begin":
      if (file !== undefined && "length" in taken) model.begin(file, taken.length);
      return;
    case "rotate":
      if (file === undefined) return;
      // A file of which nothing was read is not known under another name in the next run.
      if (!file.begun) model.write(file, [0]);
      await trial.poll(0);
      trial.commit();
      model.rotate(file);
      return;
    case "truncate":
      if (file === undefined || file.rotated) return;
      await trial.poll(0);
      trial.commit();
      model.truncate(file);
      return;
    case "remove":
      if (file === undefined) return;
      await trial.poll(0);
      model.write(file, [3]);
      model.begin(file, 2);
      model.remove(file);
      await model.settle();
      return;
    case "create":
      model.create();
      return;
    case "poll":
      await trial.poll(0);
      return;
    case "tell":
      model.tell();
      await trial.idle();
      return;
    case "commit":
      trial.commit();
      return;
    case "kill":
      await trial.kill();
      await trial.start();
      return;
    case "settle":
      await model.settle();
  }
}

test("whatever happens to files, each line is read once, in the order of its file", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.constantFrom(16, 100, 4096),
      async (steps, bufferBytes) => {
        const folder = mkdtempSync(join(tmpdir(), "stakeout-tail-"));
        const trial = new TailTrial({ paths: [folder], bufferBytes });
        const model = new Model(folder, trial);
        model.create();
        await trial.start();
        for (const taken of steps) await take(model, taken);
        await model.settle();
        expect(byFile(trial.records)).toEqual(model.expected);
        expect(places(trial.records).size).toBe(trial.records.length);
        await trial.end();
        rmSync(folder, { recursive: true });
      },
    ),
    { numRuns: 300 },
  );
});
