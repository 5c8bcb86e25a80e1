import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, texts } from "../fixtures.ts";
import { entryOf, filesIn, source, spoolFolder, spoolIn, SpoolReading, TestFiles } from "./fixtures.ts";

const unwritable: unknown = expect.objectContaining({ code: "SPOOL_UNWRITABLE", retryable: true });

test("a torn end is cut off and told", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  await spool.append(entryOf(["b"]));
  await spool.close();
  const [path = ""] = filesIn(folder, ".seg");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -1));
  const warnings: string[] = [];
  const again = await spoolIn(folder, { warn: (message) => warnings.push(message) });
  const torn = bytes.length / 2 - 1;
  expect(warnings).toEqual([
    `${path}: cut off the last ${torn} bytes, of a request that was never acknowledged.`,
  ]);
  expect(statSync(path).size).toBe(bytes.length / 2);
  await again.append(entryOf(["c"]));
  expect(texts(await new SpoolReading(folder).peek(again))).toEqual(["a", "c"]);
});

test("damage before a whole request is told, and its bytes are kept", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  for (const text of ["a", "b", "c"]) await spool.append(entryOf([text]));
  await spool.close();
  const [path = ""] = filesIn(folder, ".seg");
  const bytes = readFileSync(path);
  bytes.writeUInt8(0, bytes.length / 3 + 1);
  writeFileSync(path, bytes);
  const warnings: string[] = [];
  const again = await spoolIn(folder, { warn: (message) => warnings.push(message) });
  const frame = bytes.length / 3;
  expect(warnings).toEqual([
    `${path}: ${frame} bytes from offset ${frame} on are damaged; what was accepted there is lost.`,
  ]);
  expect(readFileSync(path)).toEqual(bytes);
  const read = await new SpoolReading(folder).peek(again);
  expect(read.map(({ text, reason }) => reason ?? text)).toEqual(["a", "corrupt-input", "c"]);
});

test("damage at the end of a segment that is not the last is kept", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  const spool = await spoolIn(folder, { segmentBytes: 150, files });
  for (const text of ["a", "b"]) await spool.append(entryOf([text]));
  await files.kill();
  const [path = ""] = filesIn(folder, ".seg");
  // A segment whose keys have no file is looked through.
  const again = await spoolIn(folder, { segmentBytes: 150 });
  await again.append(entryOf(["c"]));
  await again.close();
  rmSync(filesIn(folder, ".keys")[0] ?? "");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, bytes.length - 3));
  const warnings: string[] = [];
  const third = await spoolIn(folder, { warn: (message) => warnings.push(message) });
  expect(warnings).toEqual([expect.stringMatching(/are damaged/)]);
  expect(readFileSync(path)).toEqual(bytes);
  const read = await new SpoolReading(folder).peek(third);
  expect(read.map(({ text, reason }) => reason ?? text)).toEqual(["a", "corrupt-input", "c"]);
});

test("a record that looks like a frame is not taken for one", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["forged"]));
  const frame = readFileSync(filesIn(folder, ".seg")[0] ?? "");
  await spool.close();
  rmSync(folder, { recursive: true });
  const again = await spoolIn(folder);
  const chunk = { bytes: frame, count: 1, starts: Uint32Array.of(0), ends: Uint32Array.of(frame.length) };
  await again.append(entryOf([], { records: [chunk] }));
  await again.append(entryOf(["last"]));
  await again.close();
  const [path = ""] = filesIn(folder, ".seg");
  const bytes = readFileSync(path);
  bytes.writeUInt8(0x58, 1);
  writeFileSync(path, bytes);
  const third = await spoolIn(folder);
  const read = await new SpoolReading(folder).peek(third);
  expect(read.map(({ text, reason }) => reason ?? text)).toEqual(["corrupt-input", "last"]);
});

test("a second process is refused", async () => {
  const folder = spoolFolder();
  await spoolIn(folder);
  const second = spoolIn(folder);
  await expect(second).rejects.toEqual(unwritable);
  await expect(second).rejects.toThrow(/another process uses it/);
});

test("a folder that cannot be made is told", async () => {
  const parent = folderWith({ file: "" });
  await expect(spoolIn(join(parent, "file", "spool"))).rejects.toEqual(unwritable);
});

test("a folder that cannot be synced is told, and is free for the next one", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  files.fail("syncFolder", { after: 1 });
  await expect(spoolIn(folder, { files })).rejects.toEqual(unwritable);
  const spool = await spoolIn(folder);
  expect(await spool.append(entryOf(["a"]))).toMatchObject({ kind: "stored" });
});

test("a failing sync of what is there is told", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  await spool.close();
  const files = new TestFiles();
  files.fail("sync");
  await expect(spoolIn(folder, { files })).rejects.toEqual(unwritable);
});

test("files of others are left alone", async () => {
  const folder = spoolFolder();
  mkdirSync(join(folder, `source-${source}`), { recursive: true });
  const other = join(folder, `source-${source}`, "notes.seg");
  writeFileSync(other, "mine");
  chmodSync(other, 0o400);
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  expect(texts(await new SpoolReading(folder).peek(spool))).toEqual(["a"]);
  expect(readFileSync(other, "utf8")).toBe("mine");
});
