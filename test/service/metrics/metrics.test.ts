import { describe, expect, test } from "vitest";

import { createMetrics } from "../../../src/service/metrics/metrics.ts";
import type { ServiceStatus } from "../../../src/service/status.ts";
import {
  destinationState,
  destinationStatus,
  nowMs,
  ruleStatus,
  serviceStatus,
  sourceStatus,
} from "../admin/status-fixtures.ts";
import { type Exposition, parseExposition } from "./exposition.ts";

async function scrape(status: ServiceStatus = serviceStatus()): Promise<Exposition> {
  return parseExposition(await createMetrics({ read: () => status }).read());
}

describe("the exposition", () => {
  test("gives every metric a help text and a type, once, before its samples", async () => {
    const { families, problems } = await scrape();
    expect(problems).toEqual([]);
    expect(families.size).toBeGreaterThan(40);
  });

  test("has every name with the prefix, and totals for counters alone", async () => {
    const { families } = await scrape();
    for (const [name, { type }] of families) {
      expect(name).toMatch(/^stakeout_[a-z0-9_]+$/);
      expect({ name, total: name.endsWith("_total") }).toEqual({ name, total: type === "counter" });
      expect(name).not.toMatch(/_(?:ms|milliseconds|microseconds|kb|mb|count|sum|bucket)$/);
    }
  });

  test("has each series once", async () => {
    const { samples } = await scrape();
    const names = samples.map(({ series }) => series);
    expect(new Set(names).size).toBe(names.length);
  });

  test("bears label values with quotes, backslashes and line breaks", async () => {
    const id = 'a"b\\c\nd';
    const { read } = await scrape(serviceStatus({ rules: [ruleStatus({ id, matches: 8 })] }));
    expect(read("stakeout_matches_total", { rule: id })).toBe(8);
  });

  test("has the metrics of the process beside them", async () => {
    const { read } = await scrape();
    expect(read("stakeout_process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(read("stakeout_nodejs_heap_size_used_bytes")).toBeGreaterThan(1e6);
  });
});

describe("what a status says", () => {
  test("the engine", async () => {
    const { read } = await scrape();
    expect(read("stakeout_build_info", { version: "1.2.3" })).toBe(1);
    expect(read("stakeout_phase", { phase: "running" })).toBe(1);
    expect(read("stakeout_phase", { phase: "draining" })).toBe(0);
    expect(read("stakeout_events_total")).toBe(120_000);
    expect(read("stakeout_bytes_total")).toBe(144_000_000);
    expect(read("stakeout_dead_letters_total")).toBe(5);
    expect(read("stakeout_engine_clock_timestamp_seconds")).toBe((nowMs - 1500) / 1000);
    expect(read("stakeout_last_commit_timestamp_seconds")).toBe((nowMs - 200) / 1000);
    expect(read("stakeout_limit_reached_total", { limit: "alertsPerHourMax" })).toBe(2);
    expect(read("stakeout_state_keys")).toBe(4321);
    expect(read("stakeout_state_bytes")).toBe(8_000_000);
    expect(read("stakeout_state_journal_bytes")).toBe(500_000);
    expect(read("stakeout_lane_restarts_total")).toBe(1);
  });

  test("batches and commits, as histograms in seconds", async () => {
    const { read } = await scrape();
    expect(read("stakeout_batch_duration_seconds_bucket", { le: "0.05" })).toBe(50);
    expect(read("stakeout_batch_duration_seconds_bucket", { le: "0.1" })).toBe(700);
    expect(read("stakeout_batch_duration_seconds_bucket", { le: "+Inf" })).toBe(700);
    expect(read("stakeout_batch_duration_seconds_sum")).toBe(63);
    expect(read("stakeout_commit_duration_seconds_bucket", { le: "0.02" })).toBe(200);
    expect(read("stakeout_commit_duration_seconds_count")).toBe(700);
    expect(read("stakeout_commit_duration_seconds_sum")).toBe(8.4);
  });

  test("buckets never fall", async () => {
    const { samples } = await scrape();
    for (const name of ["batch", "commit"]) {
      const counts = samples
        .filter((sample) => sample.name === `stakeout_${name}_duration_seconds_bucket`)
        .map(({ value }) => value);
      expect(counts).toHaveLength(13);
      expect(counts).toEqual([...counts].sort((left, right) => left - right));
    }
  });

  test("the content", async () => {
    const refused = { atMs: nowMs, problems: [] };
    const { content } = serviceStatus();
    const { read } = await scrape(serviceStatus({ content: { ...content, refused } }));
    expect(read("stakeout_content_info", { hash: "c0ffee" })).toBe(1);
    expect(read("stakeout_content_loaded_timestamp_seconds")).toBe(nowMs / 1000 - 1800);
    expect(read("stakeout_reloads_total")).toBe(2);
    expect(read("stakeout_reloads_refused_total")).toBe(1);
    expect(read("stakeout_content_refused")).toBe(1);
    expect((await scrape()).read("stakeout_content_refused")).toBe(0);
  });

  test("sources", async () => {
    const files = sourceStatus({
      name: "local",
      kind: "files",
      backlogRecords: undefined,
      backlogBytesMax: undefined,
      requests: {},
    });
    const { read } = await scrape(serviceStatus({ sources: [sourceStatus(), files] }));
    const http = { source: "cloudtrail" };
    expect(read("stakeout_source_records_total", http)).toBe(120_500);
    expect(read("stakeout_source_bytes_total", http)).toBe(144_600_000);
    expect(read("stakeout_source_lag_seconds", http)).toBe(0.4);
    expect(read("stakeout_source_backlog_records", http)).toBe(500);
    expect(read("stakeout_source_backlog_bytes", http)).toBe(600_000);
    expect(read("stakeout_source_backlog_max_bytes", http)).toBe(1e9);
    expect(read("stakeout_source_requests_total", { ...http, status: "429" })).toBe(3);
    expect(read("stakeout_source_repeated_requests_total", http)).toBe(7);
    expect(read("stakeout_other_requests_total", { status: "401" })).toBe(4);
    expect(read("stakeout_source_backlog_bytes", { source: "local" })).toBe(600_000);
    expect(read("stakeout_source_backlog_records", { source: "local" })).toBeUndefined();
    expect(read("stakeout_source_repeated_requests_total", { source: "local" })).toBeUndefined();
  });

  test("rules", async () => {
    const second = ruleStatus({ id: "second", matches: 5, staged: true, suspended: true });
    const { read } = await scrape(serviceStatus({ rules: [ruleStatus(), second] }));
    const rule = "AWS.CloudTrail.RootLogin";
    expect(read("stakeout_matches_total", { rule })).toBe(40);
    expect(read("stakeout_matches_total", { rule: "second" })).toBe(5);
    expect(read("stakeout_alerts_total", { rule })).toBe(3);
    expect(read("stakeout_rule_errors_total", { rule })).toBe(1);
    expect(read("stakeout_rule_timed_events_total", { rule })).toBe(1000);
    expect(read("stakeout_rule_timed_seconds_total", { rule })).toBe(0.0025);
    expect(read("stakeout_rule_staged", { rule })).toBe(0);
    expect(read("stakeout_rule_suspended", { rule })).toBe(0);
    expect(read("stakeout_rule_staged", { rule: "second" })).toBe(1);
    expect(read("stakeout_rule_suspended", { rule: "second" })).toBe(1);
  });

  test("destinations", async () => {
    const open = destinationStatus({ name: "chat", attempts: destinationState({ circuit: "open" }) });
    const file = destinationStatus({ name: "archive", kind: "file", attempts: undefined });
    const { read } = await scrape(serviceStatus({ destinations: [destinationStatus(), open, file] }));
    const destination = "oncall";
    expect(read("stakeout_deliveries_total", { destination, result: "delivered" })).toBe(9);
    expect(read("stakeout_deliveries_total", { destination, result: "abandoned" })).toBe(1);
    expect(read("stakeout_delivery_failed_attempts_total", { destination })).toBe(6);
    expect(read("stakeout_delivery_seconds_total", { destination })).toBe(1.8);
    expect(read("stakeout_deliveries_in_flight", { destination })).toBe(1);
    expect(read("stakeout_deliveries_waiting", { destination })).toBe(2);
    expect(read("stakeout_deliveries_abandoned", { destination })).toBe(1);
    expect(read("stakeout_destination_circuit", { destination, circuit: "closed" })).toBe(1);
    expect(read("stakeout_destination_circuit", { destination: "chat", circuit: "open" })).toBe(1);
    expect(read("stakeout_destination_circuit", { destination: "chat", circuit: "closed" })).toBe(0);
    expect(read("stakeout_deliveries_waiting", { destination: "archive" })).toBe(2);
    expect(read("stakeout_deliveries_in_flight", { destination: "archive" })).toBeUndefined();
  });

  test("what is not known is left out", async () => {
    const commits = { ...serviceStatus().commits, lastMs: undefined };
    const { read } = await scrape(serviceStatus({ commits, state: undefined, engineClockMs: 0 }));
    expect(read("stakeout_last_commit_timestamp_seconds")).toBeUndefined();
    expect(read("stakeout_state_keys")).toBeUndefined();
    expect(read("stakeout_engine_clock_timestamp_seconds")).toBeUndefined();
  });
});

test("each scrape asks for the status once, and shows the newest", async () => {
  let asked = 0;
  const metrics = createMetrics({
    read: () => serviceStatus({ laneRestarts: ++asked }),
  });
  expect(parseExposition(await metrics.read()).read("stakeout_lane_restarts_total")).toBe(1);
  expect(parseExposition(await metrics.read()).read("stakeout_lane_restarts_total")).toBe(2);
});
