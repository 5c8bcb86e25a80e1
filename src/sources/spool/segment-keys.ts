import type { SpoolFiles } from "./files.ts";
import type { StoredKey } from "./frame.ts";
import { readKeyFile, writeKeyFile } from "./key-file.ts";
import { KnownKeys, type KnownKeysOptions } from "./known-keys.ts";
import { pathOf, type SegmentName } from "./segment.ts";

export interface SegmentKeysOptions extends KnownKeysOptions {
  readonly folder: string;
  readonly files: SpoolFiles;
  readonly warn: (message: string) => void;
}

interface KeyFile {
  readonly name: SegmentName;
  readonly count: number;
  readonly newestMs: number;
}

/** The keys of one source, in memory and in the files that remain of segments. */
export class SegmentKeys {
  readonly known: KnownKeys;
  readonly #options: SegmentKeysOptions;
  /** The oldest first. */
  #keyFiles: KeyFile[] = [];

  constructor(options: SegmentKeysOptions) {
    this.known = new KnownKeys(options);
    this.#options = options;
  }

  /** Reads the file with a segment's keys; false when it is damaged. Throws what `fs` throws. */
  load(name: SegmentName): boolean {
    const { folder, warn } = this.#options;
    const keys = readKeyFile(folder, name);
    if (keys === undefined) {
      warn(
        `${pathOf(folder, name, "keys")} is damaged: a retry of a request that it names is not recognised, unless its segment is there.`,
      );
      return false;
    }
    for (const key of keys) this.known.add(key);
    this.#note(name, keys);
    return true;
  }

  /** Writes a segment's keys into a file. Durable when it returns. Throws what `files` throws. */
  async keep(name: SegmentName, keys: readonly StoredKey[]): Promise<void> {
    const { folder, files } = this.#options;
    await writeKeyFile(files, { folder, name, keys });
    this.#note(name, keys);
  }

  /** Removes the files whose keys are forgotten anyway. Throws what `files` throws. */
  async removeForgotten(nowMs: number): Promise<void> {
    const { folder, files, lifetimeMs, keysMax } = this.#options;
    let newer = 0;
    const kept: KeyFile[] = [];
    for (const file of this.#keyFiles.toReversed()) {
      const forgotten = newer >= keysMax || file.newestMs + lifetimeMs <= nowMs;
      if (forgotten) await files.remove(pathOf(folder, file.name, "keys"));
      else kept.unshift(file);
      newer += file.count;
    }
    this.#keyFiles = kept;
  }

  #note(name: SegmentName, keys: readonly StoredKey[]): void {
    let newestMs = 0;
    for (const { storedMs } of keys) newestMs = Math.max(newestMs, storedMs);
    this.#keyFiles.push({ name, count: keys.length, newestMs });
  }
}
