import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openSpool } from "../../../src/sources/spool/open.ts";
import type { Spool, SpoolReceipt } from "../../../src/sources/spool/spool.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import type { SeenRecord } from "../fixtures.ts";
import { entryOf, type FileOperation, source, SpoolReading, TestFiles } from "./fixtures.ts";

const operations: FileOperation[] = [
  "create",
  "open",
  "write",
  "sync",
  "truncate",
  "rename",
  "remove",
  "syncFolder",
];

/** How many records each of some requests has that come at once. */
const burst = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("append" as const), burst }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("retry" as const), which: fc.nat({ max: 100 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("read" as const), records: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      operation: fc.constantFrom(...operations),
      after: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("kill" as const),
      after: fc.nat({ max: 8 }),
      /** Of what was not synced, this much survives a power failure; `undefined` where only the process ended. */
      share: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

const settings = fc.record({
  segmentBytes: fc.constantFrom(1, 300, 100_000),
  writeBytesMax: fc.constantFrom(50, Number.POSITIVE_INFINITY),
});

interface Request {
  readonly number: number;
  readonly texts: readonly string[];
  /** Of the first receipt that said so. */
  acknowledged: boolean;
}

/** A service, its clients and its lane, of which the first is killed now and then. */
class World {
  readonly requests: Request[] = [];
  readonly seen: SeenRecord[] = [];
  /** Numbers of requests in the order in which they were said to be stored. */
  readonly storedOrder: number[] = [];
  readonly wrongReceipts: unknown[] = [];
  readonly #folder: string;
  readonly #options: { readonly segmentBytes: number; readonly writeBytesMax: number };
  readonly #clock = manualClock();
  readonly #reading: SpoolReading;
  #files = new TestFiles();
  #spool: Spool | undefined;

  constructor(folder: string, options: { segmentBytes: number; writeBytesMax: number }) {
    this.#folder = folder;
    this.#options = options;
    this.#reading = new SpoolReading(folder);
  }

  /** Sends requests at once, and waits for their receipts as long as there is somebody to give them. */
  async append(requests: readonly Request[]): Promise<void> {
    const spool = await this.#open();
    if (spool === undefined) return;
    const sending = requests.map(async (request) => {
      const key = String(request.number);
      const receipt = await spool
        .append(entryOf(request.texts, { idempotencyKey: key }))
        .catch(() => undefined);
      if (receipt !== undefined) this.#note(request, receipt);
    });
    await Promise.race([this.#files.killed, Promise.all(sending)]);
  }

  create(records: number): Request {
    const number = this.requests.length;
    const texts = Array.from({ length: records }, (_, index) => `${number}.${index}`);
    const request = { number, texts, acknowledged: false };
    this.requests.push(request);
    return request;
  }

  async read(recordsMax: number): Promise<void> {
    const spool = await this.#open();
    if (spool !== undefined) this.seen.push(...(await this.#reading.run(spool, recordsMax)));
  }

  fail(operation: FileOperation, after: number): void {
    this.#files.fail(operation, { after });
  }

  /** Kills after so many calls, during requests if there are as many. */
  async kill(after: number, share: number | undefined): Promise<void> {
    await this.#files.killAfter(after);
    await this.append([this.create(1), this.create(3)]);
    await this.append([this.create(2)]);
    await this.#files.kill();
    // What the lane may read it may commit before the power goes.
    if (this.#spool !== undefined) this.seen.push(...(await this.#reading.run(this.#spool)));
    this.#spool = undefined;
    if (share !== undefined) this.#files.losePower(share);
    this.#files = new TestFiles(this.#files);
  }

  async restart(): Promise<void> {
    await this.#spool?.close();
    this.#spool = undefined;
    this.#files = new TestFiles(this.#files);
  }

  async #open(): Promise<Spool | undefined> {
    this.#files.writeBytesMax = this.#options.writeBytesMax;
    const opening = openSpool({
      folder: this.#folder,
      sources: [source],
      backlogBytesMax: 1e9,
      idempotencyMs: 1e9,
      clock: this.#clock,
      onAppended: () => undefined,
      warn: () => undefined,
      segmentBytes: this.#options.segmentBytes,
      files: this.#files,
    }).catch(() => undefined);
    this.#spool ??= await Promise.race([opening, this.#files.killed.then(() => undefined)]);
    return this.#spool;
  }

  #note(request: Request, receipt: SpoolReceipt): void {
    const expected = request.acknowledged ? ["repeated"] : ["stored", "repeated"];
    const isRight =
      expected.includes(receipt.kind) && "records" in receipt && receipt.records === request.texts.length;
    if (!isRight) this.wrongReceipts.push({ ...receipt, request });
    if (receipt.kind === "stored") this.storedOrder.push(request.number);
    request.acknowledged = true;
  }
}

test("whatever fails and whenever it is killed, what was acknowledged is read once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), settings, async (steps, options) => {
      const folder = mkdtempSync(join(tmpdir(), "stakeout-spool-"));
      const world = new World(folder, options);
      try {
        for (const step of steps) {
          if (step.kind === "append") await world.append(step.burst.map((records) => world.create(records)));
          else if (step.kind === "retry") {
            const request = world.requests[step.which % Math.max(1, world.requests.length)];
            if (request !== undefined) await world.append([request]);
          } else if (step.kind === "read") await world.read(step.records);
          else if (step.kind === "fail") world.fail(step.operation, step.after);
          else if (step.kind === "kill") await world.kill(step.after, step.share);
          else await world.restart();
        }
        await world.restart();
        // Clients send again what was not acknowledged, and are heard now.
        await world.append(world.requests);
        await world.read(Number.POSITIVE_INFINITY);
        expect(world.wrongReceipts).toEqual([]);
        const seen = world.seen.map(({ text, reason }) => reason ?? text);
        const all = world.requests.flatMap(({ texts }) => texts);
        expect(seen.toSorted()).toEqual(all.toSorted());
        // Requests are whole, and follow each other as they were stored.
        const first = new Map(seen.map((text, index) => [text, index]));
        for (const { texts } of world.requests) {
          const begin = first.get(texts[0] ?? "") ?? 0;
          expect(seen.slice(begin, begin + texts.length)).toEqual(texts);
        }
        const order = world.storedOrder.map((number) => first.get(`${number}.0`) ?? -1);
        expect(order).toEqual(order.toSorted((left, right) => left - right));
        expect(new Set(world.seen.map(({ offset }) => offset)).size).toBe(seen.length);
      } finally {
        await world.restart();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 120 },
  );
});
