import { printable } from "../core/text.ts";
import type { FetchProgress } from "../rules/python/packages/wheel-folder.ts";
import type { Screen } from "./io.ts";

export interface FetchLine {
  readonly show: FetchProgress;
  /** Removes the line. */
  clear(): void;
}

/** One line on a terminal that says which file is being fetched and how far; `undefined` where there is no terminal. */
export function createFetchLine(screen: Screen): FetchLine | undefined {
  if (screen.isTTY !== true) return undefined;
  let shown = "";
  const draw = (text: string): void => {
    // Chunks come faster than anyone reads.
    if (text === shown) return;
    shown = text;
    screen.write(`\r\u001B[K${text}`);
  };
  return {
    show: ({ file, bytes, total }) => {
      const megabytes = (bytes / 1e6).toFixed(1);
      const share = total > 0 ? `${Math.floor((bytes / total) * 100)}%` : `${megabytes} MB`;
      draw(`${printable(file)} ${share}`.slice(0, (screen.columns ?? 80) - 1));
    },
    clear: () => draw(""),
  };
}
