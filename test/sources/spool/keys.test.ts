import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { texts } from "../fixtures.ts";
import { entryOf, filesIn, source, spoolFolder, spoolIn, SpoolReading, TestFiles } from "./fixtures.ts";

const unwritable: unknown = expect.objectContaining({ code: "SPOOL_UNWRITABLE", retryable: true });

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

test("with too many keys the older half is forgotten", async () => {
  const spool = await spoolIn(spoolFolder(), { keysMax: 4 });
  const append = (key: string) => spool.append(entryOf([key], { idempotencyKey: key }));
  for (const key of ["1", "2", "3", "4", "5"]) await append(key);
  expect(await append("3")).toMatchObject({ kind: "repeated" });
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

test("a key is known after a power failure when its segment is gone", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  const spool = await spoolIn(folder, { files, segmentBytes: 1 });
  await spool.append(keyed(["a"]));
  await spool.append(entryOf(["b"]));
  await new SpoolReading(folder).run(spool);
  await spool.close();
  expect(filesIn(folder, ".seg")).toHaveLength(1);
  files.losePower(0);
  const again = await spoolIn(folder);
  expect(await again.append(keyed(["a"]))).toMatchObject({ kind: "repeated" });
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
