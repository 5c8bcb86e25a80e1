import { bucketsMs } from "../status.ts";
import { type Distribution, type Family, type Sample, single } from "./family.ts";

/** What the lane does: events, commits, state, content. */
export const engineFamilies: readonly Family[] = [
  {
    type: "gauge",
    name: "stakeout_build_info",
    help: "1, with the version that runs.",
    labels: ["version"],
    read: ({ version }) => [[{ version }, 1]],
  },
  {
    type: "gauge",
    name: "stakeout_phase",
    help: "1 for the phase that the service is in, 0 for the others.",
    labels: ["phase"],
    read: (status) =>
      (["starting", "running", "draining", "failed"] as const).map((phase): Sample => [
        { phase },
        Number(status.phase === phase),
      ]),
  },
  single(
    "counter",
    ["stakeout_events_total", "Events that rules were asked about."],
    ({ counters }) => counters.events,
  ),
  single(
    "counter",
    ["stakeout_bytes_total", "Bytes of the records that became events, decompressed."],
    ({ counters }) => counters.bytes,
  ),
  single(
    "counter",
    ["stakeout_dead_letters_total", "Records that could not become an event."],
    ({ counters }) => counters.deadLetters,
  ),
  single(
    "gauge",
    ["stakeout_engine_clock_timestamp_seconds", "Engine clock of the last commit."],
    ({ engineClockMs }) => (engineClockMs > 0 ? engineClockMs / 1000 : undefined),
  ),
  single(
    "gauge",
    ["stakeout_last_commit_timestamp_seconds", "Wall clock of the last commit."],
    ({ commits }) => seconds(commits.lastMs),
  ),
  {
    type: "histogram",
    name: "stakeout_batch_duration_seconds",
    help: "From the first record of a batch to its commit.",
    read: ({ commits }) => distribution(commits.count, commits.batchMsTotal, commits.batchBuckets),
  },
  {
    type: "histogram",
    name: "stakeout_commit_duration_seconds",
    help: "Of the commit of a batch alone.",
    read: ({ commits }) => distribution(commits.count, commits.commitMsTotal, commits.commitBuckets),
  },
  {
    type: "counter",
    name: "stakeout_limit_reached_total",
    help: "How often a limit of docs/LIMITS.md was reached.",
    labels: ["limit"],
    read: ({ limits }) => Object.entries(limits).map(([limit, times]): Sample => [{ limit }, times]),
  },
  single("gauge", ["stakeout_state_keys", "Keys that rules remember."], ({ state }) => state?.keys),
  single("gauge", ["stakeout_state_bytes", "Bytes of the state file."], ({ state }) => state?.bytes),
  single(
    "gauge",
    ["stakeout_state_journal_bytes", "Bytes of commits that are not folded yet."],
    ({ state }) => state?.journalBytes,
  ),
  single(
    "counter",
    ["stakeout_lane_restarts_total", "Lanes that were replaced because a rule held them up or ended them."],
    ({ laneRestarts }) => laneRestarts,
  ),
  ...contentFamilies(),
];

function contentFamilies(): readonly Family[] {
  return [
    {
      type: "gauge",
      name: "stakeout_content_info",
      help: "1, with the hash of the rules and log types that run.",
      labels: ["hash"],
      read: ({ content }) => [[{ hash: content.hash }, 1]],
    },
    single(
      "gauge",
      [
        "stakeout_content_loaded_timestamp_seconds",
        "Wall clock when the rules and log types that run were loaded.",
      ],
      ({ content }) => seconds(content.loadedAtMs),
    ),
    single(
      "counter",
      ["stakeout_reloads_total", "New rules and log types that took over."],
      ({ content }) => content.reloads,
    ),
    single(
      "counter",
      ["stakeout_reloads_refused_total", "New rules and log types that were refused."],
      ({ content }) => content.refusedReloads,
    ),
    single(
      "gauge",
      ["stakeout_content_refused", "1 while the files on the disk are refused and older ones run."],
      ({ content }) => Number(content.refused !== undefined),
    ),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function distribution(count: number, msTotal: number, counts: readonly number[]): Distribution {
  return {
    buckets: bucketsMs.map((ms, index) => [ms / 1000, counts[index] ?? 0] as const),
    count,
    seconds: msTotal / 1000,
  };
}
