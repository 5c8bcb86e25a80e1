import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
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

test("what is left of a source that is not configured any more is told", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { sources: [source, "former"] });
  await spool.close();
  const warnings: string[] = [];
  await spoolIn(folder, { warn: (message) => warnings.push(message) });
  expect(warnings).toEqual([expect.stringMatching(/source-former is of a source that is not configured/)]);
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

describe("one segment with requests of one to three records", () => {
  const requests = fc.array(fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  });
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  /** Stores requests, with their number as key; answers the file and the bytes at which each one ends. */
  async function store(folder: string, requests: readonly (readonly string[])[]) {
    const spool = await spoolIn(folder);
    const ends: number[] = [];
    for (const [number, records] of requests.entries()) {
      await spool.append(entryOf(records, { idempotencyKey: String(number) }));
      ends.push(spool.backlog(source).bytes);
    }
    await spool.close();
    const [path = ""] = filesIn(folder, ".seg");
    return { path, ends };
  }

  test("cut at any byte keeps the requests before it, and retries bring the rest once", async () => {
    await fc.assert(
      fc.asyncProperty(requests, share, async (requests, share) => {
        const folder = spoolFolder();
        const { path, ends } = await store(folder, requests);
        const cut = Math.floor(share * (ends.at(-1) ?? 0));
        truncateSync(path, cut);
        const spool = await spoolIn(folder);
        const kinds: string[] = [];
        for (const [number, records] of requests.entries()) {
          kinds.push((await spool.append(entryOf(records, { idempotencyKey: String(number) }))).kind);
        }
        expect(kinds).toEqual(ends.map((end) => (end <= cut ? "repeated" : "stored")));
        expect(texts(await new SpoolReading(folder).peek(spool))).toEqual(utf8(requests.flat()));
        await spool.close();
      }),
      { numRuns: 60 },
    );
  });

  test("damaged at any byte loses the request with that byte, which is told", async () => {
    await fc.assert(
      fc.asyncProperty(requests, share, async (requests, share) => {
        const folder = spoolFolder();
        const { path, ends } = await store(folder, requests);
        const damaged = Math.floor(share * (ends.at(-1) ?? 0));
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(damaged) ^ 0x5a, damaged);
        writeFileSync(path, bytes);
        const warnings: string[] = [];
        const spool = await spoolIn(folder, { warn: (message) => warnings.push(message) });
        const read = await new SpoolReading(folder).peek(spool);
        const hit = ends.findIndex((end) => damaged < end);
        const isLast = hit === ends.length - 1;
        expect(read.map(({ text, reason }) => reason ?? text)).toEqual([
          ...utf8(requests.slice(0, hit).flat()),
          ...(isLast ? [] : ["corrupt-input"]),
          ...utf8(requests.slice(hit + 1).flat()),
        ]);
        expect(warnings).toEqual([expect.stringMatching(isLast ? /cut off/ : /are damaged/)]);
        await spool.close();
      }),
      { numRuns: 60 },
    );
  });
});

/** Texts as they are seen where bytes are shown one by one. */
function utf8(texts: readonly string[]): string[] {
  return texts.map((text) => Buffer.from(text).toString("latin1"));
}
