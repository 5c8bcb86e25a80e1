import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compress, fileSource, folderWith, outcomes, Reading, type SeenRecord, texts } from "../fixtures.ts";

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `{"n":${from + index}}\n`).join("");

/** Fewer than a thousand records of one file, packed in a way that is larger than one piece of output. */
const many = Buffer.from(
  Array.from({ length: 800 }, (_, index) => `{"n":${index},"x":"${String(index * 7919).repeat(60)}"}\n`).join(
    "",
  ),
);

/** Reads a folder with what earlier runs of the same reading left. */
async function run(reading: Reading, folder: string): Promise<SeenRecord[]> {
  return await reading.run(fileSource({ paths: [folder] }));
}

describe("reading files", () => {
  test("files come in the order of their paths, each a stream of its own", async () => {
    const folder = folderWith({
      "b.json": '[{"n":3}]',
      "a.json.gz": compress.gzip(Buffer.from('{"Records":[{"n":1},{"n":2}]}')),
      "c/d.zst": compress.zstd(Buffer.from(lines(4, 6))),
      "empty.json": "",
    });
    const records = await run(new Reading(), folder);
    expect(
      records.map(({ stream, offset, text }) => [stream.slice(folder.length + 1), offset, text]),
    ).toEqual([
      ["a.json.gz", 12, '{"n":1}'],
      ["a.json.gz", 20, '{"n":2}'],
      ["b.json", 1, '{"n":3}'],
      ["c/d.zst", 0, '{"n":4}'],
      ["c/d.zst", 8, '{"n":5}'],
    ]);
  });

  test("plain files are read without waiting", async () => {
    const source = fileSource({ paths: [folderWith({ a: lines(0, 3), b: lines(3, 6) })] });
    await source.find();
    await source.open(() => undefined);
    expect(source.read()).not.toBeInstanceOf(Promise);
    expect(source.read()).not.toBeInstanceOf(Promise);
    expect(source.read()).toBeUndefined();
    await source.close();
  });

  test("a named field is looked for in every object", async () => {
    const folder = folderWith({ a: '{"meta":1,"logs":[{"n":1}]}\n{"meta":2}\n' });
    const source = fileSource({ paths: [folder], envelopeField: "logs" });
    expect(outcomes(await new Reading().run(source))).toEqual(['{"n":1}', ["no-envelope", '{"meta":2}']]);
  });

  test("a named format is not second-guessed", async () => {
    const folder = folderWith({ a: '[{"n":1}]' });
    const source = fileSource({ paths: [folder], format: "lines" });
    expect(texts(await new Reading().run(source))).toEqual(['[{"n":1}]']);
  });

  test("a record over the limit is a fault, and memory for it is not taken", async () => {
    const folder = folderWith({ a: `${"x".repeat(3_000_000)}\n{"n":1}\n` });
    const source = fileSource({ paths: [folder], limits: { recordBytesMax: 1000 }, bufferBytes: 4096 });
    await source.find();
    await source.open(() => undefined);
    const chunk = await source.read();
    expect(chunk?.faults?.get(0)).toMatchObject({ reason: "too-long", bytesTotal: 3_000_000 });
    expect(chunk?.bytes.length).toBeLessThan(10_000);
    await source.close();
  });

  test("a file that goes between finding and reading ends the run with its name", async () => {
    const folder = folderWith({ a: lines(0, 1), b: lines(1, 2) });
    const source = fileSource({ paths: [folder] });
    await source.find();
    await source.open(() => undefined);
    rmSync(join(folder, "b"));
    expect(await source.read()).toBeDefined();
    await expect((async () => await source.read())()).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      fields: { path: expect.stringMatching(/b$/) },
    });
    await source.close();
  });

  test("closing ends a read that waits", async () => {
    const array = Buffer.from(`[${many.toString()}]`);
    const source = fileSource({ paths: [folderWith({ a: compress.gzip(array) })], bufferBytes: 4096 });
    await source.find();
    await source.open(() => undefined);
    expect(await source.read()).toBeDefined();
    const reading = source.read();
    await source.close();
    expect(await reading).toBeUndefined();
    expect(await source.read()).toBeUndefined();
  });
});

describe("damaged files", () => {
  test.each(["gzip", "zstd"] as const)(
    "a truncated %s file gives what came before, then a fault once",
    async (kind) => {
      const stored = compress[kind](many);
      const folder = folderWith({ "a.z": stored.subarray(0, stored.length - 3), b: lines(0, 1) });
      const reading = new Reading();
      const records = await run(reading, folder);
      const fault = records.findIndex(({ reason }) => reason !== undefined);
      expect(records[fault]).toMatchObject({ reason: "truncated-input" });
      expect(many.toString().startsWith(texts(records.slice(0, fault)).join("\n"))).toBe(true);
      expect(texts(records.slice(fault + 1))).toEqual(['{"n":0}']);
      expect(await run(reading, folder)).toEqual([]);
      touch(join(folder, "b"));
      expect(await run(reading, folder)).toEqual([]);
    },
  );

  test("a truncated file that is then complete goes on before its unfinished record", async () => {
    const stored = compress.gzip(many);
    const folder = folderWith({ "a.gz": stored.subarray(0, stored.length >> 1) });
    const reading = new Reading();
    const before = (await run(reading, folder)).slice(0, -1);
    writeFileSync(join(folder, "a.gz"), stored);
    const after = await run(reading, folder);
    expect(`${texts([...before, ...after]).join("\n")}\n`).toBe(many.toString());
  });

  test("a corrupt file that is repaired in place goes on where the damage was", async () => {
    const first = compress.gzip(many.subarray(0, 100_000));
    const stored = Buffer.concat([first, compress.gzip(many.subarray(100_000))]);
    const damaged = Buffer.from(stored);
    damaged[first.length] = 0xff;
    const folder = folderWith({ "a.gz": damaged });
    const reading = new Reading();
    const before = await run(reading, folder);
    expect(before.at(-1)?.reason).toBe("corrupt-input");
    writeFileSync(join(folder, "a.gz"), stored);
    touch(join(folder, "a.gz"));
    const after = await run(reading, folder);
    expect(`${texts([...before.slice(0, -1), ...after]).join("\n")}\n`).toBe(many.toString());
  });

  test.each([
    {
      place: "in an envelope behind its array",
      before: '{"Records":[{"n":1}],"a":"x',
      after: ',]","Records":[2]}',
    },
    {
      place: "in an envelope before its array",
      before: '{"Other":[{"n":1}]}{"a"',
      after: ':1,"Records":[2]}',
    },
    { place: "behind an array", before: '[{"n":1}] garb', after: "age", faulty: true },
    { place: "behind an envelope", before: '{"Records":[{"n":1}]} garb', after: "age", faulty: true },
  ])("input cut $place goes on there when it has grown", async ({ before, after, faulty }) => {
    const format = before.startsWith("[") ? "array" : "envelope";
    const first = compress.gzip(Buffer.from(before));
    const folder = folderWith({ a: Buffer.concat([first, Buffer.from([0x1f, 0x8b])]) });
    const reading = new Reading();
    const cut = await reading.run(fileSource({ paths: [folder], format }));
    expect(cut.at(-1)?.reason).toBe("truncated-input");
    writeFileSync(join(folder, "a"), Buffer.concat([first, compress.gzip(Buffer.from(after))]));
    expect(outcomes(await reading.run(fileSource({ paths: [folder], format })))).toEqual(
      faulty === true ? [["invalid-json", "garbage"]] : ["2"],
    );
  });

  test("a wrong checksum costs no record", async () => {
    const stored = Buffer.from(compress.gzip(many));
    stored.writeUInt32LE(1, stored.length - 8);
    const records = await run(new Reading(), folderWith({ "a.gz": stored }));
    expect(`${texts(records.slice(0, -1)).join("\n")}\n`).toBe(many.toString());
    expect(outcomes(records.slice(-1))).toEqual([["corrupt-input", ""]]);
  });

  test("other bytes behind a gzip file cost no record and are a fault", async () => {
    const stored = Buffer.concat([compress.gzip(many), Buffer.from('{"n":"not compressed"}\n')]);
    const records = await run(new Reading(), folderWith({ "a.gz": stored }));
    expect(`${texts(records.slice(0, -1)).join("\n")}\n`).toBe(many.toString());
    expect(outcomes(records.slice(-1))).toEqual([["corrupt-input", ""]]);
  });

  test("corrupt data cost only what comes behind them, and the next file is read", async () => {
    const members = [0, 1, 2].map((n) => compress.gzip(Buffer.from(lines(n * 1000, n * 1000 + 500))));
    const stored = Buffer.concat(members);
    const inThird = (members[0]?.length ?? 0) + (members[1]?.length ?? 0) + 2;
    stored[inThird] = 0xff;
    const reading = new Reading();
    const folder = folderWith({ "a.gz": stored, b: lines(0, 1) });
    const records = await run(reading, folder);
    expect(outcomes(records.slice(1000))).toEqual([["corrupt-input", ""], '{"n":0}']);
    expect(await run(reading, folder)).toEqual([]);
  });

  test("an array that is not closed is a fault once, and goes on where it stopped when it has grown", async () => {
    const folder = folderWith({ a: '[{"n":1},{"n"' });
    const reading = new Reading();
    expect(outcomes(await run(reading, folder))).toEqual(['{"n":1}', ["truncated-input", '{"n"']]);
    expect(await run(reading, folder)).toEqual([]);
    writeFileSync(join(folder, "a"), '[{"n":1},{"n":2},{"n":3}]');
    expect(outcomes(await run(reading, folder))).toEqual(['{"n":2}', '{"n":3}']);
  });
});

describe("reading again", () => {
  test.each(["none", "gzip", "zstd"] as const)("an unchanged file (%s) gives nothing", async (kind) => {
    const folder = folderWith({ a: compress[kind](Buffer.from(`${lines(0, 9)}\n\n`)) });
    const reading = new Reading();
    expect(await run(reading, folder)).toHaveLength(9);
    expect(await run(reading, folder)).toEqual([]);
    touch(join(folder, "a"));
    expect(await run(reading, folder)).toEqual([]);
  });

  test.each(["none", "gzip", "zstd"] as const)("an unchanged file (%s) is not opened", async (kind) => {
    const folder = folderWith({ a: compress[kind](Buffer.from(lines(0, 9))) });
    const reading = new Reading();
    await run(reading, folder);
    const source = fileSource({ paths: [folder] });
    await source.find();
    await source.open((stream) => reading.positions.get(stream));
    rmSync(join(folder, "a"));
    expect(await source.read()).toBeUndefined();
    await source.close();
  });

  test("new files in a folder are picked up, also before those that were read", async () => {
    const folder = folderWith({ b: lines(0, 1) });
    const reading = new Reading();
    await run(reading, folder);
    writeFileSync(join(folder, "a"), lines(1, 2));
    writeFileSync(join(folder, "c"), lines(2, 3));
    expect(texts(await run(reading, folder))).toEqual(['{"n":1}', '{"n":2}']);
  });

  test.each([
    ["lines", "none", ['{"n":1}\n', '{"n":2}\n', '\n{"n":3}']],
    ["lines, the last without its end", "none", ['{"n":1}', '\n{"n":2}', '\r\n{"n":3}']],
    ["arrays", "none", ['[{"n":1}]', '\n[{"n":2}', ' , {"n":3}]']],
    [
      "envelopes",
      "none",
      ['{"Records":[{"n":1}]}', '\n{"Records":[{"n":2}],"a":[1]}', '{"Records":[{"n":3}]}'],
    ],
    ["documents", "none", ['{\n"n":1}', '\n{"n":2}', '{"n":3}']],
    ["members", "gzip", ['{"n":1}\n', '{"n":2}\n', '{"n":3}\n']],
    ["frames", "zstd", ['{"n":1}\n', '{"n":2}\n', '{"n":3}\n']],
  ] as const)("a file that has grown goes on where it ended: %s", async (_, kind, parts) => {
    const folder = folderWith();
    const reading = new Reading();
    const records: SeenRecord[] = [];
    let content = Buffer.alloc(0);
    for (const part of parts) {
      content = Buffer.concat([content, compress[kind](Buffer.from(part))]);
      writeFileSync(join(folder, "a"), content);
      records.push(...(await run(reading, folder)).filter(({ reason }) => reason === undefined));
    }
    expect(records.map(({ text }) => JSON.parse(text) as unknown)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  test("a replaced file is read from its start, whatever its size", async () => {
    for (const replacement of [lines(100, 101), lines(100, 109), lines(100, 400)]) {
      const folder = folderWith({ a: lines(0, 9) });
      const reading = new Reading();
      await run(reading, folder);
      writeFileSync(join(folder, "a"), replacement);
      touch(join(folder, "a"));
      expect(texts(await run(reading, folder))).toEqual(replacement.trim().split("\n"));
    }
  });

  test.each(["none", "gzip"] as const)(
    "a file that was cut and begins alike is read from its start (%s)",
    async (kind) => {
      const head = lines(1000, 1400);
      const folder = folderWith({ a: compress[kind](Buffer.from(head + lines(0, 50))) });
      const reading = new Reading();
      expect(await run(reading, folder)).toHaveLength(450);
      writeFileSync(join(folder, "a"), compress[kind](Buffer.from(lines(1000, 1400))));
      expect(await run(reading, folder)).toHaveLength(400);
    },
  );

  test("a file shorter than what is hashed is recognised when it has grown beyond", async () => {
    const folder = folderWith({ a: lines(0, 1) });
    const reading = new Reading();
    await run(reading, folder);
    writeFileSync(join(folder, "a"), lines(0, 500));
    expect(await run(reading, folder)).toHaveLength(499);
    expect(await run(reading, folder)).toEqual([]);
  });

  test("plain content that becomes compressed is a new file", async () => {
    const folder = folderWith({ a: Buffer.from([0x1f]) });
    const reading = new Reading();
    expect(await run(reading, folder)).toHaveLength(1);
    writeFileSync(join(folder, "a"), compress.gzip(Buffer.from(lines(0, 3))));
    expect(texts(await run(reading, folder))).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
  });

  test("compressed content that got shorter without the file doing so is a fault, not read twice", async () => {
    const random = Array.from({ length: 4000 }, (_, index) => `{"n":${(index * 48_271) % 65_521}}\n`).join(
      "",
    );
    const whole = compress.gzip(Buffer.from(random));
    const half = compress.gzip(Buffer.from(random.slice(0, 12_000)));
    const folder = folderWith({ a: Buffer.concat([half, compress.gzip(Buffer.from(random.slice(12_000)))]) });
    const reading = new Reading();
    await run(reading, folder);
    writeFileSync(join(folder, "a"), Buffer.concat([half, Buffer.alloc(whole.length)]));
    expect(outcomes(await run(reading, folder))).toEqual([["corrupt-input", ""]]);
  });

  test.each([
    ["offset", "12"],
    ["format", "csv"],
    ["inside", 1],
    ["headHash", null],
  ])("a stored position whose %s is %j is refused", async (name, value) => {
    const folder = folderWith({ a: lines(0, 9) });
    const reading = new Reading();
    await run(reading, folder);
    for (const [stream, position] of reading.positions)
      reading.positions.set(stream, { ...position, [name]: value });
    await expect(run(reading, folder)).rejects.toMatchObject({
      code: "STATE_FILE_UNUSABLE",
      message: expect.stringContaining(name),
    });
  });
});

describe("progress", () => {
  test.each(["none", "gzip"] as const)("counts stored bytes of this run (%s)", async (kind) => {
    const stored = compress[kind](many);
    const folder = folderWith({ a: stored, b: stored });
    const reading = new Reading();
    const whole = fileSource({ paths: [folder] });
    await reading.run(whole, 900);
    expect(whole.progress().bytesTotal).toBe(stored.length * 2);

    const rest = fileSource({ paths: [folder] });
    await reading.run(rest);
    const { bytesRead, bytesTotal } = rest.progress();
    expect(bytesRead).toBe(bytesTotal);
    expect(bytesTotal).toBeLessThanOrEqual(stored.length);

    const again = fileSource({ paths: [folder] });
    await reading.run(again);
    expect(again.progress()).toEqual({ bytesRead: 0, bytesTotal: 0 });
  });
});

function touch(path: string): void {
  utimesSync(path, 1_000_000, 1_000_000);
}
