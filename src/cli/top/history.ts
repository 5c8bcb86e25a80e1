import type { ServiceStatus, SourceStatus } from "../../service/status.ts";

/** Rates are of the last few seconds: a single one holds a commit more or less by chance. */
const windowMs = 3000;

/** What the service did per second, over the last few seconds. */
export interface Rates {
  readonly events: number;
  readonly bytes: number;
  readonly commits: number;
  /** Averages over the commits of the time; `undefined` where there was none. */
  readonly batchMs: number | undefined;
  readonly commitMs: number | undefined;
  readonly stateKeys: number;
  readonly stateBytes: number;
  /** By name. */
  readonly sources: ReadonlyMap<string, { readonly records: number; readonly bytes: number }>;
}

/** The last looks at a service. Times are those of the service, so that it does not matter how long an answer takes. */
export class History {
  #statuses: ServiceStatus[] = [];

  add(status: ServiceStatus): void {
    const last = this.latest;
    // Another process counts anew.
    if (last?.startedAtMs !== status.startedAtMs || status.nowMs < last.nowMs) this.#statuses = [];
    else if (last.nowMs === status.nowMs) this.#statuses.pop();
    this.#statuses.push(status);
    const isOld = ({ nowMs }: ServiceStatus): boolean => status.nowMs - nowMs > windowMs;
    while (this.#statuses.length > 2 && this.#statuses.slice(0, 1).some(isOld)) this.#statuses.shift();
  }

  get latest(): ServiceStatus | undefined {
    return this.#statuses.at(-1);
  }

  /** `undefined` until there are two looks. */
  rates(): Rates | undefined {
    const [first] = this.#statuses;
    const last = this.latest;
    return first === undefined || last === undefined || first === last
      ? undefined
      : ratesBetween(first, last);
  }
}

function ratesBetween(first: ServiceStatus, last: ServiceStatus): Rates {
  const seconds = (last.nowMs - first.nowMs) / 1000;
  const commits = last.commits.count - first.commits.count;
  const perCommit = (name: "batchMsTotal" | "commitMsTotal"): number | undefined =>
    commits <= 0 ? undefined : (last.commits[name] - first.commits[name]) / commits;
  const before = new Map(first.sources.map((source) => [source.name, source]));
  return {
    events: (last.counters.events - first.counters.events) / seconds,
    bytes: (last.counters.bytes - first.counters.bytes) / seconds,
    commits: commits / seconds,
    batchMs: perCommit("batchMsTotal"),
    commitMs: perCommit("commitMsTotal"),
    stateKeys: ((last.state?.keys ?? 0) - (first.state?.keys ?? 0)) / seconds,
    stateBytes: ((last.state?.bytes ?? 0) - (first.state?.bytes ?? 0)) / seconds,
    sources: new Map(
      last.sources.map((source) => [
        source.name,
        sourceRates(source, { before: before.get(source.name), seconds }),
      ]),
    ),
  };
}

function sourceRates(
  source: SourceStatus,
  { before, seconds }: { readonly before: SourceStatus | undefined; readonly seconds: number },
): { records: number; bytes: number } {
  if (before === undefined) return { records: 0, bytes: 0 };
  // Files count anew when their lane does.
  return {
    records: Math.max(0, source.records - before.records) / seconds,
    bytes: Math.max(0, source.bytes - before.bytes) / seconds,
  };
}
