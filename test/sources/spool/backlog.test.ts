import { describe, expect, test } from "vitest";
import { Backlog } from "../../../src/sources/spool/backlog.ts";
import { type ManualClock, manualClock } from "../../../src/testing/manual-clock.ts";
import { texts } from "../fixtures.ts";
import { entryOf, source, spoolFolder, spoolIn, SpoolReading } from "./fixtures.ts";

const frameBytes = 76 + 4 + 2;

describe("of a spool", () => {
  test("what is stored waits until it is committed", async () => {
    const folder = spoolFolder();
    const clock = manualClock();
    const spool = await spoolIn(folder, { clock });
    expect(spool.backlog(source)).toEqual({ records: 0, bytes: 0, oldestMs: undefined });
    const storedMs = clock.nowMs();
    await spool.append(entryOf(["a"]));
    clock.advance(1000);
    await spool.append(entryOf(["b"]));
    expect(spool.backlog(source)).toEqual({ records: 2, bytes: frameBytes * 2, oldestMs: storedMs });
    const reading = new SpoolReading(folder);
    await reading.run(spool, 1);
    expect(spool.backlog(source)).toEqual({ records: 1, bytes: frameBytes, oldestMs: storedMs + 1000 });
    await reading.run(spool);
    expect(spool.backlog(source)).toEqual({ records: 0, bytes: 0, oldestMs: undefined });
  });

  test("of a request that is committed in part the rest waits", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    await spool.append(entryOf(["a", "b", "c"]));
    await new SpoolReading(folder).run(spool, 2);
    expect(spool.backlog(source).records).toBe(1);
  });

  test.each([
    ["one segment", {}],
    ["many segments", { segmentBytes: 1 }],
  ])("it is known after a restart as soon as the lane has begun, with %s", async (_, options) => {
    const folder = spoolFolder();
    const clock = manualClock();
    const spool = await spoolIn(folder, { clock, ...options });
    const storedMs = clock.nowMs();
    for (const text of ["a", "b", "c"]) {
      await spool.append(entryOf([text]));
      clock.advance(1000);
    }
    const reading = new SpoolReading(folder);
    await reading.run(spool, 1);
    await spool.close();
    const again = await spoolIn(folder, { clock, ...options });
    const lane = reading.source(again);
    await lane.open((stream) => reading.positions.get(stream));
    expect(again.backlog(source)).toEqual({ records: 2, bytes: frameBytes * 2, oldestMs: storedMs + 1000 });
    await lane.close();
  });

  test("positions of other sources and streams change nothing", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder);
    await spool.append(entryOf(["a"]));
    const position = { offset: 1_000_000, record: 0, sequence: 1 };
    spool.committed("files", "/var/log/x", { line: 1 });
    spool.committed(source, "spool:2020-01-01T00:00:00.000Z", position);
    expect(spool.backlog(source).records).toBe(1);
  });

  test("with as much as may wait, clients are told to come later", async () => {
    const folder = spoolFolder();
    const spool = await spoolIn(folder, { backlogBytesMax: frameBytes * 2 });
    for (const text of ["a", "b"])
      expect(await spool.append(entryOf([text]))).toMatchObject({ kind: "stored" });
    expect(await spool.append(entryOf(["c"]))).toEqual({ kind: "full", retryAfterMs: 5000 });
    const reading = new SpoolReading(folder);
    await reading.run(spool, 1);
    expect(await spool.append(entryOf(["d"]))).toMatchObject({ kind: "stored" });
    expect(texts(await reading.run(spool))).toEqual(["b", "d"]);
  });

  test("what is being written counts as well", async () => {
    const spool = await spoolIn(spoolFolder(), { backlogBytesMax: frameBytes * 2 });
    const receipts = await Promise.all(["a", "b", "c"].map((text) => spool.append(entryOf([text]))));
    expect(receipts.map(({ kind }) => kind)).toEqual(["stored", "stored", "full"]);
  });

  test("a request that is larger than all that may wait is taken when nothing does", async () => {
    const spool = await spoolIn(spoolFolder(), { backlogBytesMax: 10 });
    expect(await spool.append(entryOf(["a"]))).toMatchObject({ kind: "stored" });
    expect(await spool.append(entryOf(["b"]))).toMatchObject({ kind: "full" });
  });
});

describe("when to come again", () => {
  const backlogOf = (clock: ManualClock) => new Backlog(clock, { offset: 0, sequence: 0 });

  test("follows from how fast the lane commits", () => {
    const clock = manualClock();
    const backlog = backlogOf(clock);
    backlog.stored({ offset: 100_000, sequence: 100 }, clock.nowMs());
    for (let second = 1; second <= 4; second++) {
      clock.advance(1000);
      backlog.committed({ offset: second * 1000, sequence: second });
    }
    expect(backlog.retryAfterMs(7000)).toBe(7000);
  });

  test("is longer while nothing is committed, up to a minute", () => {
    const clock = manualClock();
    const backlog = backlogOf(clock);
    backlog.stored({ offset: 100_000, sequence: 100 }, clock.nowMs());
    clock.advance(1000);
    backlog.committed({ offset: 1000, sequence: 1 });
    clock.advance(1000);
    expect(backlog.retryAfterMs(1000)).toBe(2000);
    clock.advance(1_000_000);
    expect(backlog.retryAfterMs(1000)).toBe(60_000);
  });

  test("is at least a second", () => {
    const clock = manualClock();
    const backlog = backlogOf(clock);
    backlog.stored({ offset: 1_000_000, sequence: 100 }, clock.nowMs());
    clock.advance(2000);
    backlog.committed({ offset: 900_000, sequence: 90 });
    expect(backlog.retryAfterMs(1)).toBe(1000);
  });

  test("is not told by what was long ago", () => {
    const clock = manualClock();
    const backlog = backlogOf(clock);
    backlog.stored({ offset: 1000, sequence: 1 }, clock.nowMs());
    clock.advance(1000);
    backlog.committed({ offset: 1000, sequence: 1 });
    clock.advance(3_600_000);
    backlog.stored({ offset: 100_000, sequence: 100 }, clock.nowMs());
    clock.advance(2000);
    backlog.committed({ offset: 51_000, sequence: 50 });
    expect(backlog.retryAfterMs(50_000)).toBe(2000);
  });
});

test("the oldest record is never older than told by more than a tenth of a second, however many there are", () => {
  const clock = manualClock();
  const backlog = new Backlog(clock, { offset: 0, sequence: 0 });
  for (let index = 1; index <= 2000; index++) {
    backlog.stored({ offset: index, sequence: index }, clock.nowMs());
    clock.advance(33);
  }
  for (let index = 1; index < 2000; index++) {
    backlog.committed({ offset: index, sequence: index });
    const storedMs = manualClock().nowMs() + index * 33;
    const { oldestMs = 0 } = backlog.read();
    expect(storedMs - oldestMs).toBeGreaterThanOrEqual(0);
    expect(storedMs - oldestMs).toBeLessThan(100);
  }
});
