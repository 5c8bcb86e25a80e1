import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { WatchdogData } from "./thread.ts";

/** Ends the process when code of rules holds it up in this thread, where nothing else could: exit status 1, and says where. */
export interface Watchdog extends Disposable {
  /** What begins now may take so long. It ends with the next `enter`, or with `leave`. */
  enter(what: string, budgetMs: number): void;
  /** What comes next is the command's own work, or waiting for a person. */
  leave(): void;
}

/** Longest description of what is under way, in bytes. */
const textBytesMax = 4096;

/** Words of the memory that is shared with the watching thread, before the text. */
export const watchdogWords = { beat: 0, budgetMs: 1, textBytes: 2, count: 3 } as const;

/** Starts a thread that watches this one. It keeps nothing alive. */
export function startWatchdog(): Watchdog {
  const memory = new SharedArrayBuffer(watchdogWords.count * 4 + textBytesMax);
  const words = new Int32Array(memory, 0, watchdogWords.count);
  const text = Buffer.from(memory, watchdogWords.count * 4);
  const data: WatchdogData = { memory };
  const worker = new Worker(new URL(`./thread${extname(import.meta.filename)}`, import.meta.url), {
    workerData: data,
    // A command that ends while the thread starts has nothing to watch any more, so nothing of that is worth telling.
    stderr: true,
  });
  worker.on("error", () => undefined);
  worker.unref();
  const enter = (what: string, budgetMs: number): void => {
    Atomics.store(words, watchdogWords.textBytes, text.write(what));
    Atomics.store(words, watchdogWords.budgetMs, Math.ceil(budgetMs));
    Atomics.add(words, watchdogWords.beat, 1);
  };
  const leave = (): void => enter("", 0);
  return { enter, leave, [Symbol.dispose]: () => void worker.terminate() };
}
