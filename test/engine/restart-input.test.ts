import { PassThrough, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate as turnEventLoop } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { RepeatableInput } from "../../src/engine/restart-input.ts";

/** A lane's end of standard input. */
class Taken extends Writable {
  readonly blocks: Buffer[] = [];

  override _write(block: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.blocks.push(block);
    done();
  }

  get text(): string {
    return Buffer.concat(this.blocks).toString();
  }
}

function createInput(bytesMax = 1000): { source: PassThrough; input: RepeatableInput } {
  const source = new PassThrough();
  return { source, input: new RepeatableInput(source, bytesMax) };
}

async function give(source: PassThrough, ...blocks: readonly (string | Buffer)[]): Promise<void> {
  for (const block of blocks) {
    source.write(block);
    await turnEventLoop();
  }
}

function at(offset: number): { source: string; stream: string; value: { offset: number } } {
  return { source: "stdin", stream: "4", value: { offset } };
}

describe("standard input that can be repeated", () => {
  test("goes to the first lane as it comes, to its end", async () => {
    const { source, input } = createInput();
    const lane = new Taken();
    input.feed(lane);
    await give(source, "one\n", "two\n");
    source.end();
    await finished(lane);
    expect(lane.text).toBe("one\ntwo\n");
  });

  test("is given from its beginning when nothing was committed", async () => {
    const { source, input } = createInput();
    input.feed(new Taken());
    await give(source, "one\n", "two\n");
    expect(input.resume()).toBeUndefined();
    const lane = new Taken();
    input.feed(lane);
    await give(source, "three\n");
    source.end();
    await finished(lane);
    expect(lane.text).toBe("one\ntwo\nthree\n");
  });

  test("is given from the block on in which the commit stands", async () => {
    const { source, input } = createInput();
    input.feed(new Taken());
    await give(source, "one\n", "two\n", "three\n");
    input.committed(at(5));
    const lane = new Taken();
    expect(input.resume()).toEqual({ stream: "4", position: { offset: 5 }, firstByte: 4 });
    input.feed(lane);
    source.end();
    await finished(lane);
    expect(lane.text).toBe("two\nthree\n");
  });

  test("is given from its beginning when it is compressed, however much is committed", async () => {
    const { source, input } = createInput();
    const packed = gzipSync("one\ntwo\n");
    input.feed(new Taken());
    await give(source, packed.subarray(0, 2), packed.subarray(2, 3), packed.subarray(3));
    input.committed(at(4));
    expect(input.resume()).toMatchObject({ position: { offset: 4 }, firstByte: 0 });
    const lane = new Taken();
    input.feed(lane);
    await turnEventLoop();
    expect(Buffer.concat(lane.blocks)).toEqual(packed);
  });

  test("that has ended ends for the next lane too", async () => {
    const { source, input } = createInput();
    input.feed(new Taken());
    await give(source, "one\n");
    source.end();
    await turnEventLoop();
    const lane = new Taken();
    input.feed(lane);
    await finished(lane);
    expect(lane.text).toBe("one\n");
  });

  test("over the limit cannot be given again, until the commits have come so far", async () => {
    const { source, input } = createInput(10);
    input.feed(new Taken());
    await give(source, "12345678", "12345678", "1234");
    expect(() => input.resume()).toThrow(/more than 10 bytes of standard input/);
    input.committed(at(8));
    expect(() => input.resume()).toThrow(expect.objectContaining({ code: "LANE_FAILED" }));
    input.committed(at(16));
    expect(input.resume()).toMatchObject({ firstByte: 16 });
  });

  test("waits while the lane takes no more", async () => {
    const { source, input } = createInput();
    let take: (() => void) | undefined;
    const slow = new Writable({ highWaterMark: 1, write: (_block, _encoding, done) => (take = done) });
    input.feed(slow);
    await give(source, "one\n", "two\n");
    expect(source.isPaused()).toBe(true);
    for (let count = 0; count < 3 && source.isPaused(); count++) {
      take?.();
      await turnEventLoop();
    }
    expect(source.isPaused()).toBe(false);
  });
});
