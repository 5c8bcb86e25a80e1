/**
 * Runs the tests of the supervisor, which end dozens of threads in one process. About one in two hundred such endings crashes
 * Node 24 itself (SIGSEGV, below JavaScript). A run whose process dies so is continued by the next, as after a SIGKILL; a test
 * runner's process cannot be, so the file is run again. Nothing else is: a test that fails, fails.
 */
import { spawnSync } from "node:child_process";

const attemptsMax = 4;
const file = "test/engine/supervisor.test.ts";

function attempt(): { readonly status: number; readonly crashed: boolean } {
  const { status, stdout, stderr } = spawnSync("vitest", ["run", "--config", "vitest.supervisor.config.ts"], {
    encoding: "utf8",
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const crashed = `${stdout}${stderr}`.includes("exited unexpectedly with signal SIGSEGV");
  return { status: status ?? 1, crashed: crashed && !/\d+ failed/.test(stdout) };
}

let ended = attempt();
for (let count = 1; ended.crashed && count < attemptsMax; count++) {
  process.stderr.write(`Node crashed (SIGSEGV) while it ended a thread: ${file} is run again.\n`);
  ended = attempt();
}
process.exitCode = ended.status;
