import { beforeEach, describe, expect, test } from "vitest";

import type { ServiceConfig } from "../../src/config/service-config.ts";
import { EngineFigures } from "../../src/service/engine-figures.ts";
import { type StatusParts, statusOf } from "../../src/service/status-of.ts";
import type { DestinationStatus, SourceStatus } from "../../src/service/status.ts";
import { readValid } from "../config/service-file/fixtures.ts";
import { destinationState, nowMs } from "./admin/status-fixtures.ts";
import { committedMessage, type CommittedOverrides } from "./fixtures.ts";

let config: ServiceConfig;
beforeEach(() => {
  config = readValid(`
admin: {token: admin-0123456789abcdef}
sources:
  web: {kind: http, token: source-0123456789abcdef}
  logs: {kind: files, paths: [/var/log/x]}
destinations:
  screen: {kind: stdout}
  constructor: {kind: file, path: /tmp/alerts.jsonl}
`);
});

const counters = {
  events: 7,
  bytes: 70,
  matches: 6,
  alerts: 5,
  ruleErrors: 4,
  deadLetters: 3,
  inputBytesRead: 0,
  inputBytesTotal: 0,
};
const content = { hash: "abc", loadedAtMs: 1, reloads: 0, refusedReloads: 0 };

function partsOf(overrides: Partial<StatusParts> = {}, committed?: CommittedOverrides): StatusParts {
  const figures = new EngineFigures();
  if (committed !== undefined) figures.committed(committedMessage(committed), nowMs - 10);
  return {
    config,
    version: "1.2.3",
    clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
    startedAtMs: nowMs - 1000,
    phase: () => "running",
    figures,
    keeper: { counters: () => counters },
    content: { status: () => content },
    state: { read: () => undefined },
    spool: { backlog: () => ({ records: 0, bytes: 0, oldestMs: undefined }) },
    ingest: undefined,
    deliverer: { state: () => destinationState({ delivered: 9 }) },
    laneRestarts: () => 2,
    abandoned: () => new Map(),
    ...overrides,
  };
}

function sourceOf(name: string, parts: StatusParts): SourceStatus | undefined {
  return statusOf(parts).sources.find((source) => source.name === name);
}

function destinationOf(name: string, parts: StatusParts): DestinationStatus | undefined {
  return statusOf(parts).destinations.find((destination) => destination.name === name);
}

describe("a service", () => {
  test("that has committed nothing shows nothing done, and what it is made of", () => {
    const status = statusOf(partsOf({ keeper: { counters: () => undefined } }));
    expect(status).toMatchObject({
      version: "1.2.3",
      startedAtMs: nowMs - 1000,
      nowMs,
      phase: "running",
      engineClockMs: 0,
      counters: { events: 0, inputBytesTotal: 0 },
      commits: { count: 0 },
      limits: {},
      state: undefined,
      otherRequests: {},
      rules: [],
      content,
      laneRestarts: 2,
    });
    expect(status.residentBytes).toBeGreaterThan(1_000_000);
    expect(status.sources.map(({ name, kind }) => `${kind} ${name}`)).toEqual(["http web", "files logs"]);
  });

  test("shows the last commit", () => {
    const status = statusOf(partsOf({}, { clockMs: 55, limits: { nestingMax: 2 } }));
    expect(status).toMatchObject({ engineClockMs: 55, counters, limits: { nestingMax: 2 } });
    expect(status.commits).toMatchObject({ count: 1, lastMs: nowMs - 10 });
  });
});

describe("a source over HTTP", () => {
  test("has what waits in the spool, and how long the oldest of it has", () => {
    const spool = { backlog: () => ({ records: 3, bytes: 400, oldestMs: nowMs - 250 }) };
    expect(sourceOf("web", partsOf({ spool }))).toMatchObject({
      backlogRecords: 3,
      backlogBytes: 400,
      backlogBytesMax: config.spool.backlogBytesMax,
      lagMs: 250,
    });
  });

  test("does not wait for less than nothing when somebody sets the clock back", () => {
    const spool = { backlog: () => ({ records: 1, bytes: 1, oldestMs: nowMs + 5000 }) };
    expect(sourceOf("web", partsOf({ spool }))).toMatchObject({ lagMs: 0 });
  });

  test("has what was accepted, and the requests of no source are apart", () => {
    const accepted = { records: 9, bytes: 90, requests: { 202: 4 }, repeatedRequests: 1 };
    const totals = { requests: { 404: 2 }, connections: 0, droppedConnections: 0, heldBytes: 0 };
    const parts = partsOf({ ingest: { status: () => accepted, totals: () => totals } });
    expect(sourceOf("web", parts)).toMatchObject(accepted);
    expect(statusOf(parts).otherRequests).toEqual({ 404: 2 });
  });
});

describe("a source of files", () => {
  test.each<[string, CommittedOverrides, Partial<SourceStatus>]>([
    ["that was not read yet", {}, { records: 0, bytes: 0, backlogBytes: 0 }],
    [
      "that is not read to its end",
      { sources: { logs: { records: 5, bytesRead: 100, bytesTotal: 130 } } },
      { records: 5, bytes: 100, backlogBytes: 30 },
    ],
    [
      "whose length is not known",
      { sources: { logs: { records: 5, bytesRead: 100, bytesTotal: undefined } } },
      { backlogBytes: 0 },
    ],
    [
      "that has become shorter",
      { sources: { logs: { records: 5, bytesRead: 100, bytesTotal: 90 } } },
      { backlogBytes: 0 },
    ],
  ])("%s", (...[, committed, expected]) => {
    expect(sourceOf("logs", partsOf({}, committed))).toMatchObject({
      ...expected,
      kind: "files",
      backlogRecords: undefined,
      backlogBytesMax: undefined,
    });
  });
});

describe("a destination", () => {
  test("has what waits, what was given up, and what its attempts came to", () => {
    const parts = partsOf({ abandoned: () => new Map([["screen", 3]]) }, { waiting: { screen: 2 } });
    expect(destinationOf("screen", parts)).toEqual({
      name: "screen",
      kind: "stdout",
      waiting: 2,
      abandoned: 3,
      attempts: destinationState({ delivered: 9 }),
    });
  });

  test("that is a file has no attempts, whatever its name", () => {
    expect(destinationOf("constructor", partsOf({}, { waiting: {} }))).toEqual({
      name: "constructor",
      kind: "file",
      waiting: 0,
      abandoned: 0,
      attempts: undefined,
    });
  });
});
