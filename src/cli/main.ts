import { existsSync, mkdirSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";

cacheCompiledCode();
const { main } = await import("./program.ts");
const { processIo } = await import("./io.ts");
process.exitCode = await main(process.argv.slice(2), processIo());

/**
 * Keeps compiled code from one run to the next, which takes a third off the start. In the user's own folder, because
 * Node's default is below /tmp, where another user could put code in our way. Called before anything else is imported.
 */
function cacheCompiledCode(): void {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, ".cache"));
  if (!caches) return;
  const folder = join(caches, "stakeout");
  try {
    // Step by step: where nothing can be made, as below /proc, Node's own recursive way never ends.
    for (const each of [caches, folder]) makeFolder(each);
  } catch {
    return;
  }
  module.enableCompileCache?.(folder);
  // A lane's thread looks here; what the call set up is for this thread alone.
  process.env["NODE_COMPILE_CACHE"] ??= folder;
}

function makeFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
}
