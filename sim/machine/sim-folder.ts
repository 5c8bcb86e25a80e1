import type { DatabaseSync } from "node:sqlite";

import { foldJournal, type FoldSteps } from "../../src/state/sqlite/fold.ts";
import type { Folder } from "../../src/state/sqlite/fold-worker.ts";
import { checkpoint, openForFolding } from "../../src/state/sqlite/state-file.ts";
import type { Chance } from "../chance.ts";

/** Brings the item table up to date in short transactions, one with each `next()`. */
export type Fold = typeof foldJournal;

/** So small that every fold takes several transactions. */
const foldSteps: FoldSteps = { roundCharacters: 600, itemsPerTransaction: 2, charactersPerTransaction: 200 };

export interface SimFolderOptions {
  readonly file: string;
  readonly chance: Chance;
  /** Probability that folding gets on when it is asked. */
  readonly rate: number;
  readonly fold: Fold;
}

/**
 * The folding thread, run a transaction at a time between the steps of the lane, on a connection of its own as in
 * life.
 */
export class SimFolder implements Folder {
  foldedThrough = 0;
  failure: string | undefined;
  readonly #options: SimFolderOptions;
  #db: DatabaseSync | undefined;
  #running: Generator<number> | undefined;
  /** What the lane has not been told yet. */
  #through = 0;
  #checkpointDue = false;

  constructor(options: SimFolderOptions) {
    this.#options = options;
  }

  request(): void {
    if (this.#running !== undefined || this.failure !== undefined) return;
    this.#db ??= openForFolding(this.#options.file);
    this.#running = this.#options.fold(this.#db, foldSteps);
  }

  poll(): void {
    // News takes a while between threads.
    if (this.#options.chance.happens(0.7)) this.#tell();
  }

  async moved(): Promise<void> {
    this.#advance();
    this.#tell();
  }

  whileLaneWrites<T>(write: () => T): T {
    return write();
  }

  /** Ends at once, as the thread that it stands for. */
  async stop(): Promise<void> {
    this.#running = undefined;
    if (this.#db?.isOpen === true) this.#db.close();
  }

  advance(): void {
    if (this.#running !== undefined && this.#options.chance.happens(this.#options.rate)) this.#advance();
  }

  /** True while a fold is going on. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** The thread dies. */
  die(): void {
    this.#running = undefined;
    this.failure = "the folding thread ended";
  }

  /**
   * True when a fold is done and what it wrote is to be brought into the file, which must wait for the lane's next
   * commit.
   */
  get checkpointDue(): boolean {
    return this.#checkpointDue;
  }

  checkpoint(): void {
    this.#checkpointDue = false;
    if (this.#db?.isOpen === true) checkpoint(this.#db);
  }

  #advance(): void {
    const next = this.#running?.next();
    if (next === undefined) return;
    if (next.done !== true) {
      this.#through = next.value;
      return;
    }
    this.#running = undefined;
    this.#checkpointDue = true;
  }

  #tell(): void {
    this.foldedThrough = this.#through;
  }
}
