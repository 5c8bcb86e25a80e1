import type { OperationContext, StateStore } from "../../src/state/store.ts";
import { override } from "./override.ts";
import type { PlantedBug } from "./planted.ts";

/** An item is still there at its very end: its end is compared with `<` instead of `<=`. */
export const boundaryBelongsToItem: PlantedBug = {
  name: "expiry compared with <",
  needsFaults: false,
  parts: {
    wrapStore: (store) =>
      override(store, {
        getCounter: async (context, key) => store.getCounter(await shifted(store, context, key), key),
        incrementCounter: async (context, key, write) =>
          store.incrementCounter(await shifted(store, context, key), key, write),
        getStringSet: async (context, key) => store.getStringSet(await shifted(store, context, key), key),
        addToStringSet: async (context, key, write) =>
          store.addToStringSet(await shifted(store, context, key), key, write),
        getDictionary: async (context, key) => store.getDictionary(await shifted(store, context, key), key),
      }),
  },
};

/** The context with a time at which an item that ends now has not ended yet. */
async function shifted(store: StateStore, context: OperationContext, key: string): Promise<OperationContext> {
  const earlierMs = context.nowMs - 1;
  const [item] = await store.listItems({ prefix: key, limit: 1, nowMs: earlierMs });
  return item?.key === key && item.expiresAtMs === context.nowMs ? { ...context, nowMs: earlierMs } : context;
}
