import type { AlertRoute } from "../alerts/routing.ts";
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

/** What makes a run a service, as far as a lane must know it. Secrets are not among it: rules could read them there. */
export interface LaneServiceConfig {
  readonly sources: readonly LaneSourceConfig[];
  /** Where the main thread stores what it accepts over HTTP. */
  readonly spoolFolder: string;
  readonly destinations: readonly LaneDestinationConfig[];
  /** Rules of whose alerts nobody is notified; `*` stands for anything. */
  readonly staged: readonly string[];
}

interface LaneSourceShape {
  readonly name: string;
  readonly logType: string | undefined;
  readonly format: RunConfig["format"];
  readonly envelopeField: string | undefined;
}

export type LaneSourceConfig =
  /** What the main thread accepts; `link` is the memory that its writer shares. */
  | (LaneSourceShape & { readonly kind: "spool"; readonly link: SharedArrayBuffer })
  | (LaneSourceShape & {
      readonly kind: "files";
      readonly paths: readonly string[];
      readonly from: "start" | "end";
    });

export interface LaneDestinationConfig {
  readonly name: string;
  /** Path of a file that takes part in the commit; `undefined` where the main thread makes the deliveries. */
  readonly path: string | undefined;
  readonly route: Omit<AlertRoute, "name">;
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
  /**
   * Left out for a run that ends with its input. With it `inputs`, `stdin`, `format`, `envelopeField`, `logType`, `alertsFile` and
   * `console` have no effect.
   */
  readonly service?: LaneServiceConfig;
  readonly batch: { readonly latencyMs: number; readonly bytesMax: number };
}

export const defaultBatch: RunConfig["batch"] = { latencyMs: 200, bytesMax: 64 * 1024 * 1024 };
