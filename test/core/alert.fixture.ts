import type { Alert } from "../../src/core/alert.ts";

/** An alert, complete; a test sets what it is about. */
export function alert(overrides: Partial<Alert> = {}): Alert {
  return {
    id: "0123456789abcdef0123456789abcdef",
    status: "open",
    ruleId: "Test.Rule",
    ruleName: "Test.Rule",
    title: "Something happened",
    severity: "medium",
    dedup: "alice",
    logType: "Test.Log",
    description: "",
    reference: "",
    runbook: "",
    tags: [],
    reports: {},
    destinations: null,
    threshold: 1,
    matchCount: 1,
    firstEventTime: "2026-01-01T00:00:00.000Z",
    lastEventTime: "2026-01-01T00:00:00.000Z",
    windowStart: "2026-01-01T00:00:00.000Z",
    windowEnd: "2026-01-01T01:00:00.000Z",
    createdAt: "2026-01-01T00:00:00.000Z",
    context: {},
    summary: {},
    events: [{ n: 1 }],
    eventsOmitted: 0,
    position: { source: "test", stream: "s", offset: 0 },
    ...overrides,
  };
}
