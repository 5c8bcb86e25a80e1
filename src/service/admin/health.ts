import { formatDuration } from "../../core/durations.ts";
import type { ServiceStatus } from "../status.ts";

/**
 * How long records may wait without a commit before a restart is called for. Far beyond a rule's budget, so that a lane that is
 * replaced because of a slow rule counts as alive.
 */
const stuckMs = 120_000;

/** What is wrong with a process that should be started again, a sentence each; empty when it lives. */
export function ailmentsOf(status: ServiceStatus): readonly string[] {
  const { phase, commits, sources, nowMs, startedAtMs } = status;
  if (phase === "failed") return ["The lane has failed; the process is about to end."];
  const silentMs = nowMs - (commits.lastMs ?? startedAtMs);
  const waiting = sources.filter(({ lagMs }) => lagMs > stuckMs).map(({ name }) => name);
  if (silentMs <= stuckMs || waiting.length === 0) return [];
  return [
    `No batch was committed for ${formatDuration(silentMs)}, and records wait in ${waiting.join(", ")}.`,
  ];
}
