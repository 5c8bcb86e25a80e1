import { extname } from "node:path";

import type { RunConfig } from "../../config/run-config.ts";
import type { Problem } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Counters } from "../../engine/control.ts";
import { LaneHandle, type LaneOutcome } from "../../engine/supervisor.ts";
import { endStuckProcess } from "../stuck.ts";
import { createSummary, type RunSummary } from "../summary.ts";
import { Collector, type Findings } from "./collect.ts";

/** One version of the rules, to be run over the events. */
export interface Version {
  readonly config: RunConfig;
  /** What people call it; empty for the current one, which needs no name. */
  readonly name: string;
  /** Puts names that people know in the place of those of extracted files. */
  readonly rename: (text: string) => string;
}

export interface VersionResult {
  readonly summary: RunSummary;
  readonly findings: Findings;
}

/** What came of each version, in the order given; or what is wrong with the rules of any. */
export type VersionsOutcome =
  | { readonly kind: "done"; readonly results: readonly VersionResult[] }
  | { readonly kind: "invalid"; readonly version: Version; readonly problems: readonly Problem[] };

/** What goes on around the lanes while they run. */
export interface VersionsHost {
  /** Takes warnings and what rules print. */
  readonly note: (text: string) => void;
  /** Called once with all lanes; answers what to call when they have ended. */
  readonly started: (lanes: readonly LaneHandle[]) => () => void;
  readonly monotonicMs: () => number;
}

/** Runs every version over the same events, each on a lane of its own at the same time. Throws what a lane throws. */
export async function runVersions(
  versions: readonly Version[],
  host: VersionsHost,
): Promise<VersionsOutcome> {
  const startedMs = host.monotonicMs();
  const runs = versions.map((version) => start(version, host));
  const lanes = runs.map(({ lane }) => lane);
  const stopAll = (): void => {
    for (const lane of lanes) lane.stop();
  };
  const ended = host.started(lanes);
  const settled = await Promise.allSettled(lanes.map((lane) => stopOthersWhenLost(lane, stopAll)));
  ended();
  const outcomes = settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
  const seconds = (host.monotonicMs() - startedMs) / 1000;
  const results: VersionResult[] = [];
  for (const [index, { version, lane, collector }] of runs.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind === "invalid") return { kind: "invalid", version, problems: outcome.problems };
    if (outcome === undefined) continue;
    const summary = createSummary(lane.control.read(), outcome.result, seconds);
    results.push({ summary, findings: collector.findings() });
  }
  return { kind: "done", results };
}

interface VersionRun {
  readonly version: Version;
  readonly lane: LaneHandle;
  readonly collector: Collector;
}

function start(version: Version, { note }: VersionsHost): VersionRun {
  const collector = new Collector();
  const label = version.name === "" ? "" : `${version.name}: `;
  const lane = new LaneHandle({
    threadUrl: new URL(`../../config/lane-thread${extname(import.meta.filename)}`, import.meta.url),
    config: version.config as unknown as JsonObject,
    limits: version.config.limits,
    keepsState: false,
    onOutput: async (text) => collector.add(text),
    onWarning: (message) => note(`stakeout: warning: ${label}${version.rename(message)}\n`),
    onStuck: endStuckProcess,
    onRulePrint: note,
  });
  return { version, lane, collector };
}

/** Without the result of one version those of the others are of no use. */
async function stopOthersWhenLost(lane: LaneHandle, stopAll: () => void): Promise<LaneOutcome> {
  try {
    const outcome = await lane.outcome;
    if (outcome.kind === "invalid") stopAll();
    return outcome;
  } catch (error) {
    stopAll();
    throw error;
  }
}

/** The counters of several lanes as one, for progress. The alerts are those of the first: the current version's. */
export function sumCounters(lanes: readonly LaneHandle[]): Counters {
  const counters = lanes.map((lane) => lane.control.read());
  const [first] = counters;
  if (first === undefined) throw new RangeError("There are no lanes.");
  const sum = (name: keyof Counters): number => counters.reduce((total, each) => total + each[name], 0);
  return {
    ...first,
    events: sum("events"),
    inputBytesRead: sum("inputBytesRead"),
    inputBytesTotal: sum("inputBytesTotal"),
  };
}
