import { watch } from "node:fs";
import { join } from "node:path";
import type { Clock, Timer } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Signal } from "../../core/signal.ts";

/**
 * Watches a folder, not what lies in its folders. `onChange` hears the name of a file that was written to, and nothing
 * when anything came, went or was renamed. Answers what ends it. Throws where folders cannot be watched.
 */
export type WatchFolder = (folder: string, onChange: (name?: string) => void) => () => void;

/** Folders that are watched, at most; others are looked at from time to time only. */
const foldersWatchedMax = 1000;

/** Time between two looks at everything, at least, in milliseconds; more where a look takes long. */
const pauseMs = 50;
const shareOfLooks = 20;

export interface ChangesOptions {
  readonly watchFolder: WatchFolder;
  readonly clock: Clock;
  readonly timer: Timer;
  /** How often everything is looked at, as some file systems tell of no change. */
  readonly pollMs: number;
  /** Raised when there is something to look at. */
  readonly news: Signal;
  readonly warn: (message: string) => void;
}

/** What has changed since it was asked last: single files, or so much that everything must be looked at. */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #watchers = new Map<string, () => void>();
  readonly #refused = new Set<string>();
  #written = new Set<string>();
  /** Something came or went. */
  #moved = false;
  #pollDue = true;
  /** Looks at everything before this time are put off, on the monotonic clock. */
  #notBeforeMs = 0;
  #stopPolling: (() => void) | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** Whether it is time to look at everything. */
  get lookDue(): boolean {
    if (this.#pollDue) return true;
    if (!this.#moved) return false;
    const waitMs = this.#notBeforeMs - this.#options.clock.monotonicMs();
    if (waitMs <= 0) return true;
    this.#stopWaiting ??= this.#options.timer.after(waitMs, () => {
      this.#stopWaiting = undefined;
      this.#options.news.raise();
    });
    return false;
  }

  /** Files that were written to. */
  takeWritten(): ReadonlySet<string> {
    const written = this.#written;
    if (written.size > 0) this.#written = new Set();
    return written;
  }

  /** Has everything looked at as soon as may be. */
  requestLook(): void {
    this.#moved = true;
    this.#options.news.raise();
  }

  /** Looks at everything, and arranges for the next time. `look` answers the folders to watch. */
  during(look: () => ReadonlySet<string>): void {
    const { clock } = this.#options;
    this.#moved = false;
    this.#pollDue = false;
    const startedMs = clock.monotonicMs();
    const folders = look();
    // What changed in a folder before it was watched must be found as well.
    if (this.#watch(folders)) this.#moved = true;
    const endedMs = clock.monotonicMs();
    const restMs = shareOfLooks * (endedMs - startedMs);
    this.#notBeforeMs = endedMs + Math.max(pauseMs, restMs);
    this.#pollAfter(Math.max(this.#options.pollMs, restMs));
  }

  close(): void {
    this.#stopPolling?.();
    this.#stopWaiting?.();
    for (const stop of this.#watchers.values()) stop();
    this.#watchers.clear();
  }

  #pollAfter(delayMs: number): void {
    this.#stopPolling?.();
    this.#stopPolling = this.#options.timer.after(delayMs, () => {
      this.#pollDue = true;
      this.#options.news.raise();
    });
  }

  /** Watches these folders and no others. Answers whether one of them is new. */
  #watch(folders: ReadonlySet<string>): boolean {
    for (const [folder, stop] of this.#watchers) {
      if (folders.has(folder)) continue;
      this.#watchers.delete(folder);
      stop();
    }
    let added = false;
    for (const folder of folders) {
      if (this.#watchers.has(folder) || this.#watchers.size >= foldersWatchedMax) continue;
      added = this.#begin(folder) || added;
    }
    return added;
  }

  #begin(folder: string): boolean {
    const { watchFolder, news } = this.#options;
    try {
      const stop = watchFolder(folder, (name) => {
        if (name === undefined) this.#moved = true;
        else this.#written.add(join(folder, name));
        news.raise();
      });
      this.#watchers.set(folder, stop);
      this.#refused.delete(folder);
      return true;
    } catch (error) {
      this.#tellRefusal(folder, error);
      return false;
    }
  }

  #tellRefusal(folder: string, error: unknown): void {
    const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isGone || this.#refused.has(folder)) return;
    this.#refused.add(folder);
    const { pollMs, warn } = this.#options;
    warn(`cannot watch ${folder}, so it is looked at every ${pollMs} ms only: ${messageOf(error)}`);
  }
}

/** Watches with what the operating system offers. */
export const watchFolder: WatchFolder = (folder, onChange) => {
  const watcher = watch(folder, { persistent: false }, (type, name) => {
    onChange(type === "change" ? (name ?? undefined) : undefined);
  });
  // The folder is gone, or its file system: the next look at everything shows it.
  watcher.on("error", () => {
    watcher.close();
    onChange();
  });
  return () => watcher.close();
};
