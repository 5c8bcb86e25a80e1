import { setImmediate as turnEventLoop } from "node:timers/promises";
import { queryObjects } from "node:v8";

import { describe, expect, test } from "vitest";

import { isThenable, type JsonObject, type MaybePromise } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { RecordChunk } from "../../src/core/record.ts";
import { Inputs, type InputsOptions } from "../../src/engine/inputs.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { createParser } from "../../src/parsers/parser.ts";
import type { PositionReader, Source, SourceProgress } from "../../src/sources/source.ts";

const { logTypes } = loadLogTypes([]);
const parser = createParser({ logTypes, limits: defaultLimits, sourceLabel: "test" });

/** A source whose every read the test answers, at once from `ready` or later with `give`. */
class ScriptedSource implements Source {
  readonly label = "scripted";
  readonly id: string;
  /** What was called, in order. */
  readonly calls: string[];
  /** Numbers of chunks that reads answer at once. */
  ready: number[] = [];
  ends = false;
  opening: Promise<void> | undefined;
  position: JsonObject | undefined;
  #waiting: PromiseWithResolvers<RecordChunk | undefined> | undefined;
  #closed = false;

  constructor(id: string, calls: string[] = []) {
    this.id = id;
    this.calls = calls;
  }

  find(): void {}

  async open(positionOf: PositionReader): Promise<void> {
    this.calls.push(`open ${this.id}`);
    this.position = await positionOf("stream");
    await this.opening;
  }

  read(): MaybePromise<RecordChunk | undefined> {
    if (this.#waiting !== undefined) throw new Error(`${this.id} is asked again before it has answered`);
    const next = this.ready.shift();
    if (next !== undefined) return this.#chunk(next);
    if (this.ends || this.#closed) return undefined;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  get isAsked(): boolean {
    return this.#waiting !== undefined;
  }

  /** Answers the read that waits. */
  give(number: number): void {
    this.#settle().resolve(this.#chunk(number));
  }

  fail(error: Error): void {
    this.#settle().reject(error);
  }

  progress(): SourceProgress {
    return { bytesRead: 0, bytesTotal: undefined };
  }

  close(): void {
    this.calls.push(`close ${this.id}`);
    this.#closed = true;
    if (this.isAsked) this.#settle().resolve(undefined);
  }

  #settle(): PromiseWithResolvers<RecordChunk | undefined> {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new Error(`${this.id} was not asked`);
    this.#waiting = undefined;
    return waiting;
  }

  #chunk(number: number): RecordChunk {
    return {
      source: this.id,
      stream: "stream",
      bytes: Buffer.alloc(0),
      count: 1,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(0),
      baseOffset: number,
      faults: undefined,
      positionAfter: () => ({ number }),
    };
  }
}

interface Opened {
  readonly inputs: Inputs;
  /** The next records, as `source number`; `undefined` at the end. */
  readonly next: () => Promise<string | undefined>;
  readonly ended: readonly string[];
}

function openInputs(
  sources: readonly ScriptedSource[],
  order: InputsOptions["order"],
  overrides: Partial<InputsOptions> = {},
): Opened {
  const ended: string[] = [];
  const inputs = new Inputs({
    inputs: sources.map((source) => ({ source, parser })),
    order,
    positionOf: () => undefined,
    onEnd: (source) => ended.push(source.id),
    ...overrides,
  });
  const next = async (): Promise<string | undefined> => {
    const answer = await inputs.next();
    return answer && `${answer.input.source.id} ${answer.chunk.baseOffset}`;
  };
  return { inputs, next, ended };
}

/** Two sources, opened together, of which nothing was read yet. */
async function openTwo(): Promise<Opened & { readonly a: ScriptedSource; readonly b: ScriptedSource }> {
  const [a, b] = [new ScriptedSource("a"), new ScriptedSource("b")];
  return { ...openInputs([a, b], "together"), a, b };
}

async function collect(
  next: () => Promise<string | undefined>,
  count: number,
): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = [];
  for (let n = 0; n < count; n++) answers.push(await next());
  return answers;
}

describe("one by one", () => {
  test("each is read to its end before the next is opened", async () => {
    const calls: string[] = [];
    const [a, b] = [new ScriptedSource("a", calls), new ScriptedSource("b", calls)];
    Object.assign(a, { ready: [1, 2], ends: true });
    Object.assign(b, { ready: [3], ends: true });
    const { next, ended } = openInputs([a, b], "one-by-one");
    expect(await collect(next, 2)).toEqual(["a 1", "a 2"]);
    expect(calls).toEqual(["open a"]);
    expect(ended).toEqual([]);
    expect(await collect(next, 2)).toEqual(["b 3", undefined]);
    expect(calls).toEqual(["open a", "open b"]);
    expect(ended).toEqual(["a", "b"]);
  });

  test("one that waits holds up those after it", async () => {
    const [a, b] = [new ScriptedSource("a"), new ScriptedSource("b")];
    const { next } = openInputs([a, b], "one-by-one");
    const first = next();
    await turnEventLoop();
    a.give(1);
    expect(await first).toBe("a 1");
    expect(b.calls).toEqual([]);
  });

  test("records that are there come without a promise", async () => {
    const a = new ScriptedSource("a");
    a.ready = [1, 2];
    const { inputs, next } = openInputs([a], "one-by-one");
    await next();
    expect(isThenable(inputs.next())).toBe(false);
  });
});

test.each(["one-by-one", "together"] as const)("no inputs are the end: %s", async (order) => {
  expect(await openInputs([], order).next()).toBeUndefined();
});

test("each is told how far it was read", async () => {
  const a = new ScriptedSource("a");
  a.ends = true;
  const positionOf = (source: string, stream: string): JsonObject => ({ at: `${source} ${stream}` });
  await openInputs([a], "together", { positionOf }).next();
  expect(a.position).toEqual({ at: "a stream" });
});

describe("together", () => {
  test("all are opened, also when the first has records without end", async () => {
    const { a, b, next } = await openTwo();
    a.ready = [1, 2, 3, 4];
    b.ready = [5, 6];
    expect(await collect(next, 4)).toEqual(["a 1", "b 5", "a 2", "b 6"]);
  });

  test("those that have records take turns", async () => {
    const sources = ["a", "b", "c"].map((id) => new ScriptedSource(id));
    for (const source of sources) source.ready = [1, 2, 3];
    const { next } = openInputs(sources, "together");
    const answers = await collect(next, 9);
    for (const round of [0, 3, 6]) {
      const sourcesOf = answers.slice(round, round + 3).map((answer) => answer?.[0]);
      expect(new Set(sourcesOf)).toEqual(new Set(["a", "b", "c"]));
    }
  });

  test("one that waits does not hold up the others, and is not asked again meanwhile", async () => {
    const { a, b, next } = await openTwo();
    b.ready = [1, 2, 3];
    expect(await collect(next, 3)).toEqual(["b 1", "b 2", "b 3"]);
    expect(a.isAsked).toBe(true);
  });

  test("one that had to wait comes next, however much the others have", async () => {
    const { a, b, next } = await openTwo();
    b.ready = [1, 2, 3, 4];
    await collect(next, 2);
    a.give(9);
    await turnEventLoop();
    expect(await collect(next, 2)).toContain("a 9");
  });

  test("whichever answers first wakes who waits for records", async () => {
    const { a, b, next } = await openTwo();
    const first = next();
    await turnEventLoop();
    b.give(1);
    expect(await first).toBe("b 1");
    const second = next();
    await turnEventLoop();
    a.give(2);
    expect(await second).toBe("a 2");
  });

  test("answers that come at the same time are all handed out", async () => {
    const { a, b, next } = await openTwo();
    const first = next();
    await turnEventLoop();
    a.give(1);
    b.give(2);
    expect(new Set([await first, await next()])).toEqual(new Set(["a 1", "b 2"]));
  });

  test("one that ends leaves the others", async () => {
    const { a, b, next, ended } = await openTwo();
    a.ends = true;
    b.ready = [1, 2];
    expect(await collect(next, 2)).toEqual(["b 1", "b 2"]);
    expect(ended).toEqual(["a"]);
    b.ends = true;
    expect(await next()).toBeUndefined();
    expect(ended).toEqual(["a", "b"]);
  });

  test("an error of one surfaces, while another waits", async () => {
    const { b, next } = await openTwo();
    const first = next();
    await turnEventLoop();
    b.fail(new Error("b cannot be read"));
    await expect(first).rejects.toThrow("b cannot be read");
  });

  test("an error that comes while others are read is not lost, and reaches who asks next", async () => {
    const { a, b, next } = await openTwo();
    b.ready = [1, 2];
    await next();
    a.fail(new Error("a cannot be read"));
    await turnEventLoop();
    await expect(collect(next, 2)).rejects.toThrow("a cannot be read");
  });

  test("a silent one costs nothing, however often the others make us wait", async () => {
    const { b, next } = await openTwo();
    const round = async (): Promise<void> => {
      const answer = next();
      await turnEventLoop();
      b.give(1);
      await answer;
    };
    await round();
    const before = queryObjects(Promise, { format: "count" });
    for (let n = 0; n < 500; n++) await round();
    expect(queryObjects(Promise, { format: "count" }) - before).toBeLessThan(50);
  });
});

describe("closing", () => {
  test("ends reads that wait", async () => {
    const { inputs, next, ended } = await openTwo();
    const first = next();
    await turnEventLoop();
    await inputs.close();
    expect(await first).toBeUndefined();
    expect(ended.toSorted()).toEqual(["a", "b"]);
  });

  test("happens once to each source, also to those not opened", async () => {
    const calls: string[] = [];
    const { inputs, next } = openInputs(
      [new ScriptedSource("a", calls), new ScriptedSource("b", calls)],
      "one-by-one",
    );
    const first = next();
    await turnEventLoop();
    await inputs.close();
    await inputs.close();
    expect(await first).toBeUndefined();
    expect(calls).toEqual(["open a", "close a", "close b"]);
  });

  test("while one is being opened opens no other", async () => {
    const calls: string[] = [];
    const [a, b] = [new ScriptedSource("a", calls), new ScriptedSource("b", calls)];
    const opening = Promise.withResolvers<void>();
    a.opening = opening.promise;
    const { inputs, next } = openInputs([a, b], "together");
    const first = next();
    await inputs.close();
    opening.resolve();
    expect(await first).toBeUndefined();
    expect(calls).toEqual(["open a", "close a", "close b"]);
  });
});
