/**
 * What tests of rules, stores and other parts import from "stakeout/testing".
 */
export { storeConformance } from "./conformance/store-conformance.ts";
export type { ConformanceTarget } from "./conformance/trial.ts";
export { manualClock } from "./manual-clock.ts";
export type { ManualClock } from "./manual-clock.ts";
export type { StateStore } from "../state/store.ts";
export type { Limits } from "../core/limits.ts";
export { runRuleTests } from "./rule-tests/run-rule-tests.ts";
export type { RuleTest, TestFailure, TestResult } from "./rule-tests/model.ts";
