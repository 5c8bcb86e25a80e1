import type { DestinationState } from "../../../src/destinations/deliverer.ts";
import { bucketsMs } from "../../../src/service/status.ts";
import type {
  DestinationStatus,
  RuleStatus,
  ServiceStatus,
  SourceStatus,
} from "../../../src/service/status.ts";

/** Where the wall clock of these tests stands. */
export const nowMs: number = Date.UTC(2026, 2, 2, 12);

const minuteMs = 60_000;

/** The status of a service that has run for an hour; a test sets what it is about. */
export function serviceStatus(overrides: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    version: "1.2.3",
    startedAtMs: nowMs - 60 * minuteMs,
    nowMs,
    phase: "running",
    engineClockMs: nowMs - 1500,
    counters: {
      events: 120_000,
      bytes: 144_000_000,
      matches: 340,
      alerts: 12,
      ruleErrors: 3,
      deadLetters: 5,
      inputBytesRead: 0,
      inputBytesTotal: 0,
    },
    commits: {
      count: 700,
      lastMs: nowMs - 200,
      batchMsTotal: 63_000,
      commitMsTotal: 8400,
      batchBuckets: bucketsMs.map((ms) => (ms < 100 ? ms : 700)),
      commitBuckets: bucketsMs.map((ms) => (ms < 50 ? ms * 10 : 700)),
    },
    limits: { alertsPerHourMax: 2 },
    state: { keys: 4321, bytes: 8_000_000, journalBytes: 500_000 },
    sources: [sourceStatus()],
    otherRequests: { 401: 4, 404: 1 },
    destinations: [destinationStatus()],
    rules: [ruleStatus()],
    content: { hash: "c0ffee", loadedAtMs: nowMs - 30 * minuteMs, reloads: 2, refusedReloads: 1 },
    laneRestarts: 1,
    residentBytes: 300_000_000,
    ...overrides,
  };
}

export function sourceStatus(overrides: Partial<SourceStatus> = {}): SourceStatus {
  return {
    name: "cloudtrail",
    kind: "http",
    records: 120_500,
    bytes: 144_600_000,
    backlogRecords: 500,
    backlogBytes: 600_000,
    backlogBytesMax: 1_000_000_000,
    lagMs: 400,
    requests: { 202: 1200, 429: 3 },
    repeatedRequests: 7,
    ...overrides,
  };
}

export function ruleStatus(overrides: Partial<RuleStatus> = {}): RuleStatus {
  return {
    id: "AWS.CloudTrail.RootLogin",
    name: "Root login",
    severity: "high",
    matches: 40,
    alerts: 3,
    ruleErrors: 1,
    timedEvents: 1000,
    timedMicroseconds: 2500,
    staged: false,
    suspended: false,
    ...overrides,
  };
}

export function destinationStatus(overrides: Partial<DestinationStatus> = {}): DestinationStatus {
  return {
    name: "oncall",
    kind: "pagerduty",
    waiting: 2,
    abandoned: 1,
    attempts: destinationState(),
    ...overrides,
  };
}

export function destinationState(overrides: Partial<DestinationState> = {}): DestinationState {
  return {
    delivered: 9,
    abandoned: 1,
    failedAttempts: 6,
    inFlight: 1,
    circuit: "closed",
    retryAtMs: undefined,
    lastFailure: undefined,
    deliverMsTotal: 1800,
    ...overrides,
  };
}

/** The status so many seconds later, with so many events and the like more. */
export function later(seconds: number, events: number = 0): ServiceStatus {
  const { counters, commits } = serviceStatus();
  return serviceStatus({
    nowMs: nowMs + seconds * 1000,
    counters: { ...counters, events: counters.events + events, bytes: counters.bytes + events * 1000 },
    commits: {
      ...commits,
      count: commits.count + 10,
      batchMsTotal: commits.batchMsTotal + 900,
      commitMsTotal: commits.commitMsTotal + 125,
    },
    state: { keys: 4321 + 60, bytes: 8_000_000 - 2000, journalBytes: 0 },
    sources: [sourceStatus({ records: 120_500 + events, bytes: 144_600_000 + events * 1000 })],
  });
}
