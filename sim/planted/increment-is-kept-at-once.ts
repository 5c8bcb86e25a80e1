import { override } from "./override.ts";
import type { PlantedBug } from "./planted.ts";

/** An increment is durable as soon as it is made, so a record that is read again after a crash counts twice. */
export const incrementIsKeptAtOnce: PlantedBug = {
  name: "increment applied twice on redelivery",
  needsFaults: true,
  parts: {
    wrapStore: (store) =>
      override(store, {
        incrementCounter: async (context, key, write) => {
          const count = await store.incrementCounter(context, key, write);
          await store.commit({ clockMs: store.clockMs, positions: [], entries: [] });
          return count;
        },
      }),
  },
};
