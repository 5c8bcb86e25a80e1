import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { JsonObject } from "../../src/core/json.ts";
import { NEVER } from "../../src/state/store.ts";
import {
  commitOf,
  context,
  memoryStore,
  openStore,
  startMs,
  type SteppedFolder,
  steppedFolder,
  temporaryFile,
  type TestStore,
} from "./fixtures.ts";
import { Model } from "./model.ts";

/** One store under test with the model beside it. */
interface Pair {
  readonly model: Model;
  store: TestStore;
  folder: SteppedFolder | undefined;
  /** Ends the store as a kill would and opens it again; absent where nothing survives. */
  readonly reopen: (() => Promise<TestStore>) | undefined;
}

type Step = (pair: Pair) => Promise<void> | void;

const keys = fc.constantFrom("a", "b", "c", "é", "\uffff", "😀");
const members = fc.array(fc.constantFrom("", "x", "y", "z", "😀", "\ud800", ...longMembers()), {
  maxLength: 6,
});
/** Ends around the clock's steps: in the past, now, soon, late, never, left out. */
const ends = fc.constantFrom(undefined, undefined, -5, 0, 1, 10, 1000, 100_000, NEVER);
// Without -0, which JSON cannot tell from 0.
const dictionaries = fc
  .dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

function longMembers(): readonly string[] {
  return Array.from({ length: 12 }, (_, index) => `member-${index}`);
}

const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ key: keys, amount: fc.integer({ min: -3, max: 3 }), end: ends }).map(increment),
  },
  { weight: 4, arbitrary: fc.record({ key: keys, members, end: ends }).map(add) },
  { weight: 3, arbitrary: fc.record({ key: keys, members, end: ends }).map(remove) },
  { weight: 2, arbitrary: fc.record({ key: keys, members, end: ends }).map(put) },
  { weight: 2, arbitrary: fc.record({ key: keys, value: dictionaries, end: ends }).map(putDictionary) },
  { weight: 2, arbitrary: fc.record({ key: keys, column: fc.constantFrom("count", "strings") }).map(reset) },
  { weight: 2, arbitrary: fc.record({ key: keys, end: ends }).map(expire) },
  { weight: 1, arbitrary: keys.map(forget) },
  { weight: 3, arbitrary: fc.constantFrom(1, 9, 10, 500, 100_000).map(advance) },
  { weight: 4, arbitrary: fc.constant(named("commit", commit)) },
  { weight: 2, arbitrary: fc.constant(named("crash", crash)) },
  { weight: 4, arbitrary: fc.constantFrom(1, 2, 3, 5, 100).map(fold) },
  { weight: 2, arbitrary: fc.constant(named("tell", ({ folder }) => folder?.tell())) },
  { weight: 3, arbitrary: fc.constant(named("fold all", foldAll)) },
);

function named(name: string, run: Step): readonly [string, Step] {
  return [name, run];
}

function endMs(model: Model, end: number | undefined): number | undefined {
  return end === undefined ? undefined : model.nowMs + end;
}

function increment({
  key,
  amount,
  end,
}: {
  key: string;
  amount: number;
  end: number | undefined;
}): readonly [string, Step] {
  return named(`increment ${key} ${amount} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end);
    const answer = store.incrementCounter(context({ nowMs: model.nowMs }), key, { amount, expiresAtMs });
    expect(answer).toBe(model.increment(key, amount, expiresAtMs));
  });
}

interface SetStep {
  readonly key: string;
  readonly members: readonly string[];
  readonly end: number | undefined;
}

function add({ key, members: added, end }: SetStep): readonly [string, Step] {
  return named(`add ${key} ${JSON.stringify(added)} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end);
    const answer = store.addToStringSet(context({ nowMs: model.nowMs }), key, {
      members: added,
      expiresAtMs,
    });
    expect([...answer].sort()).toEqual(model.add(key, added, expiresAtMs).toSorted());
  });
}

function remove({ key, members: removed, end }: SetStep): readonly [string, Step] {
  return named(`remove ${key} ${JSON.stringify(removed)} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end);
    const answer = store.removeFromStringSet(context({ nowMs: model.nowMs }), key, {
      members: removed,
      expiresAtMs,
    });
    expect([...answer].sort()).toEqual(model.remove(key, removed, expiresAtMs).toSorted());
  });
}

function put({ key, members: all, end }: SetStep): readonly [string, Step] {
  return named(`put ${key} ${JSON.stringify(all)} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end);
    store.putStringSet(context({ nowMs: model.nowMs }), key, { members: all, expiresAtMs });
    model.put(key, all, expiresAtMs);
  });
}

function putDictionary({
  key,
  value,
  end,
}: {
  key: string;
  value: JsonObject;
  end: number | undefined;
}): readonly [string, Step] {
  return named(`dictionary ${key} ${JSON.stringify(value)} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end);
    store.putDictionary(context({ nowMs: model.nowMs }), key, { value, expiresAtMs });
    model.putDictionary(key, value, expiresAtMs);
  });
}

function reset({ key, column }: { key: string; column: string }): readonly [string, Step] {
  return named(`reset ${column} of ${key}`, ({ model, store }) => {
    if (column === "count") store.resetCounter(context({ nowMs: model.nowMs }), key);
    else store.resetStringSet(context({ nowMs: model.nowMs }), key);
    model.drop(key, column === "count" ? "count" : "strings");
  });
}

function expire({ key, end }: { key: string; end: number | undefined }): readonly [string, Step] {
  return named(`expire ${key} ${end}`, ({ model, store }) => {
    const expiresAtMs = endMs(model, end) ?? NEVER;
    store.setKeyExpiration(context({ nowMs: model.nowMs }), key, expiresAtMs);
    model.move(key, expiresAtMs);
  });
}

function forget(key: string): readonly [string, Step] {
  return named(`delete ${key}`, ({ model, store }) => {
    store.deleteItem(key);
    model.delete(key);
  });
}

function advance(ms: number): readonly [string, Step] {
  return named(`advance ${ms}`, ({ model }) => model.advance(ms));
}

async function commit({ model, store }: Pair): Promise<void> {
  await store.commit(commitOf({ clockMs: model.nowMs }));
  model.commit();
}

async function crash(pair: Pair): Promise<void> {
  if (pair.reopen === undefined) return;
  pair.store = await pair.reopen();
  pair.model.crash();
  expect(pair.store.clockMs).toBe(pair.model.nowMs);
}

function fold(transactions: number): readonly [string, Step] {
  return named(`fold ${transactions}`, ({ folder }) => folder?.step(transactions));
}

/** Folds what is committed to the end, and lets the lane know and take note. */
async function foldAll(pair: Pair): Promise<void> {
  pair.folder?.step();
  pair.folder?.tell();
  await commit(pair);
}

/** Compares everything: each key by itself as rules see it, and all of them as listed. */
function compare({ model, store }: Pair): void {
  const at = context({ nowMs: model.nowMs });
  for (const key of ["a", "b", "c", "é", "\uffff", "😀"]) {
    const item = model.items[key];
    expect(store.getCounter(at, key)).toBe(item?.count ?? 0);
    expect([...store.getStringSet(at, key)].sort()).toEqual((item?.strings ?? []).toSorted());
    expect(store.getDictionary(at, key)).toEqual(item?.dictionary ?? {});
  }
  const expected = Object.entries(model.items)
    .map(([key, { count, strings, dictionary, end }]) => ({
      key,
      count,
      strings: strings?.toSorted(),
      dictionary,
      expiresAtMs: end,
    }))
    .sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)));
  expect(store.listItems({ limit: 99, nowMs: model.nowMs })).toEqual(expected);
}

async function play(
  pair: Pair,
  steps: readonly (readonly [string, Step])[],
  compareEach: boolean,
): Promise<void> {
  await commit(pair);
  for (const [, run] of steps) {
    await run(pair);
    if (compareEach) compare(pair);
  }
  compare(pair);
}

test("the memory store answers as the model does", async () => {
  const report = await fc.check(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
      const pair: Pair = {
        model: new Model(startMs),
        store: memoryStore(),
        folder: undefined,
        reopen: undefined,
      };
      await play(pair, steps, true);
    }),
    { numRuns: 300 },
  );
  expect(fc.defaultReportMessage(report)).toBeUndefined();
});

for (const compareEach of [true, false]) {
  // Comparing reads every key, so without it more of the items are read for the first time after folds and crashes.
  test(`the SQLite store answers as the model does, whatever is folded and killed when (compare each: ${compareEach})`, async () => {
    const report = await fc.check(
      fc.asyncProperty(
        fc.array(step, { maxLength: 80, size: "max" }),
        fc.constantFrom(0, 1000, 1_000_000),
        async (steps, cacheBytesMax) => {
          await playSqlite(steps, { cacheBytesMax, compareEach });
        },
      ),
      { numRuns: 100 },
    );
    expect(fc.defaultReportMessage(report)).toBeUndefined();
  });
}

async function playSqlite(
  steps: readonly (readonly [string, Step])[],
  { cacheBytesMax, compareEach }: { readonly cacheBytesMax: number; readonly compareEach: boolean },
): Promise<void> {
  const file = temporaryFile();
  const createFolder = (): SteppedFolder => {
    pair.folder = steppedFolder(file);
    return pair.folder;
  };
  const open = (): TestStore => openStore({ file, cacheBytesMax, createFolder });
  const pair: Pair = {
    model: new Model(startMs),
    store: memoryStore(),
    folder: undefined,
    reopen: async () => {
      await pair.store.close();
      return open();
    },
  };
  pair.store = open();
  try {
    await play(pair, steps, compareEach);
  } finally {
    await pair.store.close();
  }
}
