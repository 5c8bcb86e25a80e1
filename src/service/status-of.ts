import type { ServiceConfig } from "../config/service-config.ts";
import type { Clock } from "../core/clock.ts";
import { ownValue } from "../core/own-value.ts";
import type { Deliverer } from "../destinations/deliverer.ts";
import { counterNames, type Counters } from "../engine/control.ts";
import type { Spool } from "../sources/spool/spool.ts";
import type { Content } from "./content.ts";
import type { EngineFigures } from "./engine-figures.ts";
import type { IngestServer } from "./ingest/server.ts";
import type { LaneKeeper } from "./lane-keeper.ts";
import type { StateMeasurement } from "./state-measure.ts";
import type { DestinationStatus, ServiceStatus, SourceStatus } from "./status.ts";

/** Everything that a status is made of. */
export interface StatusParts {
  readonly config: ServiceConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly phase: () => ServiceStatus["phase"];
  readonly figures: EngineFigures;
  readonly keeper: Pick<LaneKeeper, "counters">;
  readonly content: Pick<Content, "status">;
  readonly state: Pick<StateMeasurement, "read">;
  readonly spool: Pick<Spool, "backlog">;
  readonly ingest: Pick<IngestServer, "status" | "totals"> | undefined;
  readonly deliverer: Pick<Deliverer, "state">;
  readonly laneRestarts: () => number;
  /** Deliveries that were given up, by destination, as of a moment ago. */
  readonly abandoned: () => ReadonlyMap<string, number>;
}

/** What the service is at, at this moment. */
export function statusOf(parts: StatusParts): ServiceStatus {
  const { config, version, clock, startedAtMs, figures, keeper, content, state } = parts;
  const { last } = figures;
  return {
    version,
    startedAtMs,
    nowMs: clock.nowMs(),
    phase: parts.phase(),
    engineClockMs: last?.clockMs ?? 0,
    counters: keeper.counters() ?? noCounters,
    commits: figures.commits(),
    limits: last?.totals.limits ?? {},
    state: state.read(),
    sources: config.sources.map(({ name, kind }) => sourceStatus(name, kind, parts)),
    otherRequests: parts.ingest?.totals().requests ?? {},
    destinations: config.destinations.map(({ name, kind }) => destinationStatus(name, kind, parts)),
    rules: figures.rules(),
    content: content.status(),
    laneRestarts: parts.laneRestarts(),
    residentBytes: process.memoryUsage.rss(),
  };
}

const noCounters = Object.fromEntries(counterNames.map((name) => [name, 0])) as Counters;

function sourceStatus(name: string, kind: SourceStatus["kind"], parts: StatusParts): SourceStatus {
  const { config, spool, ingest, clock, figures } = parts;
  if (kind === "files") {
    const reading = ownValue(figures.last?.service?.sources, name);
    const { records = 0, bytesRead = 0, bytesTotal = bytesRead } = reading ?? {};
    return {
      name,
      kind,
      records,
      bytes: bytesRead,
      backlogRecords: undefined,
      backlogBytes: Math.max(0, bytesTotal - bytesRead),
      backlogBytesMax: undefined,
      lagMs: 0,
      requests: {},
      repeatedRequests: 0,
    };
  }
  const { records, bytes, oldestMs } = spool.backlog(name);
  const accepted = ingest?.status(name);
  return {
    name,
    kind,
    records: accepted?.records ?? 0,
    bytes: accepted?.bytes ?? 0,
    backlogRecords: records,
    backlogBytes: bytes,
    backlogBytesMax: config.spool.backlogBytesMax,
    lagMs: oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs),
    requests: accepted?.requests ?? {},
    repeatedRequests: accepted?.repeatedRequests ?? 0,
  };
}

function destinationStatus(name: string, kind: string, parts: StatusParts): DestinationStatus {
  const { figures, deliverer, abandoned } = parts;
  return {
    name,
    kind,
    waiting: ownValue(figures.last?.service?.waiting, name) ?? 0,
    abandoned: abandoned().get(name) ?? 0,
    attempts: kind === "file" ? undefined : deliverer.state(name),
  };
}
