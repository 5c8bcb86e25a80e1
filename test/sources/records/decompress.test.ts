import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  DecompressionError,
  Decompressor,
  detectCompression,
} from "../../../src/sources/records/decompress.ts";
import { compress } from "../fixtures.ts";

const content = Buffer.from(Array.from({ length: 30_000 }, (_, index) => `{"n":${index * 7919}}\n`).join(""));
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

/** Everything that comes out, and the reason for which it ended early. */
async function decompress(compression: "gzip" | "zstd", stored: Buffer, blockBytes: number = 64 * 1024) {
  let offset = 0;
  const decompressor = new Decompressor(compression, () => {
    const block = Buffer.from(stored.subarray(offset, offset + blockBytes));
    offset += block.length;
    return block.length === 0 ? undefined : block;
  });
  const pieces: Buffer[] = [];
  try {
    for (let piece = await decompressor.read(); piece !== undefined; piece = await decompressor.read())
      pieces.push(piece);
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    return { output: Buffer.concat(pieces), reason: error.failure.reason };
  } finally {
    decompressor.close();
  }
  return { output: Buffer.concat(pieces), reason: undefined };
}

describe.each(["gzip", "zstd"] as const)("%s", (compression) => {
  const stored = compress[compression](content);

  test("is recognised by its first bytes", () => {
    expect(detectCompression(stored)).toBe(compression);
  });

  test.each([1000, 64 * 1024])("gives the content, in blocks of %d bytes", async (blockBytes) => {
    const { output, reason } = await decompress(compression, stored, blockBytes);
    expect(reason).toBeUndefined();
    expect(output.equals(content)).toBe(true);
  });

  test("several members, with zeros between and behind them", async () => {
    const zeros = Buffer.alloc(70_000);
    const parts = [stored, compress[compression](Buffer.from("tail")), zeros, stored, zeros];
    for (const blockBytes of [stored.length, 64 * 1024]) {
      const { output, reason } = await decompress(compression, Buffer.concat(parts), blockBytes);
      expect(reason).toBeUndefined();
      expect(output.equals(Buffer.concat([content, Buffer.from("tail"), content]))).toBe(true);
    }
  });

  test("cut off anywhere, it is truncated, and what came out is the content's beginning", async () => {
    const small = compress[compression](content.subarray(0, 600));
    for (let bytes = 4; bytes < small.length; bytes++) {
      const { output, reason } = await decompress(compression, small.subarray(0, bytes));
      expect(reason).toBe("truncated-input");
      expect(output.equals(content.subarray(0, output.length))).toBe(true);
    }
  });

  test("cut off in a later member, it is truncated behind the earlier ones", async () => {
    const { output, reason } = await decompress(compression, Buffer.concat([stored, stored.subarray(0, 9)]));
    expect(reason).toBe("truncated-input");
    expect(output.equals(content)).toBe(true);
  });

  test("other bytes behind it are corrupt", async () => {
    const small = compress[compression](content.subarray(0, 3000));
    const { output, reason } = await decompress(
      compression,
      Buffer.concat([small, Buffer.from("other bytes")]),
      1,
    );
    expect(reason).toBe("corrupt-input");
    expect(output.equals(content.subarray(0, 3000))).toBe(true);
  });

  test("closing ends a read that waits", async () => {
    const never = new Promise<undefined>(() => {});
    let isFirst = true;
    const decompressor = new Decompressor(compression, () => {
      const block = isFirst ? stored.subarray(0, 5) : never;
      isFirst = false;
      return block;
    });
    const reading = decompressor.read();
    decompressor.close();
    expect(await reading).toBeUndefined();
  });
});

test("frames that decompressors skip may come first, as parallel compressors write them", async () => {
  const stored = Buffer.concat([
    skippable,
    zstdCompressSync(content),
    skippable,
    zstdCompressSync(Buffer.from("x")),
  ]);
  expect(detectCompression(stored)).toBe("zstd");
  const { output, reason } = await decompress("zstd", stored);
  expect(reason).toBeUndefined();
  expect(output.equals(Buffer.concat([content, Buffer.from("x")]))).toBe(true);
});

test("a piece that expands a thousandfold comes out in bounded pieces", async () => {
  const bomb = zstdCompressSync(Buffer.alloc(50 * 1024 * 1024));
  let given = false;
  const decompressor = new Decompressor("zstd", () => {
    const block = given ? undefined : bomb;
    given = true;
    return block;
  });
  let total = 0;
  for (let piece = await decompressor.read(); piece !== undefined; piece = await decompressor.read()) {
    expect(piece.length).toBeLessThanOrEqual(512 * 1024);
    total += piece.length;
  }
  decompressor.close();
  expect(total).toBe(50 * 1024 * 1024);
});

test.each([Buffer.alloc(0), Buffer.from("{}"), Buffer.from([0x1f, 0x8b]), Buffer.from("(\u00b5/")])(
  "%j is not compressed",
  (head) => {
    expect(detectCompression(head)).toBe("none");
  },
);

test("an empty member has no content", async () => {
  expect((await decompress("gzip", gzipSync(Buffer.alloc(0)))).output).toHaveLength(0);
});
