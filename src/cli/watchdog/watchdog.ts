import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import { Watched, type WatchdogData } from "./memory.ts";

/** Ends the process when code of rules holds up this thread, where nothing else could: status 1, and says where. */
export interface Watchdog extends Disposable {
  /** What begins now may take so long. It ends with the next `enter`, or with `leave`. */
  enter(what: string, budgetMs: number): void;
  /** What comes next is the command's own work, or waiting for a person. */
  leave(): void;
}

/** Starts a thread that watches this one. It keeps nothing alive. */
export function startWatchdog(): Watchdog {
  const watched = new Watched();
  const workerData: WatchdogData = { memory: watched.memory };
  const worker = new Worker(new URL(`./thread${extname(import.meta.filename)}`, import.meta.url), {
    workerData,
  });
  // Without it the command does all that it is asked to.
  worker.on("error", () => undefined);
  worker.unref();
  return {
    enter: (what, budgetMs) => watched.begin(what, budgetMs),
    leave: () => watched.begin("", 0),
    [Symbol.dispose]: () => void worker.terminate(),
  };
}
