import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * A hash over the names and contents of all files below some paths, without hidden ones and `node_modules`: what is loaded
 * is the same as long as it is the same. A file that cannot be read counts as empty.
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

function filesBelow(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  return namesIn(path)
    .filter((name) => !name.startsWith(".") && name !== "node_modules" && name !== "__pycache__")
    .flatMap((name) => filesBelow(join(path, name)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Gone between being found and being read.
    return [];
  }
}

function readContent(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
