import { getCallSites } from "node:util";
import type { MaybePromise } from "../core/json.ts";
import type { Duration } from "../core/durations.ts";
import type { Severity } from "../core/severity.ts";
import type { RuleTestDefinition } from "./test-definition.ts";
import type { EventOf, LogTypeName } from "./events/event-types.ts";

/** What a `severity` function may answer, in upper or lower case. `default` stands for `medium`. */
export type SeverityAnswer = Severity | Uppercase<Severity> | "default" | "DEFAULT";

/**
 * One rule. Only `id`, `logTypes`, `severity` and `rule` are required.
 *
 * The functions get the event and may be `async`. All but `rule` run only when `rule` answered true, in this order:
 * `title`, `description`, `reference`, `severity`, `runbook`, `destinations`, `dedup`, `alertContext`, `unique`. One that
 * throws or answers something of a wrong type never loses the alert: the fallback named with it is used, and a rule error
 * is recorded. Texts that they answer are cut to 1,000 characters (Unicode code points), ending in `... (truncated)`.
 *
 * The type of the event follows from `logTypes`; see `EventOf`.
 */
export interface RuleDefinition<LogType extends LogTypeName = string> {
  /** Names the rule everywhere; unique among all rules. Not empty, and none of the characters `<>&"%`. */
  readonly id: string;
  /** Log types whose events the rule sees, such as `["AWS.CloudTrail"]`. At least one, none twice. */
  readonly logTypes: readonly LogType[];
  /**
   * How urgent an alert is: `info`, `low`, `medium`, `high` or `critical`; or a function that answers one of them, or
   * `default`. With a function, `default`, an unknown name and an exception give `medium`.
   */
  readonly severity: Severity | ((event: EventOf<LogType>) => MaybePromise<SeverityAnswer>);
  /** A rule that is not enabled is checked but never evaluated. Default: true. */
  readonly enabled?: boolean;
  /** A name for people, and the title of alerts where `title` gives none. Default: none, the id is shown. */
  readonly displayName?: string;
  /** What the rule detects. Text, or a function that answers one. Default, and when the function fails: empty. */
  readonly description?: string | ((event: EventOf<LogType>) => MaybePromise<string>);
  /** A link to read further. Text, or a function that answers one. Default, and when the function fails: empty. */
  readonly reference?: string | ((event: EventOf<LogType>) => MaybePromise<string>);
  /** What to do about an alert. Text, or a function that answers one. Default, and when the function fails: empty. */
  readonly runbook?: string | ((event: EventOf<LogType>) => MaybePromise<string>);
  /** Words to find the rule and its alerts by. None twice, whatever the case. Default: none. */
  readonly tags?: readonly string[];
  /** Entries of frameworks that the rule covers, such as `{ "MITRE ATT&CK": ["TA0006:T1110"] }`. Default: none. */
  readonly reports?: Readonly<Record<string, readonly string[]>>;
  /**
   * Length of the dedup window: matches with the same dedup key within it belong to one alert. It starts at the first
   * match and is measured on the engine clock. A number of seconds or text such as `"15m"`, `"1h30m"`, `"1d"`, longer than
   * zero. Default: 60 minutes.
   */
  readonly dedupPeriod?: Duration;
  /**
   * Matches within the dedup window that it takes to raise an alert; with `unique`, distinct values. A whole number of at
   * least 1. Default: 1.
   */
  readonly threshold?: number;
  /**
   * How long the rule may take over one event before it is ended: a number of seconds or text such as `"30s"`, from 1 ms to
   * 1 hour. Default: that of the run, which is 15 seconds unless `--rule-budget` says otherwise.
   */
  readonly budget?: Duration;
  /** False for a rule whose matches are counted but raise no alerts. Default: true. */
  readonly createAlert?: boolean;
  /**
   * True for a rule that is being tried out: it matches, counts and raises alerts that are kept, but nobody is notified of them until a
   * person promotes it (`stakeout rules promote`). Text such as `"2026-12-24"` or `"2026-12-24T12:00:00Z"`: until the engine
   * clock has that time. Default: false.
   */
  readonly staged?: boolean | string;
  /**
   * Names of the destinations that get the alert, or a function that answers them: at most 10, the others are left out
   * with a rule error. An empty list means none at all; `undefined` and `null` mean the default routing, as does a function
   * that fails. Default: the default routing.
   */
  readonly destinations?:
    | readonly string[]
    | ((event: EventOf<LogType>) => MaybePromise<readonly string[] | null | undefined>);
  /** Fields whose values are collected over the events of an alert, such as `["sourceIPAddress"]`. Default: none. */
  readonly summaryAttributes?: readonly string[];
  /** What the rule must do with which events; `stakeout test` runs it. Without effect on evaluation. Default: none. */
  readonly tests?: readonly RuleTestDefinition[];

  /**
   * Whether the event matches. Must answer exactly `true` or `false`, or a promise of one: anything else, and an
   * exception, is a rule error. State operations made before an exception are kept.
   */
  rule(event: EventOf<LogType>): MaybePromise<boolean>;
  /** Title of the alert. Default, when empty, and when it fails: `displayName`, or else the id. */
  title?(event: EventOf<LogType>): MaybePromise<string>;
  /**
   * The dedup key: matches of this rule with the same one belong to one alert. Default: what `title` answered, or
   * `defaultDedupString:<id>` without `title`. When empty and when it fails: `defaultDedupString:<id>`.
   */
  dedup?(event: EventOf<LogType>): MaybePromise<string>;
  /**
   * Counts distinct values instead of matches towards `threshold`. `undefined` or `null` is not counted. Matches for which
   * it fails count as one value together. Default: every match counts.
   */
  unique?(event: EventOf<LogType>): MaybePromise<string | null | undefined>;
  /**
   * What to show with the alert: an object that JSON can hold (a `Set` becomes a list, a field that is `undefined` is left
   * out), at most 204,800 characters (UTF-16) of JSON. Default: `{}`. When it fails or is too large: `{ "_error": … }`.
   */
  alertContext?(event: EventOf<LogType>): MaybePromise<Readonly<Record<string, unknown>>>;
}

/** A call of `defineRule`: what it got and where it stands. */
export interface DefinitionCall {
  readonly definition: unknown;
  /** URL or path of the calling script, as Node names it. */
  readonly script: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
}

const calls: DefinitionCall[] = [];

/**
 * Declares a rule: `export default defineRule({ … })`, one in each file. Answers its argument and never throws; what is
 * wrong with a definition is reported with file and line when the rules are loaded.
 */
export function defineRule<LogType extends LogTypeName>(
  definition: RuleDefinition<LogType>,
): RuleDefinition<LogType> {
  const site = getCallSites(2)[1];
  calls.push({
    definition,
    script: site?.scriptName ?? "",
    line: site?.lineNumber ?? 0,
    column: site?.columnNumber ?? 0,
  });
  return definition;
}

/** Hands out, once, the calls that were made by these scripts. */
export function takeDefinitionCalls(scripts: ReadonlySet<string>): readonly DefinitionCall[] {
  const taken = calls.filter((call) => scripts.has(call.script));
  const kept = calls.filter((call) => !scripts.has(call.script));
  calls.splice(0, calls.length, ...kept);
  return taken;
}
