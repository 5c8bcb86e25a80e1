/**
 * Ends the process although a thread of it cannot be ended, which every gentler way would wait for. What was committed is
 * on the disk; nothing else needs an orderly end.
 */
export function endStuckProcess(message: string): void {
  process.stderr.write(`stakeout: ${message}\n`);
  process.kill(process.pid, "SIGKILL");
}
