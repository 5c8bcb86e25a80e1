import { describe, test } from "vitest";

import type { Limits } from "../../src/core/limits.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import { openSqliteStore } from "../../src/state/sqlite/sqlite-store.ts";
import type { StateStore } from "../../src/state/store.ts";
import { storeConformance } from "../../src/testing/index.ts";
import { temporaryFile } from "./fixtures.ts";

describe("memory", () => {
  storeConformance({ describe, test, createStore: (limits) => createMemoryStore({ limits }) });
});

describe("SQLite", () => {
  const files = new WeakMap<StateStore, string>();
  const open = (file: string, limits: Partial<Limits> = {}): StateStore => {
    const store = openSqliteStore({ file, limits });
    files.set(store, file);
    return store;
  };
  storeConformance({
    describe,
    test,
    createStore: (limits) => open(temporaryFile(), limits),
    reopen: async (store) => {
      await store.close();
      return open(files.get(store) ?? "");
    },
  });
});

describe("SQLite with a cache of nothing, folding after every commit", () => {
  const files = new WeakMap<StateStore, string>();
  const open = (file: string, limits: Partial<Limits> = {}): StateStore => {
    const store = openSqliteStore({
      file,
      limits: { ...limits, journalBytesMax: 0 },
      cacheBytesMax: 0,
      foldFromBytes: 0,
    });
    files.set(store, file);
    return store;
  };
  storeConformance({
    describe,
    test,
    createStore: (limits) => open(temporaryFile(), limits),
    reopen: async (store) => {
      await store.close();
      return open(files.get(store) ?? "");
    },
  });
});
