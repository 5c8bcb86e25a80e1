/** The thread that folds a state file's journal, so that the lane need not. Started by fold-worker.ts. */
import { type MessagePort, workerData } from "node:worker_threads";

import { messageOf } from "../../core/errors.ts";
import { foldJournal } from "./fold.ts";
import { checkpoint, openForFolding } from "./state-file.ts";

/** What the lane starts the thread with. */
export interface FoldThreadData {
  readonly file: string;
  /** Each message from the lane asks for one fold. */
  readonly port: MessagePort;
  /** 1 while the lane wants to write, so that it waits for one of our transactions at most. */
  readonly laneWrites: Int32Array;
}

/** What the thread tells the lane. */
export type FoldMessage =
  | { readonly kind: "folded"; readonly through: number }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

const { file, port, laneWrites } = workerData as FoldThreadData;
// Long enough for any commit; the lane wakes us up when it is done.
const LANE_WAIT_MS = 1000;

const db = openForFolding(file);
port.on("message", () => {
  try {
    fold();
    tell({ kind: "done" });
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
  }
});

function fold(): void {
  let told = 0;
  for (const through of foldJournal(db)) {
    if (through > told) tell({ kind: "folded", through });
    told = through;
    if (Atomics.load(laneWrites, 0) === 1) Atomics.wait(laneWrites, 0, 1, LANE_WAIT_MS);
  }
  checkpoint(db);
}

function tell(message: FoldMessage): void {
  port.postMessage(message);
}
