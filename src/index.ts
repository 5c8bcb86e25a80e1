/**
 * What a rule imports from "stakeout", and nothing else.
 */
export { defineRule } from "./rules/define.ts";
export type { RuleDefinition, SeverityAnswer } from "./rules/define.ts";
export type { CloudTrailEvent } from "./rules/events/aws-cloudtrail.ts";
export type { S3ServerAccessEvent } from "./rules/events/aws-s3-server-access.ts";
export type { VpcFlowEvent } from "./rules/events/aws-vpc-flow.ts";
export type { EventOf, EventTypes, LogTypeName } from "./rules/events/event-types.ts";
export type { GitHubAuditEvent } from "./rules/events/github-audit.ts";
export type { GSuiteReportsEvent } from "./rules/events/gsuite-reports.ts";
export type { NginxAccessEvent } from "./rules/events/nginx-access.ts";
export type { OktaSystemLogEvent } from "./rules/events/okta-system-log.ts";
export type { OtherFields, RuleEvent, StandardFields } from "./rules/events/rule-event.ts";
export type {
  RuleTestDefinition,
  TestEventDefinition,
  TestExpectationDefinition,
  TestMockDefinition,
} from "./rules/test-definition.ts";
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
