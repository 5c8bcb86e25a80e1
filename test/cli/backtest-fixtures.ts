import type { Alert } from "../../src/core/alert.ts";
import { Collector, type Findings, type FoundAlert } from "../../src/cli/backtest/collect.ts";
import { compareAlerts } from "../../src/cli/backtest/compare.ts";
import type { BacktestResult } from "../../src/cli/backtest/result.ts";
import type { RunSummary } from "../../src/cli/summary.ts";

/** 2026-01-01T00:00:00Z */
export const startMs: number = Date.UTC(2026, 0, 1);

function iso(minute: number): string {
  return new Date(startMs + minute * 60_000).toISOString();
}

/** An alert whose window begins at a minute after `startMs` and lasts an hour. */
export function alertAt(minute: number, overrides: Partial<Alert> = {}): Alert {
  return {
    id: `id-${minute}`,
    status: "closed",
    ruleId: "Rule",
    ruleName: "Rule",
    title: "title",
    severity: "low",
    dedup: "dedup",
    logType: "AWS.CloudTrail",
    description: "",
    reference: "",
    runbook: "",
    tags: [],
    reports: {},
    destinations: null,
    threshold: 1,
    matchCount: 1,
    firstEventTime: iso(minute),
    lastEventTime: iso(minute),
    windowStart: iso(minute),
    windowEnd: iso(minute + 60),
    createdAt: iso(minute),
    context: {},
    summary: {},
    events: [],
    eventsOmitted: 0,
    position: { source: "files", stream: "/events", offset: minute },
    ...overrides,
  };
}

export function found(alerts: readonly Alert[]): readonly FoundAlert[] {
  return findings(alerts).alerts;
}

function findings(alerts: readonly Alert[], end: Partial<Findings> = {}): Findings {
  const collector = new Collector();
  const whole = {
    outsidePeriod: 0,
    firstEventMs: startMs,
    clockMs: startMs + 3_600_000,
    ruleErrors: [],
    ...end,
  };
  collector.add(alerts.map((alert) => `alert\t${JSON.stringify(alert)}\n`).join(""));
  collector.add(`end\t${JSON.stringify(whole)}\n`);
  return collector.findings();
}

function summary(alerts: readonly Alert[]): RunSummary {
  return {
    events: 10,
    bytes: 1000,
    matches: Object.fromEntries(alerts.map(({ ruleId }) => [ruleId, 1])),
    alerts: alerts.length,
    ruleErrors: 0,
    deadLetters: 0,
    suspended: [],
    seconds: 1,
    limits: {},
    interrupted: false,
  };
}

export interface ResultFixture {
  readonly alerts?: readonly Alert[];
  /** Alerts of a baseline of this name. */
  readonly baseline?: { readonly name: string; readonly alerts: readonly Alert[] };
  readonly end?: Partial<Findings>;
  readonly overrides?: Partial<BacktestResult>;
}

export function resultOf({ alerts = [], baseline, end, overrides }: ResultFixture = {}): BacktestResult {
  const current = findings(alerts, end);
  const before = baseline === undefined ? undefined : findings(baseline.alerts);
  return {
    summary: summary(alerts),
    findings: current,
    fromMs: undefined,
    toMs: undefined,
    baseline:
      baseline === undefined || before === undefined
        ? undefined
        : {
            name: baseline.name,
            summary: summary(baseline.alerts),
            findings: before,
            comparison: compareAlerts(before.alerts, current.alerts),
          },
    ...overrides,
  };
}
