import type { CommittedMessage, CommittedTotals, SourceReading } from "../../src/engine/lane-messages.ts";

export interface CommittedOverrides {
  readonly durations?: CommittedMessage["durations"];
  readonly clockMs?: number;
  readonly limits?: Exclude<CommittedTotals["limits"], undefined>;
  readonly rules?: CommittedTotals["rules"];
  readonly staged?: readonly string[];
  readonly suspended?: readonly string[];
  readonly waiting?: Readonly<Record<string, number>>;
  readonly sources?: Readonly<Record<string, SourceReading>>;
}

/** What a lane of a service tells with a commit; a test sets what it is about. */
export function committedMessage(overrides: CommittedOverrides = {}): CommittedMessage {
  const { durations = { batchMs: 0, commitMs: 0 }, clockMs = 0, rules = {}, limits } = overrides;
  const { staged = [], suspended = [], waiting = {}, sources = {} } = overrides;
  const counts = { events: 0, bytes: 0, matches: 0, alerts: 0, ruleErrors: 0, deadLetters: 0 };
  return {
    type: "committed",
    totals: { ...counts, rules, ...(limits === undefined ? {} : { limits }) },
    progressed: true,
    fileBytes: {},
    clockMs,
    durations,
    stdin: undefined,
    service: { positions: [], settled: [], sources, waiting, rules: { staged, suspended } },
  };
}
