import type { CloudTrailEvent } from "./aws-cloudtrail.ts";
import type { S3ServerAccessEvent } from "./aws-s3-server-access.ts";
import type { VpcFlowEvent } from "./aws-vpc-flow.ts";
import type { GitHubAuditEvent } from "./github-audit.ts";
import type { GSuiteReportsEvent } from "./gsuite-reports.ts";
import type { NginxAccessEvent } from "./nginx-access.ts";
import type { OktaSystemLogEvent } from "./okta-system-log.ts";
import type { RuleEvent } from "./rule-event.ts";

/** The events of the built-in log types, by the name of the log type. */
export interface EventTypes {
  readonly "AWS.CloudTrail": CloudTrailEvent;
  readonly "AWS.S3ServerAccess": S3ServerAccessEvent;
  readonly "AWS.VPCFlow": VpcFlowEvent;
  readonly "GSuite.Reports": GSuiteReportsEvent;
  readonly "GitHub.Audit": GitHubAuditEvent;
  readonly "Nginx.Access": NginxAccessEvent;
  readonly "Okta.SystemLog": OktaSystemLogEvent;
}

/** Any name of a log type. The built-in ones stand apart only so that editors offer them. */
export type LogTypeName = keyof EventTypes | (string & {});

/**
 * The event of a log type, such as `EventOf<"AWS.CloudTrail">`: its own type where the log type is built in, else
 * `RuleEvent`. Several names give the events of all of them, told apart by `p_log_type`.
 */
export type EventOf<LogType extends string> = LogType extends keyof EventTypes
  ? EventTypes[LogType]
  : RuleEvent;
