/**
 * What a rule imports from "stakeout", and nothing else.
 */
export { defineRule } from "./rules/define.ts";
export type { RuleDefinition, RuleEvent, SeverityAnswer, StandardFields } from "./rules/define.ts";
export type { Duration } from "./core/durations.ts";
export { StakeoutError } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
export type { Severity } from "./core/severity.ts";
export {
  addToStringSet,
  evaluateThreshold,
  getCounter,
  getDictionary,
  getStringSet,
  incrementCounter,
  now,
  putDictionary,
  putStringSet,
  removeFromStringSet,
  resetCounter,
  resetStringSet,
  setKeyExpiration,
} from "./state/helpers.ts";
export type { Lifetime } from "./state/lifetime.ts";
