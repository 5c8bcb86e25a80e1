import { createOutbox } from "../../src/alerts/outbox.ts";
import { override } from "./override.ts";
import type { PlantedBug } from "./planted.ts";

/** What is handed over was taken out of the outbox just before. */
export const removedBeforeDelivery: PlantedBug = {
  name: "outbox deleted before delivery",
  needsFaults: true,
  parts: {
    createOutbox: ({ store, destinations }) => {
      const careless = destinations.map((destination) =>
        override(destination, {
          deliver: async (deliveries) => {
            const waiting = await store.listEntries({ kind: "outbox", limit: 1000 });
            const own = waiting.filter(({ value }) => value["destination"] === destination.name);
            const entries = own
              .slice(0, deliveries.length)
              .map(({ kind, key }) => ({ kind, key, value: undefined }));
            await store.commit({ clockMs: store.clockMs, positions: [], entries });
            await destination.deliver(deliveries);
          },
        }),
      );
      return createOutbox({ store, destinations: careless });
    },
  },
};
