import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openSnapshotFile } from "../../../../src/rules/python/snapshot.ts";

const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-snapshot-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function onlyFile(): string {
  const [name, ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  return join(folder, name ?? "");
}

test("reads what was written", () => {
  openSnapshotFile(folder, ["a"]).write(memory);
  expect(openSnapshotFile(folder, ["a"]).read()).toEqual(Buffer.from(memory));
});

test("makes the folder", () => {
  const deep = join(folder, "a", "b");
  openSnapshotFile(deep, []).write(memory);
  expect(openSnapshotFile(deep, []).read()).toEqual(Buffer.from(memory));
});

test("answers nothing where there is none", () => {
  expect(openSnapshotFile(folder, []).read()).toBe(undefined);
  expect(openSnapshotFile(join(folder, "missing"), []).read()).toBe(undefined);
});

test.each([[["a", "b"]], [["ab"]], [["b"]], [[]]])("ignores one made of other inputs: %j", (inputs) => {
  openSnapshotFile(folder, ["a"]).write(memory);
  expect(openSnapshotFile(folder, inputs).read()).toBe(undefined);
});

test("replaces one made of other inputs", () => {
  openSnapshotFile(folder, ["a"]).write(memory);
  openSnapshotFile(folder, ["b"]).write(memory.subarray(1));
  expect(openSnapshotFile(folder, ["b"]).read()).toEqual(Buffer.from(memory.subarray(1)));
  expect(openSnapshotFile(folder, ["a"]).read()).toBe(undefined);
  onlyFile();
});

test("ignores a damaged or shortened file, and replaces it", () => {
  const file = openSnapshotFile(folder, ["a"]);
  file.write(memory);
  const path = onlyFile();
  const whole = readFileSync(path);
  const damages = fc.oneof(
    fc.record({ at: fc.nat(whole.length - 1), xor: fc.integer({ min: 1, max: 255 }) }).map(({ at, xor }) => {
      const copy = Buffer.from(whole);
      copy[at] = (copy[at] ?? 0) ^ xor;
      return copy;
    }),
    fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((more) => Buffer.concat([whole, more])),
  );
  fc.assert(
    fc.property(damages, (bytes) => {
      writeFileSync(path, bytes);
      return file.read() === undefined;
    }),
  );
  file.write(memory);
  expect(file.read()).toEqual(Buffer.from(memory));
});

test("keeps quiet about a folder that is a file, and leaves nothing behind", () => {
  const path = join(folder, "file");
  writeFileSync(path, "mine");
  const file = openSnapshotFile(path, []);
  file.write(memory);
  expect(file.read()).toBe(undefined);
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(readdirSync(folder)).toEqual(["file"]);
});
