import { override } from "./override.ts";
import type { PlantedBug } from "./planted.ts";

/** How far streams were read is committed after the state, in a commit of its own. */
export const positionApart: PlantedBug = {
  name: "position committed apart from state",
  needsFaults: true,
  parts: {
    wrapStore: (store) =>
      override(store, {
        commit: async (commit) => {
          await store.commit({ ...commit, positions: [] });
          if (commit.positions.length > 0) await store.commit({ ...commit, entries: [] });
        },
      }),
  },
};
