import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";

/**
 * What rules, their tests, events, log types and lookup tables are written in. Everything else, a state file for one, is no
 * content.
 */
export const contentEndings: ReadonlySet<string> = new Set([
  ".ts",
  ".mts",
  ".js",
  ".mjs",
  ".py",
  ".yaml",
  ".yml",
  ".json",
  ".jsonl",
  ".ndjson",
  ".csv",
]);

/**
 * A hash over the names and contents of all content below some paths, without hidden files and `node_modules`: what is
 * loaded is the same as long as it is the same. A file that cannot be read counts as empty, a folder as one without files.
 */
export function contentHash(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of filesBelow(path)) {
      const content = readContent(file);
      hash.update(`${file.length}:${file}${content.length}:`).update(content);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** `above`: the real paths of the folders on the way, because a link to one of them would never end. */
function filesBelow(path: string, above: readonly string[] = []): readonly string[] {
  const stat = readOr(() => statSync(path), undefined);
  if (stat === undefined) return [];
  // To read a pipe or a device could take for ever.
  if (!stat.isDirectory()) return stat.isFile() && contentEndings.has(extname(path)) ? [path] : [];
  const real = readOr(() => realpathSync(path), path);
  if (above.includes(real)) return [];
  return readOr(() => readdirSync(path), [])
    .toSorted()
    .filter((name) => !name.startsWith(".") && name !== "node_modules" && name !== "__pycache__")
    .flatMap((name) => filesBelow(join(path, name), [...above, real]));
}

function readContent(file: string): Buffer {
  return readOr(() => readFileSync(file), Buffer.alloc(0));
}

/** What was found may be gone before it is read, or not for us to read. */
function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
