import { FileWatcher } from "../test-watch/file-watcher.ts";

/** Calls back whenever files below some paths have changed. Answers what ends that. */
export function watchContent(paths: readonly string[], onChange: () => Promise<unknown>): () => void {
  const watcher = new FileWatcher(paths, new Set());
  const follow = async (): Promise<void> => {
    for (;;) {
      const changed = await watcher.next();
      if (changed === undefined) return;
      await onChange();
    }
  };
  void follow();
  return () => {
    watcher.end();
    watcher[Symbol.dispose]();
  };
}
