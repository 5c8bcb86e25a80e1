import { hash } from "node:crypto";

import type { Alert } from "../core/alert.ts";

/**
 * An alert that says of itself that it is a test, for `stakeout destinations test NAME`. `nowIso`: ISO 8601 in UTC with
 * milliseconds. Its id is new each time, so that no receiver takes it for one that it has seen.
 */
export function createTestAlert(destinationName: string, nowIso: string): Alert {
  const title = `Test alert for the destination ${destinationName}`;
  return {
    id: hash("sha256", `test\n${destinationName}\n${nowIso}`, "hex").slice(0, 32),
    status: "open",
    ruleId: "Stakeout.Test",
    ruleName: "Test alert",
    title,
    severity: "info",
    dedup: destinationName,
    logType: "Stakeout.Test",
    description:
      "Somebody checked with `stakeout destinations test` that alerts arrive here. Nothing has happened.",
    reference: "",
    runbook: "Nothing needs to be done.",
    tags: ["test"],
    reports: {},
    destinations: [destinationName],
    threshold: 1,
    matchCount: 1,
    firstEventTime: nowIso,
    lastEventTime: nowIso,
    windowStart: nowIso,
    windowEnd: nowIso,
    createdAt: nowIso,
    context: { test: true },
    summary: {},
    events: [{ test: true, message: title }],
    eventsOmitted: 0,
    position: { source: "stakeout", stream: "test", offset: 0 },
  };
}
