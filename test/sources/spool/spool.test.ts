import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { texts } from "../fixtures.ts";
import { entryOf, filesIn, source, spoolFolder, spoolIn, SpoolReading, TestFiles } from "./fixtures.ts";

const unwritable: unknown = expect.objectContaining({ code: "SPOOL_UNWRITABLE", retryable: true });

test("a receipt says how many records were stored", async () => {
  const spool = await spoolIn(spoolFolder());
  expect(await spool.append(entryOf(["a", "b"]))).toEqual({ kind: "stored", records: 2 });
});

test("a request is durable before its receipt", async () => {
  const folder = spoolFolder();
  const files = new TestFiles();
  const spool = await spoolIn(folder, { files });
  await spool.append(entryOf(["a"]));
  await files.kill();
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
