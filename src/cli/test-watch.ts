import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { StakeoutError } from "../core/errors.ts";
import type { CommandIo } from "./io.ts";
import type { ChooseRules, RunEnd } from "./test.ts";
import { affectedRules, importedFiles } from "./test-watch/affected.ts";
import { FileWatcher } from "./test-watch/file-watcher.ts";

export interface WatchOptions {
  /** Files and folders with rules. */
  readonly paths: readonly string[];
  /** Files below them that the run itself writes. */
  readonly ignored: readonly string[];
  readonly io: CommandIo;
  readonly run: (choose: ChooseRules) => Promise<RunEnd>;
}

/**
 * Runs all tests, then again those of the rules that a change concerns, until `q`, Ctrl-C or a signal. Answers the exit
 * status of the last run. Throws `USAGE` where there is nothing to watch.
 */
export async function watchTests(options: WatchOptions): Promise<number> {
  const { paths, io, run } = options;
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined)
    throw new StakeoutError("USAGE", `Cannot watch ${missing}: no such file or folder.`);
  const ignored = new Set(options.ignored.map((path) => resolve(path)));
  using watcher = new FileWatcher(paths, ignored);
  using _ = endOnRequest(io, () => watcher.end());
  // What changed since rules were last run; `undefined`: they never were, so all of them are wanted.
  let pending: Set<string> | undefined;
  let last = 0;
  for (;;) {
    const concerned = pending;
    const { status, planned } = await run((plan) => concerned && affectedRules(plan, concerned));
    last = status ?? last;
    const { problems, tests } = planned;
    // What is invalid did not run, so the next run still has to look at it; and at everything where nothing ran at all.
    if (problems.length === 0 || tests.length > 0) pending = new Set(problems.map(({ file }) => file));
    watcher.alsoWatch(importedFiles(planned));
    io.stderr.write("Waiting for changes; q or Ctrl-C ends.\n");
    const changed = await watcher.next();
    if (changed === undefined) return last;
    for (const file of changed) pending?.add(file);
    clearScreen(io);
  }
}

function clearScreen({ stdout }: CommandIo): void {
  if (stdout.isTTY === true) stdout.write("\u001B[2J\u001B[3J\u001B[H");
}

/** In raw mode Ctrl-C and Ctrl-D arrive as the characters that they stand for. */
const endKeys = new Set(["q", "\u0003", "\u0004"]);

/** Calls `end` when somebody at the terminal, or a signal, asks for it. */
function endOnRequest({ stdin }: CommandIo, end: () => void): Disposable {
  process.once("SIGINT", end).once("SIGTERM", end);
  const onKey = (key: Buffer | string): void => {
    if (endKeys.has(String(key))) end();
  };
  if (stdin.isTTY === true) {
    setRawMode(stdin, true);
    stdin.on("data", onKey);
  }
  return {
    [Symbol.dispose]: () => {
      process.off("SIGINT", end).off("SIGTERM", end);
      if (stdin.isTTY !== true) return;
      stdin.off("data", onKey);
      setRawMode(stdin, false);
      stdin.pause();
    },
  };
}

/** Makes a terminal hand over keys one by one, without Return. */
function setRawMode(stdin: CommandIo["stdin"], on: boolean): void {
  if ("setRawMode" in stdin && typeof stdin.setRawMode === "function") stdin.setRawMode(on);
}
