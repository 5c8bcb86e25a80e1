import type { Problem } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { MaybePromise } from "../core/json.ts";
import type { RuleManifest } from "./manifest.ts";

/** The functions of a rule besides `rule`, in the order in which a match calls them (Panther's order). */
export const auxiliaryFunctions = [
  "title",
  "description",
  "reference",
  "severity",
  "runbook",
  "destinations",
  "dedup",
  "alertContext",
  "unique",
] as const;

export type AuxiliaryFunction = (typeof auxiliaryFunctions)[number];

/**
 * One rule, ready to be asked. The engine evaluates one rule on one event at a time, in a fixed order of rules, and waits
 * for a promise before it goes on; the state helpers act on the evaluation under way (state/evaluation.ts).
 */
export interface LoadedRule {
  readonly manifest: RuleManifest;
  /** The auxiliary functions that this rule defines. */
  readonly functions: ReadonlySet<AuxiliaryFunction>;
  /** True when the rule's code can name a standard field (`p_…`): attaching them costs a fifth of a parse. */
  readonly usesStandardFields: boolean;
  /** Absolute paths of the files that it is made of, besides `manifest.file`. */
  readonly codeFiles?: readonly string[];
  /** The rule's tests as its author wrote them, unchecked; `undefined` where there are none. */
  readonly tests?: unknown;
  /** True when it takes the bytes of the record (`Event.record`), where it can, instead of the parsed fields. */
  readonly readsRecord?: boolean;
  /** Rules in a row with the same function here are asked together. */
  readonly prepareScan?: PrepareScan;
  /** Whatever the rule's `rule` function gives, a promise included; the engine checks that it is a boolean. */
  rule(event: Event): unknown;
  /** Whatever that auxiliary function gives; called only for functions in `functions`. */
  call(name: AuxiliaryFunction, event: Event): unknown;
}

/**
 * Asks several rules in one call, for a language in which calling each by itself costs more than most rules do. The engine
 * has begun the evaluation of the first of them; where another rule uses state, the scan begins that rule's own.
 */
export interface RuleScan {
  /**
   * Asks the rules from number `from` on, in order, until one does not simply answer `false`: answers its number, or the
   * count of rules when all did. The rules after it have not been asked.
   */
  next(event: Event, from: number): number;
  /** What the rule that `next` stopped at answered. Throws what it threw. */
  answer(): unknown;
}

/** Prepares rules, all of one language and in their fixed order, to be asked together. */
export type PrepareScan = (rules: readonly LoadedRule[]) => RuleScan;

export interface LoadResult {
  /** Sorted by rule id: the fixed order in which rules see an event. Disabled rules included. */
  readonly rules: readonly LoadedRule[];
  /** Everything that is wrong, by file and line. Rules are usable only when there are none. */
  readonly problems: readonly Problem[];
  /** What looks unintended but does not keep anything from running, such as a folder without rules. */
  readonly warnings: readonly Problem[];
}

/** A language that rules are written in: the seam between it and the engine. */
export interface RuleRuntime {
  readonly language: string;
  /** Loads every rule below these files and folders. Problems are answered, never thrown; missing paths are problems. */
  load(paths: readonly string[]): MaybePromise<LoadResult>;
  close(): MaybePromise<void>;
}
