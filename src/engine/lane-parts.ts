import type { AlertBook } from "../alerts/book.ts";
import type { HourlyCounts } from "../alerts/hourly-counts.ts";
import type { RuleErrorBook } from "../alerts/rule-errors.ts";
import type { Clock } from "../core/clock.ts";
import type { Limits } from "../core/limits.ts";
import type { StreamPosition } from "../core/position.ts";
import type { CommittedFile } from "../destinations/destination.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { Source } from "../sources/source.ts";
import type { Evaluation } from "../state/evaluation.ts";
import type { StateStore } from "../state/store.ts";
import type { AlertOutputs } from "./alert-outputs.ts";
import type { Period } from "./backtest.ts";
import type { LaneControl } from "./control.ts";
import type { InputsOptions, LaneInput } from "./inputs.ts";
import type { CommittedMessage, LaneResume, LimitCounts } from "./lane-messages.ts";
import type { Staging } from "./staging.ts";
import type { SuspensionBook } from "./suspensions.ts";

/** Everything a lane is made of, already built; config/build.ts makes it from a configuration. */
export interface LaneParts {
  /** Together they are one partition with one engine clock. */
  readonly inputs: readonly LaneInput[];
  /** Default: `one-by-one`. */
  readonly inputOrder?: InputsOptions["order"] | undefined;
  readonly rules: readonly LoadedRule[];
  readonly store: StateStore;
  readonly evaluation: Evaluation;
  readonly alertBook: AlertBook;
  /** What `evaluation` counts the keys with that rules make; left out where they may make any number. */
  readonly newKeys?: HourlyCounts | undefined;
  readonly ruleErrorBook: RuleErrorBook;
  readonly suspensions: SuspensionBook;
  readonly outputs: AlertOutputs;
  /** Left out where nobody is notified of any alert. */
  readonly staging?: Staging | undefined;
  /** Whether the time that rules take is measured, for some events. Default: false. */
  readonly timesRules?: boolean | undefined;
  readonly deadLettersFile: CommittedFile;
  readonly clock: Clock;
  readonly control: LaneControl;
  /** Called with a sentence for people, such as an output file that is not as the last commit left it. */
  readonly warn: (message: string) => void;
  readonly batch: BatchLimits;
  /** Default: `defaultLimits`. */
  readonly limits?: Pick<Limits, "outboxDeliveriesMax" | "deadLettersFileBytesMax">;
  /** Only in a backtest: which events there are at all. Default: all. */
  readonly period?: Period | undefined;
  /** What earlier lanes of the same run left; left out for the first. */
  readonly resume?: LaneResume | undefined;
  /** Called with every commit, as soon as it is durable. */
  readonly onCommit?: ((committed: LaneCommit) => void) | undefined;
  /** Called after the last commit, also of a run that was asked to stop, before anything is closed. */
  readonly atEnd?: (() => Promise<void>) | undefined;
}

export interface BatchLimits {
  /** A batch is committed when it is this old. Default 200. */
  readonly latencyMs: number;
  /** … or when it holds this much memory, roughly. Default 64 MiB. */
  readonly bytesMax: number;
}

/** What a commit made durable; `totals` are those of the run so far. */
export interface LaneCommit extends Pick<CommittedMessage, "totals" | "fileBytes" | "clockMs" | "durations"> {
  readonly positions: readonly StreamPosition[];
  /** How many each source has given to this lane. */
  readonly records: ReadonlyMap<Source, number>;
}

/** What one run of a lane did. */
export interface LaneResult {
  /** True when the run was asked to stop before the input ended. */
  readonly interrupted: boolean;
  /** Matches of this run by rule id, rules without a match included. */
  readonly matches: Readonly<Record<string, number>>;
  /** Ids of the rules that are suspended. */
  readonly suspended: readonly string[];
  readonly limits: LimitCounts;
}
