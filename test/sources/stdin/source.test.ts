import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../../src/core/limits.ts";
import type { Source } from "../../../src/sources/source.ts";
import { createStreamSource, type StreamSourceOptions } from "../../../src/sources/stdin/source.ts";
import { compress, outcomes, Reading, recordsOf, texts } from "../fixtures.ts";

async function* blocksOf(content: Buffer, blockBytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += blockBytes) {
    yield content.subarray(offset, offset + blockBytes);
  }
}

function streamSource(
  content: string | Buffer,
  options: Partial<StreamSourceOptions> & { blockBytes?: number } = {},
): Source {
  const input = blocksOf(Buffer.from(content), options.blockBytes ?? 7);
  return createStreamSource({ input, limits: defaultLimits, ...options });
}

describe("standard input", () => {
  test("records come with the number of the run and their offset", async () => {
    const records = await new Reading().run(streamSource('{"n":1}\r\n\n{"n":2}'));
    expect(records).toEqual([
      { stream: "1", offset: 0, text: '{"n":1}' },
      { stream: "1", offset: 10, text: '{"n":2}' },
    ]);
  });

  test.each([
    ["lines", '{"n":1}\n{"n":2}'],
    ["array", '[{"n":1},{"n":2}]'],
    ["envelope", '{"Records":[{"n":1},{"n":2}]}'],
    ["documents", '{\n"n":1}\n{"n":2}'],
  ])("%s, plain and compressed", async (_, content) => {
    for (const pack of Object.values(compress)) {
      for (const blockBytes of [1, 5, 4096]) {
        const records = await new Reading().run(streamSource(pack(Buffer.from(content)), { blockBytes }));
        expect(records.map(({ text }) => JSON.parse(text) as unknown)).toEqual([{ n: 1 }, { n: 2 }]);
      }
    }
  });

  test("a named field is looked for in every object", async () => {
    const source = streamSource('{"a":1,"logs":[{"n":1}]}', { envelopeField: "logs" });
    expect(texts(await new Reading().run(source))).toEqual(['{"n":1}']);
  });

  test("nothing at all has no records", async () => {
    expect(await new Reading().run(streamSource(""))).toEqual([]);
  });

  test("truncated compressed input gives what came before, then a fault", async () => {
    const stored = compress.gzip(Buffer.from('{"n":1}\n{"n":2}\n'));
    const records = await new Reading().run(streamSource(stored.subarray(0, -2)));
    expect(outcomes(records)).toEqual(['{"n":1}', '{"n":2}', ["truncated-input", ""]]);
  });

  test("corrupt compressed input is a fault", async () => {
    const stored = Buffer.concat([compress.gzip(Buffer.from('{"n":1}\n')), Buffer.from("other bytes")]);
    const records = await new Reading().run(streamSource(stored, { blockBytes: 1 }));
    expect(outcomes(records)).toEqual(['{"n":1}', ["corrupt-input", ""]]);
  });

  test("a record over the limit is a fault, and the next one is read", async () => {
    const source = streamSource(`${"x".repeat(5000)}\nok`, {
      limits: { recordBytesMax: 10 },
      bufferBytes: 16,
    });
    expect(outcomes(await new Reading().run(source))).toEqual([["too-long", "x".repeat(10)], "ok"]);
  });

  test("records are there as soon as they have come", async () => {
    const input = new PassThrough();
    const source = createStreamSource({ input, limits: defaultLimits });
    await source.find();
    await source.open(() => undefined);
    input.write('{"n":1}\n{"n":');
    const first = await source.read();
    expect(first && texts(recordsOf(first))).toEqual(['{"n":1}']);
    input.write("2}\n");
    const second = await source.read();
    expect(second && texts(recordsOf(second))).toEqual(['{"n":2}']);
    await source.close();
  });

  test.each([
    ["a stream", () => new PassThrough()],
    ["anything that gives bytes", () => blocksThatNeverCome()],
  ])("closing ends a read that waits for %s", async (_, open) => {
    const source = createStreamSource({ input: open(), limits: defaultLimits });
    await source.find();
    await source.open(() => undefined);
    const reading = source.read();
    await source.close();
    expect(await reading).toBeUndefined();
    expect(await source.read()).toBeUndefined();
  });

  test("closing in the middle of a record makes no fault of it", async () => {
    const input = new PassThrough();
    const source = createStreamSource({ input, limits: defaultLimits });
    await source.find();
    await source.open(() => undefined);
    input.write('[{"n":1},{"n"');
    expect((await source.read())?.count).toBe(1);
    const reading = source.read();
    await source.close();
    expect(await reading).toBeUndefined();
  });

  test("an input that fails ends the run", async () => {
    const input = new PassThrough();
    const source = createStreamSource({ input, limits: defaultLimits });
    await source.find();
    await source.open(() => undefined);
    const reading = (async () => await source.read())();
    input.destroy(new Error("no such device"));
    await expect(reading).rejects.toMatchObject({
      code: "INPUT_UNREADABLE",
      message: expect.stringMatching(/device/),
    });
    await source.close();
  });

  test("bytes are counted as they come, and how many there will be is not known", async () => {
    const stored = compress.gzip(Buffer.from('{"n":1}\n'));
    const source = streamSource(stored);
    await new Reading().run(source);
    expect(source.progress()).toEqual({ bytesRead: stored.length, bytesTotal: undefined });
  });
});

describe("numbers of runs", () => {
  test("each run that committed something has the next number", async () => {
    const reading = new Reading();
    for (let run = 1; run <= 40; run++) {
      const records = await reading.run(streamSource('{"n":1}\n{"n":2}\n'));
      expect(records.map(({ stream }) => stream)).toEqual([String(run), String(run)]);
    }
  });

  test("a run without records leaves its number to the next", async () => {
    const reading = new Reading();
    await reading.run(streamSource("\n"));
    expect(await reading.run(streamSource("a\n"))).toMatchObject([{ stream: "1" }]);
  });

  test("few positions are asked for", async () => {
    const asked: string[] = [];
    const source = streamSource("a\n");
    await source.find();
    await source.open((stream) => {
      asked.push(stream);
      return Number(stream) <= 1000 ? {} : undefined;
    });
    expect((await source.read())?.stream).toBe("1001");
    expect(asked.length).toBeLessThan(25);
    await source.close();
  });
});

function blocksThatNeverCome(): AsyncIterable<Buffer> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Buffer>>(() => {}) }) };
}
