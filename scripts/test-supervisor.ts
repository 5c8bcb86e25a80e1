/**
 * Runs the tests that end dozens of threads in one process. About one in two hundred such endings crashes Node 24 itself: V8 loses
 * track of its pages of machine code (`Check failed: jit_page.has_value()`, SIGTRAP) or uses one that is gone (SIGSEGV). A
 * run whose process dies so is continued by the next, as after a SIGKILL; a test runner's process cannot be, so its file is
 * run again. Nothing else is: a test that fails, fails.
 */
import { spawnSync } from "node:child_process";

import { threadEndingTests } from "../vitest.config.ts";

const attemptsMax = 8;
/** How V8 ends a process. */
const crash = /exited unexpectedly with signal (?:SIGSEGV|SIGTRAP|SIGILL|SIGBUS|SIGABRT)\b/;

interface Attempt {
  readonly status: number;
  readonly crashed: boolean;
}

function attempt(file: string): Attempt {
  const args = ["run", "--config", "vitest.supervisor.config.ts", file];
  const { status, stdout, stderr } = spawnSync("vitest", args, { encoding: "utf8" });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const crashed = crash.test(`${stdout}${stderr}`);
  return { status: status ?? 1, crashed: crashed && !/\d+ failed/.test(stdout) };
}

for (const file of threadEndingTests) {
  let ended = attempt(file);
  for (let count = 1; ended.crashed && count < attemptsMax; count++) {
    process.stderr.write(`Node crashed while it ended a thread: ${file} is run again.\n`);
    ended = attempt(file);
  }
  process.exitCode ||= ended.status;
}
