import type { EngineParts } from "../lane.ts";
import { boundaryBelongsToItem } from "./boundary-belongs-to-item.ts";
import { deltaIsLost } from "./delta-is-lost.ts";
import { incrementIsKeptAtOnce } from "./increment-is-kept-at-once.ts";
import { positionApart } from "./position-apart.ts";
import { removedBeforeDelivery } from "./removed-before-delivery.ts";

/** A bug to put into the engine, for showing that the simulator would find it. */
export interface PlantedBug {
  readonly name: string;
  /** False for one that goes wrong without a fault too; the end of a run cuts off a fold as a fault does. */
  readonly needsFaults: boolean;
  readonly parts: Partial<EngineParts>;
}

export const plantedBugs: readonly PlantedBug[] = [
  positionApart,
  removedBeforeDelivery,
  incrementIsKeptAtOnce,
  deltaIsLost,
  boundaryBelongsToItem,
];
