import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Signal } from "../../../src/core/signal.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { outcomes, recordsOf, texts } from "../fixtures.ts";
import { entryOf, filesIn, source, spoolFolder, spoolIn, SpoolReading } from "./fixtures.ts";

test("records come in the order in which requests were stored", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a", "bb"]));
  await spool.append(entryOf(["ccc"]));
  expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["a", "bb", "ccc"]);
});

test("every record has an offset of its own, empty ones too", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { segmentBytes: 200 });
  for (let request = 0; request < 5; request++) await spool.append(entryOf(["", "", "x", ""]));
  const records = await new SpoolReading(folder).run(spool);
  expect(new Set(records.map(({ offset }) => offset)).size).toBe(20);
});

test("a source is known by its name, in a stream named by when the spool began", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { clock: manualClock(Date.UTC(2026, 1, 3)) });
  await spool.append(entryOf(["a"]));
  const reading = new SpoolReading(folder);
  const [record] = await reading.run(spool);
  expect(reading.source(spool).id).toBe(source);
  expect(record?.stream).toBe("spool:2026-02-03T00:00:00.000Z");
});

test("a read waits until something is stored", async () => {
  const folder = spoolFolder();
  const arrivals = new Signal();
  const spool = await spoolIn(folder, { onAppended: () => arrivals.raise() });
  const reader = new SpoolReading(folder).source(spool, { arrivals });
  await reader.open(() => undefined);
  const reading = reader.read();
  await spool.append(entryOf(["late"]));
  const chunk = await reading;
  expect(chunk === undefined ? [] : texts(recordsOf(chunk))).toEqual(["late"]);
  await reader.close();
});

test("a wake-up without anything new is slept over", async () => {
  const folder = spoolFolder();
  const arrivals = new Signal();
  const spool = await spoolIn(folder);
  const reader = new SpoolReading(folder).source(spool, { arrivals });
  await reader.open(() => undefined);
  const reading = reader.read();
  arrivals.raise();
  await spool.append(entryOf(["late"]));
  arrivals.raise();
  const chunk = await reading;
  expect(chunk === undefined ? [] : texts(recordsOf(chunk))).toEqual(["late"]);
  await reader.close();
});

test("closing ends a read that waits, and reads after it", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  const reader = new SpoolReading(folder).source(spool);
  await reader.open(() => undefined);
  const reading = reader.read();
  await reader.close();
  expect(await reading).toBeUndefined();
  await spool.append(entryOf(["late"]));
  expect(await reader.read()).toBeUndefined();
});

test("every place of a chunk is one to go on from", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { segmentBytes: 150 });
  const requests = [["a", "bb", "c"], ["d"], ["ee", "f"]];
  for (const records of requests) await spool.append(entryOf(records));
  const all = requests.flat();
  for (let count = 0; count <= all.length; count++) {
    const reading = new SpoolReading(folder);
    const before = await reading.run(spool, count);
    expect(texts([...before, ...(await reading.run(spool))])).toEqual(all);
    expect(await reading.run(spool)).toEqual([]);
  }
});

test("a position keeps the record's number within its request", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a", "b", "c"]));
  const reader = new SpoolReading(folder).source(spool);
  await reader.open(() => undefined);
  const chunk = await reader.read();
  const end = 76 + 3 * 4 + 3 * 2;
  expect([0, 1, 3].map((count) => chunk?.positionAfter(count))).toEqual([
    { offset: 0, record: 0, sequence: 0 },
    { offset: 0, record: 1, sequence: 1 },
    { offset: end, record: 0, sequence: 3 },
  ]);
  await reader.close();
});

test("a record beyond the limit is a fault that holds its beginning", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["first", "toolong", "last"]));
  const reader = new SpoolReading(folder).source(spool, { limits: { recordBytesMax: 5 } });
  await reader.open(() => undefined);
  const chunk = await reader.read();
  const records = chunk === undefined ? [] : recordsOf(chunk);
  expect(outcomes(records)).toEqual(["first", ["too-long", "toolo"], "last"]);
  expect(chunk?.faults?.get(1)).toEqual({
    reason: "too-long",
    message: "the record has 7 bytes; the limit is 5",
    bytesTotal: 7,
  });
  await reader.close();
});

test("faults keep their number where reading goes on within a request", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["toolong", "toolong", "last"]));
  const reader = new SpoolReading(folder).source(spool, { limits: { recordBytesMax: 5 } });
  await reader.open(() => ({ offset: 0, record: 1, sequence: 1 }));
  const chunk = await reader.read();
  expect(chunk === undefined ? [] : outcomes(recordsOf(chunk))).toEqual([["too-long", "toolo"], "last"]);
  await reader.close();
});

test("a request longer than what is read at once comes whole", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { backlogBytesMax: 1e9 });
  const long = Array.from({ length: 3 }, (_, index) => String(index).repeat(3_000_000));
  await spool.append(entryOf(["before"]));
  await spool.append(entryOf(long));
  await spool.append(entryOf(["after"]));
  expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["before", ...long, "after"]);
});

test("nothing is read that is written and not durable yet", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  const [segment = ""] = filesIn(folder, ".seg");
  // The same frame again: what stands behind the durable end may look like anything.
  const written = readFileSync(segment);
  writeFileSync(segment, Buffer.concat([written, written]));
  expect(texts(await new SpoolReading(folder).run(spool))).toEqual(["a"]);
});

test("damaged bytes between requests become one dead letter, and what follows is read", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  for (const text of ["a", "b", "c"]) await spool.append(entryOf([text]));
  const [segment = ""] = filesIn(folder, ".seg");
  const bytes = readFileSync(segment);
  const frame = bytes.length / 3;
  bytes.writeUInt8(0x58, frame * 2 - 2);
  writeFileSync(segment, bytes);
  const reading = new SpoolReading(folder);
  const records = await reading.run(spool);
  expect(records.map(({ text, reason }) => reason ?? text)).toEqual(["a", "corrupt-input", "c"]);
  expect(records[1]).toMatchObject({ offset: frame, bytesTotal: frame });
  expect(await reading.run(spool)).toEqual([]);
  expect(spool.backlog(source).records).toBe(0);
});

test.each([
  ["a position of another kind", { line: 3 }],
  ["a negative offset", { offset: -1, record: 0, sequence: 0 }],
  ["text", { offset: "0", record: 0, sequence: 0 }],
])("%s is told as a state that cannot be used", async (_, position) => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  const reader = new SpoolReading(folder).source(spool);
  await expect(reader.open(() => position)).rejects.toMatchObject({ code: "STATE_FILE_UNUSABLE" });
});

test("a missing folder is told before anything is read", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  rmSync(folder, { recursive: true });
  const reader = new SpoolReading(folder).source(spool);
  expect(() => reader.find()).toThrow(expect.objectContaining({ code: "INPUT_NOT_FOUND" }));
});

test("a folder without segments cannot be read", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  for (const path of filesIn(folder, ".seg")) rmSync(path);
  const reader = new SpoolReading(folder).source(spool);
  await expect(reader.open(() => undefined)).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
});

test("a segment that vanished is told", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { segmentBytes: 1 });
  await spool.append(entryOf(["a"]));
  await spool.append(entryOf(["b"]));
  const reader = new SpoolReading(folder).source(spool);
  await reader.open(() => undefined);
  const [first = ""] = filesIn(folder, ".seg");
  rmSync(first);
  mkdirSync(first);
  expect(() => reader.read()).toThrow(expect.objectContaining({ code: "INPUT_UNREADABLE" }));
});

test("a state that is older than the spool is told, with a file that accepts the loss", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder, { segmentBytes: 1 });
  for (const text of ["a", "b", "c"]) await spool.append(entryOf([text]));
  const old = new SpoolReading(folder);
  await old.run(spool, 1);
  const current = new SpoolReading(folder);
  await current.run(spool, 2);
  await spool.append(entryOf(["d"]));
  await current.run(spool, 1);
  await spool.close();

  const again = await spoolIn(folder);
  const error = await old.run(again).then(
    () => new Error("it was read"),
    (error: Error) => error,
  );
  expect(error).toMatchObject({ code: "INPUT_UNREADABLE" });
  const [, path = ""] = /create the file (\S+) and/.exec(error.message) ?? [];
  writeFileSync(path, "");
  expect(texts(await old.run(again))).toEqual(["d"]);
});

test("a spool that is older than the state is told", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  const reader = new SpoolReading(folder).source(spool);
  const opening = reader.open(() => ({ offset: 10_000, record: 0, sequence: 50 }));
  await expect(opening).rejects.toThrow(/Move the folder away/);
});

test("a spool that is begun anew is another stream, read from its start", async () => {
  const folder = spoolFolder();
  const reading = new SpoolReading(folder);
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  expect(texts(await reading.run(spool))).toEqual(["a"]);
  await spool.close();
  rmSync(folder, { recursive: true });
  const again = await spoolIn(folder, { clock: manualClock(Date.UTC(2026, 5)) });
  await again.append(entryOf(["b"]));
  expect(texts(await reading.run(again))).toEqual(["b"]);
  expect(reading.positions.size).toBe(2);
});

test("progress counts what was read, and knows no end", async () => {
  const folder = spoolFolder();
  const spool = await spoolIn(folder);
  await spool.append(entryOf(["a"]));
  const reader = new SpoolReading(folder).source(spool);
  await reader.open(() => undefined);
  await reader.read();
  expect(reader.progress()).toEqual({ bytesRead: spool.backlog(source).bytes, bytesTotal: undefined });
  await reader.close();
});
