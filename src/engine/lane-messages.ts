import type { Problem } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { StreamPosition } from "../core/position.ts";
import type { LaneResult } from "./lane.ts";
import type { Blame, Suspect } from "./restart.ts";

/** What a lane's thread is started with. The configuration's form is a matter between whoever builds and the thread. */
export interface LaneThreadData {
  readonly config: JsonObject;
  readonly control: SharedArrayBuffer;
  readonly resume: LaneResume;
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
  /** Matches by rule id; rules without a match may be missing. */
  readonly matchesByRule: Readonly<Record<string, number>>;
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
  /** How far standard input was read, where it was part of the batch. */
  readonly stdin: StreamPosition | undefined;
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
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "output"; readonly id: number; readonly text: string }
  | { readonly type: "invalid"; readonly problems: readonly Problem[] }
  | { readonly type: "done"; readonly result: LaneResult }
  | { readonly type: "failed"; readonly error: ThrownMessage };

/** From the main thread to the lane's thread. */
export type SupervisorMessage =
  | { readonly type: "written"; readonly id: number; readonly error?: string }
  | { readonly type: "wake" };

/** An error on its way between threads; classes do not survive the crossing. */
export interface ThrownMessage {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}
