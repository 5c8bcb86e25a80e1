import { dirname, join } from "node:path";
import { readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { onTestFinished } from "vitest";
import { isThenable, type JsonObject } from "../../../src/core/json.ts";
import { defaultLimits } from "../../../src/core/limits.ts";
import { Signal } from "../../../src/core/signal.ts";
import type { Source } from "../../../src/sources/source.ts";
import { type SpoolFile, type SpoolFiles, systemFiles } from "../../../src/sources/spool/files.ts";
import { openSpool, type SpoolOptions } from "../../../src/sources/spool/open.ts";
import { createSpoolSource, type SpoolSourceOptions } from "../../../src/sources/spool/source.ts";
import type { Spool, SpoolEntry } from "../../../src/sources/spool/spool.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { folderWith, recordsOf, type SeenRecord } from "../fixtures.ts";

export const source = "web";

/** A spool with one source `web`, closed when the test is over. */
export async function spoolIn(folder: string, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({
    folder,
    sources: [source],
    backlogBytesMax: 1024 * 1024,
    idempotencyMs: 60_000,
    clock: manualClock(),
    onAppended: () => undefined,
    warn: () => undefined,
    ...options,
  });
  onTestFinished(() => spool.close());
  return spool;
}

/** A request with these records. */
export function entryOf(records: readonly string[], options: Partial<SpoolEntry> = {}): SpoolEntry {
  const bytes = Buffer.from(records.join("\n"));
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const record of records) {
    starts.push(at);
    at += Buffer.byteLength(record);
    ends.push(at++);
  }
  const chunk = {
    bytes,
    count: records.length,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
  };
  return { source, records: [chunk], idempotencyKey: undefined, digest: records.join("\n"), ...options };
}

/** Reads a spool as a lane does, and keeps the position of the last commit. */
export class SpoolReading {
  readonly positions: Map<string, JsonObject> = new Map();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a source; the caller closes it. */
  source(spool: Spool, options: Partial<SpoolSourceOptions> = {}): Source {
    return createSpoolSource({
      folder: this.#folder,
      source,
      label: source,
      limits: defaultLimits,
      arrivals: new Signal(),
      link: spool.link(source),
      ...options,
    });
  }

  /** All that is there from the position of the last commit, without committing it. */
  async peek(spool: Spool): Promise<SeenRecord[]> {
    const source = this.source(spool);
    await source.open((stream) => this.positions.get(stream));
    const records: SeenRecord[] = [];
    for (let chunk = source.read(); chunk !== undefined && !isThenable(chunk); chunk = source.read()) {
      records.push(...recordsOf(chunk));
    }
    await source.close();
    return records;
  }

  /** Reads what is there, or until so many records were read and committed; what else a chunk held is lost then. */
  async run(spool: Spool, recordsMax: number = Number.POSITIVE_INFINITY): Promise<SeenRecord[]> {
    const source = this.source(spool);
    await source.find();
    await source.open((stream) => this.positions.get(stream));
    const records: SeenRecord[] = [];
    while (records.length < recordsMax) {
      const chunk = source.read();
      if (chunk === undefined || isThenable(chunk)) break;
      const count = Math.min(chunk.count, recordsMax - records.length);
      records.push(...recordsOf(chunk, count));
      this.commit(spool, chunk.stream, chunk.positionAfter(count));
    }
    await source.close();
    return records;
  }

  commit(spool: Spool, stream: string, position: JsonObject): void {
    // As the engine stores it: positions are JSON text in the state file.
    const stored = JSON.parse(JSON.stringify(position)) as JsonObject;
    this.positions.set(stream, stored);
    spool.committed(source, stream, stored);
  }
}

/** Paths of the files of the source's folder that end like this, ascending. */
export function filesIn(folder: string, ending: ".seg" | ".keys"): string[] {
  const own = join(folder, `source-${source}`);
  const names = readdirSync(own).filter((name) => name.endsWith(ending));
  return names.toSorted().map((name) => join(own, name));
}

export function spoolFolder(): string {
  return join(folderWith(), "spool");
}

export type FileOperation =
  | "create"
  | "open"
  | "write"
  | "sync"
  | "truncate"
  | "rename"
  | "remove"
  | "syncFolder";

interface Fault {
  readonly operation: FileOperation;
  /** Calls of the operation that succeed before. */
  left: number;
  readonly code: string;
}

/**
 * The files of the system, with a say in what fails. Syncing is only noted: no machine loses power here. Once killed, it does nothing more and answers nothing, as a process that is
 * gone; `losePower` then takes away what was not synced.
 */
export class TestFiles implements SpoolFiles {
  /** Every call, in order. */
  readonly calls: FileOperation[] = [];
  /** Most bytes that one write takes. */
  writeBytesMax: number = Number.POSITIVE_INFINITY;
  /** Resolves when it was killed. */
  readonly killed: Promise<void>;
  readonly #kill = Promise.withResolvers<void>();
  #isKilled = false;
  #killAfter: number = Number.POSITIVE_INFINITY;
  #faults: Fault[] = [];
  #gate: Promise<void> = Promise.resolve();
  #called: PromiseWithResolvers<void> | undefined;
  #unlock: (() => void) | undefined;
  #underWay: Promise<unknown> = Promise.resolve();
  readonly #open = new Set<SpoolFile>();
  /** Bytes of each file that survive, of those that were written to. */
  readonly #durableBytes: Map<string, number>;
  /** Files whose name may be lost. */
  readonly #newNames: Set<string>;

  /** `before`: those of a process that has ended; what it did not sync is not durable yet. */
  constructor(before?: TestFiles) {
    this.#durableBytes = new Map(before === undefined ? [] : before.#durableBytes);
    this.#newNames = new Set(before === undefined ? [] : before.#newNames);
    this.killed = this.#kill.promise;
  }

  /** Fails a call of an operation, after so many that succeed. */
  fail(operation: FileOperation, { after = 0, code = "EIO" }: { after?: number; code?: string } = {}): void {
    this.#faults.push({ operation, left: after, code });
  }

  /** Resolves when there were so many calls. */
  async until(calls: number): Promise<void> {
    while (this.calls.length < calls) {
      this.#called = Promise.withResolvers<void>();
      await this.#called.promise;
    }
  }

  /** Holds every call back until the answered function is called. */
  hold(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    return gate.resolve;
  }

  /** Kills after so many further calls; a write that it hits is done in part. */
  async killAfter(calls: number): Promise<void> {
    this.#killAfter = calls;
    if (calls === 0) await this.kill();
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#underWay;
    for (const file of this.#open) await file.close();
    this.#open.clear();
    this.#unlock?.();
    this.#kill.resolve();
  }

  /** `share` from 0 to 1 of what was not synced survives, of each file. */
  losePower(share: number): void {
    for (const [path, durable] of this.#durableBytes) {
      const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (this.#newNames.has(path) && share < 0.5) rmSync(path, { force: true });
      else if (bytes > durable) truncateSync(path, durable + Math.floor((bytes - durable) * share));
    }
    this.#durableBytes.clear();
    this.#newNames.clear();
  }

  lock(folder: string): () => void {
    this.#unlock = systemFiles.lock(folder);
    return this.#unlock;
  }

  async create(path: string): Promise<SpoolFile> {
    return await this.#do("create", async () => {
      const file = await systemFiles.create(path);
      this.#durableBytes.set(path, 0);
      this.#newNames.add(path);
      return this.#wrap(path, file);
    });
  }

  async open(path: string): Promise<SpoolFile> {
    return await this.#do("open", async () => {
      const file = await systemFiles.open(path);
      if (!this.#durableBytes.has(path)) this.#durableBytes.set(path, statSync(path).size);
      return this.#wrap(path, file);
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#do("rename", async () => {
      await systemFiles.rename(from, to);
      this.#durableBytes.set(to, this.#durableBytes.get(from) ?? 0);
      this.#durableBytes.delete(from);
      this.#newNames.delete(from);
      this.#newNames.add(to);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#do("remove", async () => {
      await systemFiles.remove(path);
      this.#durableBytes.delete(path);
    });
  }

  async syncFolder(path: string): Promise<void> {
    await this.#do("syncFolder", async () => {
      for (const name of this.#newNames) if (dirname(name) === path) this.#newNames.delete(name);
    });
  }

  #wrap(path: string, file: SpoolFile): SpoolFile {
    this.#open.add(file);
    return {
      write: (buffers, position) => {
        const bytes = Buffer.concat(buffers);
        const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
        const whole = bytes.subarray(0, this.writeBytesMax);
        return this.#do(
          "write",
          () => file.write([whole], position),
          () => file.write([half], position),
        );
      },
      sync: () =>
        this.#do("sync", async () => {
          this.#durableBytes.set(path, statSync(path).size);
        }),
      truncate: (bytes) =>
        this.#do("truncate", async () => {
          await file.truncate(bytes);
          this.#durableBytes.set(path, Math.min(bytes, this.#durableBytes.get(path) ?? 0));
        }),
      close: async () => {
        if (this.#open.delete(file)) await file.close();
      },
    };
  }

  /** Does what a call asks for; one that fails or is killed leaves behind what `broken` does. */
  async #do<T>(
    operation: FileOperation,
    perform: () => Promise<T>,
    broken?: () => Promise<unknown>,
  ): Promise<T> {
    if (this.#isKilled) return await never;
    this.calls.push(operation);
    this.#called?.resolve();
    await this.#gate;
    this.#killAfter -= 1;
    if (this.#killAfter < 0) {
      await broken?.();
      await this.kill();
      return await never;
    }
    const fault = this.#faults.find((fault) => fault.operation === operation && fault.left-- <= 0);
    if (fault !== undefined) {
      this.#faults = this.#faults.filter((other) => other !== fault);
      await broken?.();
      throw Object.assign(new Error(`${fault.code}: made to fail`), { code: fault.code });
    }
    const performing = perform();
    this.#underWay = performing.catch(() => undefined);
    return await performing;
  }
}

const never = new Promise<never>(() => undefined);
