import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { texts } from "../fixtures.ts";
import { entryOf, filesIn, spoolFolder, spoolIn, SpoolReading, TestFiles } from "./fixtures.ts";

const unwritable: unknown = expect.objectContaining({ code: "SPOOL_UNWRITABLE", retryable: true });

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

test("a segment stays until its keys have a file, which is told once", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  const warnings: string[] = [];
  const spool = await spoolIn(folder, { files, warn: (message) => warnings.push(message), segmentBytes: 1 });
  const reading = new SpoolReading(folder);
  await spool.append(entryOf(["a"], { idempotencyKey: "k" }));
  for (const text of ["b", "c", "d"]) {
    files.fail("rename");
    await spool.append(entryOf([text]));
    await reading.run(spool);
    await files.until(files.calls.length);
  }
  await spool.close();
  expect(warnings).toEqual([expect.stringMatching(/^Cannot delete in .*EIO: made to fail\.$/)]);
  const again = await spoolIn(folder);
  expect(await again.append(entryOf(["a"], { idempotencyKey: "k" }))).toMatchObject({ kind: "repeated" });
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

test("what a failed write left is cut off, to give room back", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  const spool = await spoolIn(folder, { files });
  await spool.append(entryOf(["before"]));
  const [path = ""] = filesIn(folder, ".seg");
  const { size } = statSync(path);
  files.fail("write", { code: "ENOSPC" });
  await expect(spool.append(entryOf(["lost"]))).rejects.toEqual(unwritable);
  expect(statSync(path).size).toBe(size);
});
