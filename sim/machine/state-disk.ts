import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Chance } from "../chance.ts";
import { rewriteAsOldest } from "./older-file.ts";
import { tear } from "./tear.ts";

/** The beginning of a write-ahead log, which SQLite syncs by itself before anything else of a new log. */
const walHeaderBytes = 32;
const walSectorBytes = 512;
const pageBytes = 4096;

/**
 * The disk beneath the state file: real files in a folder in memory. A death copies what is on the disk to a new
 * place, as the connections of this process would otherwise bring the file into order when they close.
 */
export class StateDisk {
  readonly #root: string;
  readonly #chance: Chance;
  #generation = 0;
  /** What of the write-ahead log the last sync made durable. */
  #durableLog: Buffer = Buffer.alloc(0);
  /** The file itself before a checkpoint that is cut off. */
  #beforeCheckpoint: Buffer | undefined;
  #older = false;

  constructor(root: string, chance: Chance) {
    this.#root = root;
    this.#chance = chance;
    mkdirSync(this.#folder);
  }

  get file(): string {
    return join(this.#folder, "state.db");
  }

  /** Everything is durable: after a lane's commit, and when the last connection was closed in order. */
  synced(): void {
    this.#durableLog = this.#readLog();
  }

  /** Runs a checkpoint; a death right after it finds only some of its pages written. */
  checkpoint(run: () => void): void {
    this.#beforeCheckpoint = readFileSync(this.file);
    // A checkpoint syncs the log first.
    this.#durableLog = this.#readLog();
    run();
  }

  checkpointDone(): void {
    this.#beforeCheckpoint = undefined;
  }

  /** The state file is next opened as an older version would have left it. */
  makeOlder(): void {
    this.#older = true;
  }

  /** Called when nobody has the file open, before it is opened. */
  beforeOpening(): void {
    if (!this.#older || !existsSync(this.file)) return;
    this.#older = false;
    rewriteAsOldest(this.file);
    this.synced();
  }

  /** The process is gone, with or without power. `close` closes what it had open, to no effect on what is left. */
  async crash(powerFailed: boolean, close: () => Promise<void>): Promise<void> {
    const { file } = this;
    const folder = this.#folder;
    this.#generation += 1;
    mkdirSync(this.#folder);
    const log = powerFailed ? this.#tornLog(`${file}-wal`) : readOrEmpty(`${file}-wal`);
    if (existsSync(file)) {
      writeFileSync(this.file, this.#tornFile(file));
      if (log.length > 0) writeFileSync(`${this.file}-wal`, log);
    }
    if (existsSync(`${file}-lock`)) copyFileSync(`${file}-lock`, `${this.file}-lock`);
    if (powerFailed) this.#durableLog = log;
    await close();
    rmSync(folder, { recursive: true });
  }

  #tornLog(path: string): Buffer {
    const current = readOrEmpty(path);
    const torn = tear({ durable: this.#durableLog, current, sectorBytes: walSectorBytes }, this.#chance);
    current.copy(torn, 0, 0, walHeaderBytes);
    return torn;
  }

  #tornFile(file: string): Buffer {
    const current = readFileSync(file);
    const before = this.#beforeCheckpoint;
    this.#beforeCheckpoint = undefined;
    if (before === undefined) return current;
    return tear({ durable: before, current, sectorBytes: pageBytes }, this.#chance);
  }

  get #folder(): string {
    return join(this.#root, `state-${this.#generation}`);
  }

  #readLog(): Buffer {
    return readOrEmpty(`${this.file}-wal`);
  }
}

function readOrEmpty(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}
