import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";

import { messageOf } from "../../core/errors.ts";
import type { FoldMessage, FoldThreadData } from "./fold-thread.ts";

/** Folds the journal of one state file beside the lane. */
export interface Folder {
  /** Begins a fold of everything that is in the journal now, unless one is going on. */
  request(): void;
  /** Through which journal row everything is folded, as far as known. */
  readonly foldedThrough: number;
  /** Why folding no longer works; `undefined` while it does. */
  readonly failure: string | undefined;
  /** Looks for news without waiting. */
  poll(): void;
  /** Waits for news. */
  moved(): Promise<void>;
  /** Runs a write of the lane, which folding makes way for. */
  whileLaneWrites<T>(write: () => T): T;
  /** Ends at once; a fold that is going on is cut off, which does no harm. */
  stop(): Promise<void>;
}

/** A folder with a thread of its own, which is started with the first request and never keeps the process alive. */
export function createFoldWorker(file: string): Folder {
  return new FoldWorker(file);
}

class FoldWorker implements Folder {
  foldedThrough = 0;
  failure: string | undefined;
  private readonly file: string;
  private readonly laneWrites = new Int32Array(new SharedArrayBuffer(4));
  private thread: { readonly worker: Worker; readonly port: MessagePort } | undefined;
  private folding = false;
  private wake: (() => void) | undefined;

  constructor(file: string) {
    this.file = file;
  }

  request(): void {
    if (this.folding || this.failure !== undefined) return;
    this.thread ??= this.start();
    this.folding = true;
    this.thread.port.postMessage("fold");
  }

  poll(): void {
    if (this.thread === undefined) return;
    for (;;) {
      const received: { readonly message: FoldMessage } | undefined = receiveMessageOnPort(this.thread.port);
      if (received === undefined) return;
      this.take(received.message);
    }
  }

  async moved(): Promise<void> {
    const { thread } = this;
    if (thread === undefined || this.failure !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.wake = resolve;
    thread.port.ref();
    await promise;
    thread.port.unref();
  }

  whileLaneWrites<T>(write: () => T): T {
    Atomics.store(this.laneWrites, 0, 1);
    try {
      return write();
    } finally {
      Atomics.store(this.laneWrites, 0, 0);
      Atomics.notify(this.laneWrites, 0);
    }
  }

  async stop(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    thread?.port.close();
    await thread?.worker.terminate();
  }

  private start(): { readonly worker: Worker; readonly port: MessagePort } {
    const { port1, port2 } = new MessageChannel();
    const data: FoldThreadData = { file: this.file, port: port2, laneWrites: this.laneWrites };
    const module = new URL(`./fold-thread${extname(import.meta.filename)}`, import.meta.url);
    // Without the flags of this process, of which some are for its own entry point only.
    const worker = new Worker(module, { workerData: data, transferList: [port2], execArgv: [] });
    port1.on("message", (message: FoldMessage) => this.take(message));
    port1.unref();
    worker.unref();
    worker.on("error", (error) => this.fail(messageOf(error)));
    worker.on("exit", () => this.fail("the folding thread ended"));
    return { worker, port: port1 };
  }

  private take(message: FoldMessage): void {
    switch (message.kind) {
      case "folded":
        this.foldedThrough = message.through;
        break;
      case "done":
        this.folding = false;
        break;
      case "failed":
        this.fail(message.message);
        break;
    }
    this.wake?.();
  }

  private fail(reason: string): void {
    this.failure ??= reason;
    this.wake?.();
  }
}
