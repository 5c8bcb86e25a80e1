import type { RemoteDelivery, RemoteDeliveryEnd } from "../alerts/remote-outbox.ts";
import type { Problem } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { StreamPosition } from "../core/position.ts";
import type { Severity } from "../core/severity.ts";
import type { LaneResult } from "./lane-parts.ts";
import type { RuleStatsByRule } from "./rule-stats.ts";
import type { Blame, Suspect } from "./restart.ts";

/** What a lane's thread is started with. The configuration's form is a matter between whoever builds and the thread. */
export interface LaneThreadData {
  readonly config: JsonObject;
  readonly control: SharedArrayBuffer;
  /** `undefined`: load the content, and wait for the message `go`. */
  readonly resume: LaneResume | undefined;
}

/** A rule as the main thread shows it. */
export interface RuleInfo {
  readonly id: string;
  readonly name: string;
  readonly severity: Severity;
}

/** What a source has given in this run. */
export interface SourceReading {
  readonly records: number;
  readonly bytesRead: number;
  /** `undefined` where that is not known. */
  readonly bytesTotal: number | undefined;
}

/** What a person asks of a lane that runs; done between two batches. */
export type LaneCommand =
  | { readonly type: "stage"; readonly ruleId: string; readonly staged: boolean }
  | { readonly type: "resume-rule"; readonly ruleId: string }
  | { readonly type: "retry" | "drop"; readonly keys: readonly string[] };

/** What came of it: sentences for people about what could not be done. */
export interface CommandAnswer {
  readonly done: number;
  readonly problems: readonly string[];
}

/** Rules that are treated in a special way, as of a commit. */
export interface SpecialRules {
  readonly staged: readonly string[];
  readonly suspended: readonly string[];
}

/** What earlier lanes of the same run leave to the one that goes on after them. */
export interface LaneResume {
  readonly suspects: readonly Suspect[];
  readonly blames: readonly Blame[];
  /** What earlier lanes committed; `undefined` where nothing of it counts any more. */
  readonly committed: CommittedTotals | undefined;
  /** Lengths that output files had when the run began, for a state that does not outlive a lane. */
  readonly fileBytes: Readonly<Record<string, number>>;
  /** Where the bytes of standard input begin that the lane is given; `undefined` from their beginning. */
  readonly stdin: StdinResume | undefined;
}

/** Totals of a run as of a commit. */
export interface CommittedTotals {
  readonly events: number;
  readonly bytes: number;
  readonly matches: number;
  readonly alerts: number;
  readonly ruleErrors: number;
  readonly deadLetters: number;
  readonly rules: RuleStatsByRule;
  /** How often each limit was reached, by name; left out when none was. */
  readonly limits?: LimitCounts;
}

/** How often limits were reached, by name; those that were not are left out. */
export type LimitCounts = Readonly<Partial<Record<keyof Limits, number>>>;

/** Where to go on in standard input, which a lane before has begun to read. */
export interface StdinResume {
  readonly stream: string;
  /** The position of the last commit, as the source wrote it. */
  readonly position: JsonObject;
  /** Offset in standard input of the first byte that the lane is given. */
  readonly firstByte: number;
}

/** Says that a batch has become durable. */
export interface CommittedMessage {
  readonly type: "committed";
  readonly totals: CommittedTotals;
  /** True when records were part of it. */
  readonly progressed: boolean;
  /** Lengths of output files by path. */
  readonly fileBytes: Readonly<Record<string, number>>;
  /** Engine clock. */
  readonly clockMs: number;
  /** From a batch's first record to its commit, and of the commit alone. */
  readonly durations: { readonly batchMs: number; readonly commitMs: number };
  /** How far standard input was read, where it was part of the batch. */
  readonly stdin: StreamPosition | undefined;
  /** Only of a service. */
  readonly service?: {
    /** How far sources were read that were part of the batch. */
    readonly positions: readonly StreamPosition[];
    /** Keys of deliveries whose ends it took down. */
    readonly settled: readonly string[];
    /** How far sources have come, by name. */
    readonly sources: Readonly<Record<string, SourceReading>>;
    /** Deliveries that have not ended, by destination. */
    readonly waiting: Readonly<Record<string, number>>;
    readonly rules: SpecialRules;
  };
}

/** From the lane's thread to the main thread. */
export type LaneMessage =
  | CommittedMessage
  /** Everything is loaded; `ruleIds` has all rules in their fixed order, and so have `budgetsMs` their own budgets. */
  | {
      readonly type: "ready";
      readonly ruleIds: readonly string[];
      readonly budgetsMs?: readonly (number | undefined)[];
    }
  /** The content is loaded and valid; what was to be stored and read is not opened yet. */
  | { readonly type: "loaded"; readonly rules: readonly RuleInfo[] }
  | { readonly type: "deliver"; readonly deliveries: readonly RemoteDelivery[] }
  | { readonly type: "answer"; readonly id: number; readonly answer: CommandAnswer }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "output"; readonly id: number; readonly text: string }
  | { readonly type: "invalid"; readonly problems: readonly Problem[] }
  | { readonly type: "done"; readonly result: LaneResult }
  | { readonly type: "failed"; readonly error: ThrownMessage };

/** From the main thread to the lane's thread. */
export type SupervisorMessage =
  | { readonly type: "written"; readonly id: number; readonly error?: string }
  | { readonly type: "wake" }
  | { readonly type: "go"; readonly resume: LaneResume }
  /** Something was appended to the spool of a source. */
  | { readonly type: "arrival"; readonly source: string }
  | { readonly type: "ended"; readonly ends: readonly RemoteDeliveryEnd[] }
  | { readonly type: "command"; readonly id: number; readonly command: LaneCommand };

/** An error on its way between threads; classes do not survive the crossing. */
export interface ThrownMessage {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}
