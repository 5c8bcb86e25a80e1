import type { JsonObject } from "../../core/json.ts";
import type { PositionReader } from "../source.ts";
import { FollowedFile, keyOf } from "./followed-file.ts";
import type { PlacedFile } from "./places.ts";
import { fromStored } from "./position.ts";

/** Files that are gone and still remembered, at least: they may come back, as when a file system is mounted again. */
const goneFilesKept = 1000;

/**
 * The streams of a source, numbered from 1 without gaps, so that a new run finds them all. A file has a stream from its
 * first record on. When it is gone and a thousand others went after it, the next new file takes its stream and goes on
 * behind its last offset: positions never repeat, and no more are stored than there are files, and a thousand.
 */
export class Slots {
  #count = 0;
  /** Files that are gone, those that went first before the others. */
  readonly #gone = new Map<string, FollowedFile>();

  /** Reads all that is stored. Until they are found, all these files are gone. */
  async load(positionOf: PositionReader): Promise<void> {
    for (;;) {
      const stream = String(this.#count + 1);
      const stored: JsonObject | undefined = await positionOf(stream);
      if (stored === undefined) return;
      this.#count++;
      this.release(FollowedFile.restored(this.#count, fromStored(stream, stored)));
    }
  }

  /** True when nothing was ever read. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get gone(): readonly FollowedFile[] {
    return [...this.#gone.values()];
  }

  /** The stream of a file; it gets one when it has none. */
  streamOf(file: FollowedFile): string {
    file.slot ??= this.#take(file);
    return String(file.slot);
  }

  /** A file is gone. */
  release(file: FollowedFile): void {
    if (file.slot !== undefined) this.#gone.set(file.key, file);
  }

  /** A file that was gone and is there again. */
  revive(placed: Pick<PlacedFile, "device" | "inode">): FollowedFile | undefined {
    const key = keyOf(placed);
    const file = this.#gone.get(key);
    this.#gone.delete(key);
    return file;
  }

  #take(file: FollowedFile): number {
    const [oldest] = this.#gone.size > goneFilesKept ? this.#gone.values() : [];
    if (oldest?.slot === undefined) return ++this.#count;
    this.#gone.delete(oldest.key);
    file.base = oldest.base + (oldest.at?.cursor.offset ?? 0);
    return oldest.slot;
  }
}
