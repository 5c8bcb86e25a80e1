import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { StakeoutError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { type SpoolFiles, systemFiles } from "./files.ts";
import { folderOf, otherFolders } from "./segment.ts";
import { SegmentKeys } from "./segment-keys.ts";
import { SourceSpool, unwritable } from "./source-spool.ts";
import type { Spool, SpoolBacklog, SpoolEntry, SpoolReceipt } from "./spool.ts";

export interface SpoolOptions {
  /** Created where it is missing. */
  readonly folder: string;
  /** Names. */
  readonly sources: readonly string[];
  /** Bytes that may wait for the engine, for each source. */
  readonly backlogBytesMax: number;
  /** How long a key is remembered. */
  readonly idempotencyMs: number;
  readonly clock: Clock;
  /** Called when something of a source was stored, for its reader. */
  readonly onAppended: (source: string) => void;
  /** Called with a sentence for people: damaged files, some that cannot be deleted, or some of another source. */
  readonly warn: (message: string) => void;
  /** Bytes of a file after which another one is begun. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Most keys that are remembered for each source; with as many, the older half is forgotten. Default 500,000. */
  readonly keysMax?: number;
  /** Default: those of the system. */
  readonly files?: SpoolFiles;
}

/** Opens a spool for writing, with what earlier processes left in it. Throws `SPOOL_UNWRITABLE`. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, sources, files = systemFiles } = options;
  const opened = new Map<string, SourceSpool>();
  let unlock: (() => void) | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    unlock = files.lock(folder);
    await files.syncFolder(dirname(folder));
    for (const path of otherFolders(folder, sources)) {
      options.warn(
        `${path} is of a source that is not configured: what may wait in it is not examined. Configure the source again, or remove the folder.`,
      );
    }
    for (const source of sources) opened.set(source, await openSource(options, source));
  } catch (error) {
    for (const spool of opened.values()) await spool.close();
    unlock?.();
    throw error instanceof StakeoutError ? error : unwritable(folder, error);
  }
  return new FolderSpool(opened, unlock);
}

function openSource(options: SpoolOptions, source: string): Promise<SourceSpool> {
  const { clock, warn, backlogBytesMax, idempotencyMs, onAppended } = options;
  const { files = systemFiles, segmentBytes = 64 * 1024 * 1024, keysMax = 500_000 } = options;
  const folder = folderOf(options.folder, source);
  return SourceSpool.open({
    folder,
    files,
    clock,
    warn,
    segmentBytes,
    backlogBytesMax,
    keys: new SegmentKeys({ folder, files, warn, lifetimeMs: idempotencyMs, keysMax }),
    onAppended: () => onAppended(source),
  });
}

class FolderSpool implements Spool {
  readonly #sources: ReadonlyMap<string, SourceSpool>;
  readonly #unlock: () => void;

  constructor(sources: ReadonlyMap<string, SourceSpool>, unlock: () => void) {
    this.#sources = sources;
    this.#unlock = unlock;
  }

  append(entry: SpoolEntry): Promise<SpoolReceipt> {
    return this.#of(entry.source).append(entry);
  }

  committed(source: string, stream: string, position: JsonObject): void {
    this.#sources.get(source)?.committed(stream, position);
  }

  backlog(source: string): SpoolBacklog {
    return this.#of(source).backlog();
  }

  link(source: string): SharedArrayBuffer {
    return this.#of(source).link.shared;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
    this.#unlock();
  }

  #of(source: string): SourceSpool {
    const spool = this.#sources.get(source);
    if (spool === undefined) throw new Error(`there is no spool for the source "${source}"`);
    return spool;
  }
}
