import { describe, expect, test } from "vitest";

import { defaultLimits } from "../../../src/core/limits.ts";
import { createStreamSource, type StreamResume } from "../../../src/sources/stdin/source.ts";
import { compress, Reading, type SeenRecord } from "../fixtures.ts";

const contents = {
  lines: '{"n":1}\n\n{"n":2}\r\n{"n":3}\n{"n":4}',
  array: '\n[{"n":1}, {"n":2},\n{"n":3},{"n":4}]\n',
  envelope: '{"Records":[{"n":1},{"n":2}]}\n{"Records":[{"n":3},{"n":4}]}',
  documents: '{\n"n":1}\n{"n":2} {"n":3}\n{"n":4}',
} as const;

async function* blocksOf(bytes: Buffer, blockBytes: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += blockBytes) {
    yield bytes.subarray(offset, offset + blockBytes);
  }
}

interface Given {
  readonly bytes: Buffer;
  readonly blockBytes: number;
  readonly resume?: StreamResume;
}

/** Reads what is given as one source does, to the end or until so many records are committed. */
async function read(
  { bytes, blockBytes, resume }: Given,
  recordsMax?: number,
): Promise<[SeenRecord[], Reading]> {
  const reading = new Reading();
  const input = blocksOf(bytes, blockBytes);
  const records = await reading.run(createStreamSource({ input, resume, limits: defaultLimits }), recordsMax);
  return [records, reading];
}

describe.each(Object.entries(contents))("%s on standard input, read on by another source", (_, content) => {
  const plain = Buffer.from(content);

  test.each([1, 2, 3, 4])("give after record %d the records that are left, at their places", async (done) => {
    const [all] = await read({ bytes: plain, blockBytes: 5 });
    expect(all).toHaveLength(4);
    for (const blockBytes of [1, 5, 4096]) {
      const [first, { positions }] = await read({ bytes: plain, blockBytes }, done);
      const position = positions.get("1") ?? {};
      for (const firstByte of [0, Number(position["offset"]) - 1, Number(position["offset"])]) {
        const resume = { stream: "1", position, firstByte };
        const [rest] = await read({ bytes: plain.subarray(firstByte), blockBytes, resume });
        expect([...first, ...rest]).toEqual(all);
      }
    }
  });

  test.each(["gzip", "zstd"] as const)(
    "give them also when %s is read from its beginning",
    async (compression) => {
      const bytes = compress[compression](plain);
      const [all] = await read({ bytes, blockBytes: 5 });
      const [first, { positions }] = await read({ bytes, blockBytes: 5 }, 2);
      const resume = { stream: "1", position: positions.get("1") ?? {}, firstByte: 0 };
      const [rest] = await read({ bytes, blockBytes: 5, resume });
      expect([...first, ...rest]).toEqual(all);
    },
  );
});

test("bytes in the middle that look compressed are not", async () => {
  const bytes = Buffer.concat([
    Buffer.from("x"),
    Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
    Buffer.from("\none\n"),
  ]);
  const [all] = await read({ bytes, blockBytes: 4 });
  const [first, { positions }] = await read({ bytes, blockBytes: 4 }, 1);
  const resume = { stream: "1", position: positions.get("1") ?? {}, firstByte: 1 };
  const [rest] = await read({ bytes: bytes.subarray(1), blockBytes: 4, resume });
  expect([...first, ...rest]).toEqual(all);
});
