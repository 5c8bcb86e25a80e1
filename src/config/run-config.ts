import type { Limits } from "../core/limits.ts";

/** How alerts are printed: blocks for people, or a line of JSON each. */
export interface ConsoleConfig {
  readonly format: "text" | "json";
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** What makes a run a backtest: it works on a state in memory that is gone afterwards, and reports at its end. */
export interface BacktestConfig {
  /** Events before this time are left out. */
  readonly fromMs: number | undefined;
  /** Events at or after this time are left out. */
  readonly toMs: number | undefined;
  /** Ids of the only rules to ask; empty for all. */
  readonly onlyRules: readonly string[];
  /** Whether each of `onlyRules` must exist; not in a baseline, which may be older than a rule. */
  readonly onlyKnownRules: boolean;
  /** State file whose items, open windows and clock it starts with; `undefined` starts with nothing. */
  readonly stateFrom: string | undefined;
  /** Where the wall clock stands all the time, so that two backtests of the same events are the same. */
  readonly wallMs: number;
}

/**
 * Everything that decides what a run does, as plain data: it crosses into the lane's thread. Paths are absolute or
 * relative to the working directory.
 */
export interface RunConfig {
  readonly rules: readonly string[];
  /** Files, folders, globs. */
  readonly inputs: readonly string[];
  /** Read standard input after the files. */
  readonly stdin: boolean;
  readonly format: "auto" | "lines" | "array" | "envelope" | "documents";
  /** Field that holds the array of records; `undefined` recognises CloudTrail's `Records`. */
  readonly envelopeField: string | undefined;
  /** Log type of every event; `undefined` recognises it. */
  readonly logType: string | undefined;
  /** Folders or files with the user's own log types. */
  readonly logTypes: readonly string[];
  /** State file, or `:memory:` to keep nothing. */
  readonly stateFile: string;
  readonly alertsFile: string | undefined;
  readonly deadLettersFile: string;
  /** `undefined` prints no alerts. */
  readonly console: ConsoleConfig | undefined;
  readonly limits: Limits;
  /** Left out for a run that is no backtest. With it `stateFile`, `alertsFile`, `deadLettersFile` and `console` have no effect. */
  readonly backtest?: BacktestConfig;
  readonly batch: { readonly latencyMs: number; readonly bytesMax: number };
}

export const defaultBatch: RunConfig["batch"] = { latencyMs: 200, bytesMax: 64 * 1024 * 1024 };
