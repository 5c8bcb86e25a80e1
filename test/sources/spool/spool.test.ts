import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { folderWith, texts } from "../fixtures.ts";
import { entryOf, filesIn, source, spoolFolder, spoolIn, SpoolReading, TestFiles } from "./fixtures.ts";

const unwritable: unknown = expect.objectContaining({ code: "SPOOL_UNWRITABLE", retryable: true });

describe("storing", () => {
  test("a receipt says how many records were stored", async () => {
    const spool = await spoolIn(spoolFolder());
    expect(await spool.append(entryOf(["a", "b"]))).toEqual({ kind: "stored", records: 2 });
  });

  test("a request is durable before its receipt", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    const spool = await spoolIn(folder, { files });
    await spool.append(entryOf(["a"]));
    files.kill();
    files.losePower(0);
    const again = await spoolIn(folder);
    expect(texts(await new SpoolReading(folder).run(again))).toEqual(["a"]);
  });

  test("a request without records stores nothing", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files });
    const before = files.calls.length;
    expect(await spool.append(entryOf([]))).toEqual({ kind: "stored", records: 0 });
    expect(files.calls.length).toBe(before);
  });

  test("several chunks are one request", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    const chunks = [["a"], [], ["b", "c"]].flatMap((records) => entryOf(records).records);
    expect(await spool.append(entryOf([], { records: chunks }))).toEqual({ kind: "stored", records: 3 });
    expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["a", "b", "c"]);
  });

  test("bytes are copied at once", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    const entry = entryOf(["kept"]);
    const appending = spool.append(entry);
    entry.records[0]?.bytes.fill(0);
    await appending;
    expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["kept"]);
  });

  test("requests that come during a write share the next one", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files });
    const release = files.hold();
    const before = files.calls.length;
    const appending = ["a", "b", "c", "d"].map((text) => spool.append(entryOf([text])));
    release();
    await Promise.all(appending);
    // The first does not wait for others.
    expect(files.calls.slice(before)).toEqual(["write", "sync", "write", "sync"]);
  });

  test("sources do not wait for each other", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files, sources: [source, "other"] });
    const release = files.hold();
    const before = files.calls.length;
    const appending = [source, "other"].map((name) => spool.append(entryOf(["a"], { source: name })));
    await files.until(before + 2);
    expect(files.calls.slice(before)).toEqual(["write", "write"]);
    release();
    await Promise.all(appending);
  });

  test("the lane is told once for each write, when it is durable", async () => {
    const appended: string[] = [];
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files, onAppended: (name) => appended.push(name) });
    const release = files.hold();
    const appending = ["a", "b", "c"].map((text) => spool.append(entryOf([text])));
    expect(appended).toEqual([]);
    release();
    await Promise.all(appending);
    expect(appended).toEqual([source, source]);
  });

  test("whatever a source is called, its files stay in the folder", async () => {
    const folder = join(spoolFolder(), "inner");
    const names = ["..", ".", "a.b", "A-_b"];
    const spool = await spoolIn(folder, { sources: names });
    for (const name of names) await spool.append(entryOf(["a"], { source: name }));
    for (const name of names) expect(statSync(join(folder, `source-${name}`)).isDirectory()).toBe(true);
  });

  test("only the owner can read what is stored", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    await spool.append(entryOf(["secret"]));
    const [segment = ""] = filesIn(folder, ".seg");
    expect(statSync(segment).mode & 0o077).toBe(0);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  test("a source that is not there is a defect of the caller", async () => {
    const spool = await spoolIn(spoolFolder());
    expect(() => spool.append(entryOf(["a"], { source: "nobody" }))).toThrow(
      /no spool for the source "nobody"/,
    );
  });

  test("closing waits for what is being written, and nothing is taken after it", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    const appending = spool.append(entryOf(["a"]));
    await spool.close();
    expect(await appending).toEqual({ kind: "stored", records: 1 });
    await expect(spool.append(entryOf(["b"]))).rejects.toEqual(unwritable);
  });
});

describe("keys", () => {
  const keyed = (records: readonly string[]) => entryOf(records, { idempotencyKey: "k" });

  test("the same request again is repeated", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    await spool.append(keyed(["a", "b"]));
    expect(await spool.append(keyed(["a", "b"]))).toEqual({ kind: "repeated", records: 2 });
    expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["a", "b"]);
  });

  test("another content under the key is refused", async () => {
    const spool = await spoolIn(spoolFolder());
    await spool.append(keyed(["a"]));
    expect(await spool.append(keyed(["b"]))).toEqual({ kind: "key-reused" });
  });

  test("a retry while the request is being stored gets its receipt", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    const receipts = await Promise.all([spool.append(keyed(["a"])), spool.append(keyed(["a"]))]);
    expect(receipts[1]).toBe(receipts[0]);
    expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["a"]);
  });

  test("another content while the request is being stored is refused", async () => {
    const spool = await spoolIn(spoolFolder());
    const first = spool.append(keyed(["a"]));
    expect(await spool.append(keyed(["b"]))).toEqual({ kind: "key-reused" });
    expect(await first).toEqual({ kind: "stored", records: 1 });
  });

  test("a request that could not be stored leaves its key free", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files });
    files.fail("write");
    await expect(spool.append(keyed(["a"]))).rejects.toEqual(unwritable);
    expect(await spool.append(keyed(["b"]))).toEqual({ kind: "stored", records: 1 });
  });

  test("sources do not share keys", async () => {
    const spool = await spoolIn(spoolFolder(), { sources: [source, "other"] });
    await spool.append(keyed(["a"]));
    expect(await spool.append({ ...keyed(["b"]), source: "other" })).toEqual({ kind: "stored", records: 1 });
  });

  test("a key is forgotten after its time", async () => {
    const clock = manualClock();
    const spool = await spoolIn(spoolFolder(), { clock, idempotencyMs: 1000 });
    await spool.append(keyed(["a"]));
    clock.advance(999);
    expect(await spool.append(keyed(["a"]))).toMatchObject({ kind: "repeated" });
    clock.advance(1);
    expect(await spool.append(keyed(["a"]))).toMatchObject({ kind: "stored" });
    expect(await spool.append(keyed(["a"]))).toMatchObject({ kind: "repeated" });
  });

  test("with too many keys the oldest are forgotten", async () => {
    const spool = await spoolIn(spoolFolder(), { keysMax: 2 });
    const append = (key: string) => spool.append(entryOf([key], { idempotencyKey: key }));
    for (const key of ["1", "2", "3"]) await append(key);
    expect(await append("2")).toMatchObject({ kind: "repeated" });
    expect(await append("1")).toMatchObject({ kind: "stored" });
  });

  test("a retry is told so also when no more is taken", async () => {
    const spool = await spoolIn(spoolFolder(), { backlogBytesMax: 100 });
    await spool.append(keyed(["a"]));
    expect(await spool.append(entryOf(["b"]))).toMatchObject({ kind: "full" });
    expect(await spool.append(keyed(["a"]))).toMatchObject({ kind: "repeated" });
  });

  test.each([
    ["its segment", {}],
    ["the file that remains of its segment", { segmentBytes: 1 }],
  ])("a key is known after a restart from %s", async (_, options) => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder, options);
    await spool.append(keyed(["a", "b"]));
    for (const text of ["c", "d"]) await spool.append(entryOf([text]));
    await new SpoolReading(folder).run(spool);
    await spool.close();
    const again = await spoolIn(folder);
    expect(await again.append(keyed(["a", "b"]))).toEqual({ kind: "repeated", records: 2 });
    expect(await again.append(keyed(["x"]))).toEqual({ kind: "key-reused" });
  });

  test("its time goes on over a restart", async () => {
    const folder = spoolFolder();
    const clock = manualClock();
    const spool = await spoolIn(folder, { clock, idempotencyMs: 1000 });
    await spool.append(keyed(["a"]));
    await spool.close();
    clock.advance(1000);
    const again = await spoolIn(folder, { clock, idempotencyMs: 1000 });
    expect(await again.append(keyed(["a"]))).toMatchObject({ kind: "stored" });
  });

  test("files with forgotten keys are removed", async () => {
    const folder = spoolFolder();
    const clock = manualClock();
    const spool = await spoolIn(folder, { clock, idempotencyMs: 1000, segmentBytes: 1 });
    const reading = new SpoolReading(folder);
    for (const key of ["1", "2", "3"]) {
      await spool.append(entryOf([key], { idempotencyKey: key }));
      await reading.run(spool);
      clock.advance(500);
    }
    await spool.append(entryOf(["last"]));
    await reading.run(spool);
    await spool.close();
    expect(filesIn(folder, ".keys")).toHaveLength(1);
    expect(filesIn(folder, ".seg")).toHaveLength(1);
  });

  test("a damaged file with keys is told and taken from the segment where that is there", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder, { segmentBytes: 1 });
    await spool.append(keyed(["a"]));
    await spool.append(entryOf(["b"]));
    await spool.close();
    const [path = ""] = filesIn(folder, ".keys");
    writeFileSync(path, readFileSync(path).fill(0, 10, 12));
    const warnings: string[] = [];
    const again = await spoolIn(folder, { warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([expect.stringContaining(`${path} is damaged`)]);
    expect(await again.append(keyed(["a"]))).toMatchObject({ kind: "repeated" });
  });

  test("any text is a key", async () => {
    const spool = await spoolIn(spoolFolder());
    const keys = ["", "\0", "é".repeat(10_000), "__proto__"];
    for (const key of keys) {
      const entry = entryOf([key], { idempotencyKey: key });
      expect(await spool.append(entry)).toMatchObject({ kind: "stored" });
      expect(await spool.append(entry)).toMatchObject({ kind: "repeated" });
    }
  });
});

describe("a disk that fails", () => {
  test.each([
    ["write", "ENOSPC"],
    ["sync", "EIO"],
  ] as const)(
    "a failing %s refuses everything that shared it, and later requests are stored",
    async (operation, code) => {
      const folder = spoolFolder();
      const files = new TestFiles();
      const spool = await spoolIn(folder, { files });
      await spool.append(entryOf(["before"]));
      files.fail(operation, { code });
      const appending = ["lost", "lost too"].map((text) => spool.append(entryOf([text])));
      const outcomes = await Promise.allSettled(appending);
      expect(outcomes).toEqual([
        { status: "rejected", reason: unwritable },
        { status: "rejected", reason: unwritable },
      ]);
      await spool.append(entryOf(["after"]));
      expect(texts(await new SpoolReading(folder).peek(spool))).toEqual(["before", "after"]);
    },
  );

  test("after a failed sync a file takes no more", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    const spool = await spoolIn(folder, { files });
    await spool.append(entryOf(["before"]));
    files.fail("sync");
    await expect(spool.append(entryOf(["lost"]))).rejects.toEqual(unwritable);
    await spool.append(entryOf(["after"]));
    expect(filesIn(folder, ".seg")).toHaveLength(2);
  });

  test.each(["truncate", "create", "syncFolder", "write", "sync"] as const)(
    "a disk on which %s fails as well is used again when it works again",
    async (operation) => {
      const folder = spoolFolder();
      const files = new TestFiles();
      const spool = await spoolIn(folder, { files });
      await spool.append(entryOf(["before"]));
      files.fail("sync");
      files.fail(operation);
      await expect(spool.append(entryOf(["lost"]))).rejects.toEqual(unwritable);
      const second = spool.append(entryOf(["second"]));
      const stored = await second.then(
        () => ["second"],
        () => [],
      );
      await spool.append(entryOf(["after"]));
      expect(texts(await new SpoolReading(folder).peek(spool))).toEqual(["before", ...stored, "after"]);
      await spool.close();
      const again = await spoolIn(folder);
      expect(texts(await new SpoolReading(folder).peek(again))).toEqual(["before", ...stored, "after"]);
    },
  );

  test("a full disk is told as one", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files });
    files.fail("write", { code: "ENOSPC" });
    await expect(spool.append(entryOf(["lost"]))).rejects.toThrow(/the disk is full; make room/);
  });

  test("a disk that stays full leaves no files behind", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    const spool = await spoolIn(folder, { files });
    await spool.append(entryOf(["before"]));
    for (let attempt = 0; attempt < 5; attempt++) {
      files.fail("write", { code: "ENOSPC" });
      await expect(spool.append(entryOf(["lost"]))).rejects.toEqual(unwritable);
    }
    expect(filesIn(folder, ".seg").length).toBeLessThanOrEqual(2);
  });

  test("however little a write takes, all is written", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    files.writeBytesMax = 7;
    const spool = await spoolIn(folder, { files });
    await Promise.all([
      spool.append(entryOf(["a", "b"])),
      spool.append(entryOf(["c"])),
      spool.append(entryOf(["d"])),
    ]);
    expect(texts(await new SpoolReading(folder).peek(spool))).toEqual(["a", "b", "c", "d"]);
  });

  test("a write that takes nothing is an error", async () => {
    const files = new TestFiles();
    const spool = await spoolIn(spoolFolder(), { files });
    files.writeBytesMax = 0;
    await expect(spool.append(entryOf(["a"]))).rejects.toThrow(/takes no more bytes/);
  });

  test("keys that cannot be kept are told, and the segment goes nevertheless", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const spool = await spoolIn(folder, { files, warn, segmentBytes: 1 });
    await spool.append(entryOf(["a"], { idempotencyKey: "k" }));
    files.fail("rename");
    files.fail("rename");
    await spool.append(entryOf(["b"]));
    await new SpoolReading(folder).run(spool);
    await spool.close();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/\.keys: EIO: made to fail\. When its segment is deleted, retries/);
    expect(filesIn(folder, ".seg")).toHaveLength(1);
  });

  test("a segment that cannot be deleted is told, and deleted with a later commit", async () => {
    const folder = spoolFolder();
    const files = new TestFiles();
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const spool = await spoolIn(folder, { files, warn, segmentBytes: 1 });
    await spool.append(entryOf(["a"]));
    await spool.append(entryOf(["b"]));
    files.fail("remove");
    const reading = new SpoolReading(folder);
    await reading.run(spool);
    await spool.append(entryOf(["c"]));
    await reading.run(spool);
    await spool.close();
    expect(warnings).toEqual([expect.stringMatching(/^Cannot delete in .*EIO/)]);
    expect(filesIn(folder, ".seg")).toHaveLength(1);
  });
});

describe("opening", () => {
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
    files.kill();
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
});
