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
  /** The rule's tests as its author wrote them, unchecked; `undefined` where there are none. */
  readonly tests?: unknown;
  /** Whatever the rule's `rule` function gives, a promise included; the engine checks that it is a boolean. */
  rule(event: Event): unknown;
  /** Whatever that auxiliary function gives; called only for functions in `functions`. */
  call(name: AuxiliaryFunction, event: Event): unknown;
}

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
