import type { Problem } from "../core/errors.ts";
import type { DestinationState } from "../destinations/deliverer.ts";
import type { Counters } from "../engine/control.ts";
import type { LimitCounts } from "../engine/lane-messages.ts";
import type { Severity } from "../core/severity.ts";

/** What an operator can see of a running service: `/v1/status`, `/metrics`, `stakeout status` and `stakeout top` all show this. */
export interface ServiceStatus {
  readonly version: string;
  readonly startedAtMs: number;
  /** Wall clock of this answer. */
  readonly nowMs: number;
  /** `starting` until the lane has opened everything; `failed` when it gave up: the process ends soon. */
  readonly phase: "starting" | "running" | "draining" | "failed";
  /** Engine clock of the last commit. */
  readonly engineClockMs: number;
  /** Of this process, lanes that were replaced included. */
  readonly counters: Counters;
  readonly commits: CommitStatus;
  readonly limits: LimitCounts;
  readonly state: StateStatus | undefined;
  readonly sources: readonly SourceStatus[];
  /** Requests for events that belong to no source, by HTTP status: an unknown address, a wrong token. */
  readonly otherRequests: Readonly<Record<string, number>>;
  readonly destinations: readonly DestinationStatus[];
  readonly rules: readonly RuleStatus[];
  readonly content: ContentStatus;
  /** Lanes that were replaced because a rule held them up or ended them. */
  readonly laneRestarts: number;
  /** Bytes of memory of the process. */
  readonly residentBytes: number;
}

export interface CommitStatus {
  readonly count: number;
  /** Wall clock of the last one; `undefined` before the first. */
  readonly lastMs: number | undefined;
  /** Sums, for averages over a period: from a batch's first record to its end, and of the commit alone. */
  readonly batchMsTotal: number;
  readonly commitMsTotal: number;
  /** How many batches, and how many commits alone, took at most so many milliseconds, for each of `bucketsMs`. */
  readonly batchBuckets: readonly number[];
  readonly commitBuckets: readonly number[];
}

export const bucketsMs: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

export interface StateStatus {
  readonly keys: number;
  /** Of the state file. */
  readonly bytes: number;
  /** Of what is not folded yet. */
  readonly journalBytes: number;
}

export interface SourceStatus {
  readonly name: string;
  readonly kind: "http" | "files";
  /** Records and bytes accepted by this process (HTTP), or read since its lane began (files). */
  readonly records: number;
  readonly bytes: number;
  /** What was accepted and is not committed yet; bytes that are not read yet, of files. */
  readonly backlogRecords: number | undefined;
  readonly backlogBytes: number;
  /** With as many, clients are told to come later; `undefined` for files. */
  readonly backlogBytesMax: number | undefined;
  /** Age of the oldest record that waits, in milliseconds; 0 when none does. */
  readonly lagMs: number;
  /** Requests by HTTP status; empty for files. */
  readonly requests: Readonly<Record<string, number>>;
  /** Requests that had been stored before. */
  readonly repeatedRequests: number;
}

export interface DestinationStatus {
  readonly name: string;
  readonly kind: string;
  /** Deliveries in the outbox, those under way included. */
  readonly waiting: number;
  /** Deliveries given up, for a person to look at. */
  readonly abandoned: number;
  /** Of this process. `undefined` for a file, which takes part in the commit. */
  readonly attempts: DestinationState | undefined;
}

export interface RuleStatus {
  readonly id: string;
  readonly name: string;
  readonly severity: Severity;
  /** Of this process. */
  readonly matches: number;
  readonly alerts: number;
  readonly ruleErrors: number;
  /** Events for which its time was measured, and the sum in microseconds. One event in many is measured. */
  readonly timedEvents: number;
  readonly timedMicroseconds: number;
  readonly staged: boolean;
  readonly suspended: boolean;
}

/** Rules and log types as they run, and what became of the last attempt to replace them. */
export interface ContentStatus {
  /** Of all files, in hexadecimal. */
  readonly hash: string;
  readonly loadedAtMs: number;
  readonly reloads: number;
  readonly refusedReloads: number;
  /** Left out after one that succeeded, or none. */
  readonly refused?: { readonly atMs: number; readonly problems: readonly Problem[] };
}
