import { defineRule, incrementCounter, resetCounter, setKeyExpiration, type RuleEvent } from "stakeout";

/** How many denials make an alert, and within what time of the first one. */
const DENIALS = 10;
const WITHIN = "1h";

/**
 * What CloudTrail writes as `errorCode` when a principal lacks a permission: `AccessDenied` in most services,
 * `Client.UnauthorizedOperation` in EC2, the others in services with error names of their own.
 */
const DENIED_CODES = new Set<string | undefined>([
  "AccessDenied",
  "AccessDeniedException",
  "Client.UnauthorizedOperation",
  "UnauthorizedOperation",
]);

/**
 * Somebody who tries out what a stolen key may do gets many denials in a short time.
 *
 * Remembers one counter for each principal. The first denial starts it and sets when it ends, so an hour after that
 * denial it is gone and the next one starts at 1. At ten the rule matches and empties the counter: the eleventh denial
 * starts a new count.
 */
export default defineRule({
  id: "AWS.CloudTrail.AccessDeniedBurst",
  displayName: "Many AccessDenied for one principal",
  logTypes: ["AWS.CloudTrail"],
  severity: "medium",
  description: `One principal was denied ${DENIALS} times within ${WITHIN}. People and programs that know what they may do are rarely denied; somebody exploring with keys that are not theirs often is.`,
  reference:
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
  runbook:
    "1. Look at what the principal was denied in the hour before: a handful of services tried one after another is exploration, one action repeated is a broken deployment. 2. Ask the owner of the principal whether they know of it. 3. If not, deactivate its access keys or revoke its sessions, then look at everything it was allowed to do in the same hour.",
  tags: ["AWS", "Discovery"],
  reports: { "MITRE ATT&CK": ["TA0007:T1580", "TA0007:T1526"] },
  dedupPeriod: "1h",
  summaryAttributes: ["eventSource", "eventName", "sourceIPAddress"],

  async rule(event) {
    if (!DENIED_CODES.has(event.errorCode)) return false;
    // Without a principal there is nobody to count for: a key made from a missing field would count everybody together.
    const principal = principalOf(event);
    if (principal === undefined) return false;

    const key = `AWS.CloudTrail.AccessDeniedBurst:${principal}`;
    const count = await incrementCounter(key);
    if (count === 1) await setKeyExpiration(key, { in: WITHIN });
    if (count < DENIALS) return false;
    await resetCounter(key);
    return true;
  },

  title: (event) => `${principalOf(event)} was denied ${DENIALS} times within ${WITHIN}`,
  dedup: (event) => principalOf(event) ?? "",
  alertContext: (event) => ({
    principal: principalOf(event),
    account: event.recipientAccountId,
    sourceAddress: event.sourceIPAddress,
    userAgent: event.userAgent,
    lastDenied: `${event.eventSource} ${event.eventName}`,
  }),
});

/** Who made the request: the ARN or, for callers that CloudTrail gives none, the principal id. */
function principalOf(event: RuleEvent): string | undefined {
  return event.userIdentity?.arn || event.userIdentity?.principalId || undefined;
}
