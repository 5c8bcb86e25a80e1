import {
  addToStringSet,
  defineRule,
  getStringSet,
  type RuleTestDefinition,
  type TestEventDefinition,
} from "stakeout";

/** How long a role's addresses are remembered after its last use. */
const REMEMBERED = "90d";

const ASSUME_ROLE = new Set<string | undefined>([
  "AssumeRole",
  "AssumeRoleWithSAML",
  "AssumeRoleWithWebIdentity",
]);

/**
 * Credentials that leave the place they belong to are used from somewhere else.
 *
 * Remembers the set of source addresses that assumed each role. It trusts on first use: the first address it ever sees
 * for a role is remembered without an alert; any later one that is not in the set matches, and is remembered, so it
 * matches once. Every use of the role renews the lifetime of its set, so only a role that nobody used for 90 days is
 * learnt afresh.
 */
export default defineRule({
  id: "AWS.CloudTrail.AssumedRoleFromNewAddress",
  displayName: "Role assumed from a new address",
  logTypes: ["AWS.CloudTrail"],
  severity: "high",
  description:
    "A role was assumed from a source address that never assumed it before. Roles are mostly used from the same few places: a build server, an office, a VPN.",
  reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html",
  runbook:
    "1. Find out whose address it is: a new office, VPN or build server explains it. 2. Otherwise look at what the session did (its events carry the role session's ARN) and at how the caller got the credentials it assumed the role with. 3. Revoke the role's active sessions and rotate the caller's credentials.",
  tags: ["AWS", "InitialAccess"],
  reports: { "MITRE ATT&CK": ["TA0001:T1078.004", "TA0008:T1550.001"] },
  dedupPeriod: "1h",
  summaryAttributes: ["sourceIPAddress", "userAgent"],

  async rule(event) {
    if (!ASSUME_ROLE.has(event.eventName) || event.errorCode) return false;
    const role = event.requestParameters?.roleArn;
    const address = event.sourceIPAddress;
    if (!role || !isAddress(address)) return false;

    const key = `AWS.CloudTrail.AssumedRoleFromNewAddress:${role}`;
    const known = await getStringSet(key);
    await addToStringSet(key, address, { in: REMEMBERED });
    return known.size > 0 && !known.has(address);
  },

  title: (event) =>
    `${event.requestParameters?.roleArn} was assumed from the new address ${event.sourceIPAddress}`,
  dedup: (event) => `${event.requestParameters?.roleArn} ${event.sourceIPAddress}`,
  alertContext: (event) => ({
    role: event.requestParameters?.roleArn,
    session: event.requestParameters?.roleSessionName,
    caller: event.userIdentity?.arn ?? event.userIdentity?.principalId,
    account: event.recipientAccountId,
    sourceAddress: event.sourceIPAddress,
    userAgent: event.userAgent,
  }),

  tests: createTests(),
});

/** An AWS service that assumes a role puts its name, such as `lambda.amazonaws.com`, where callers have an address. */
function isAddress(address: unknown): address is string {
  return typeof address === "string" && /^\d+\.\d+\.\d+\.\d+$|:/.test(address);
}

/** A made-up use of the role, as far as the rule looks at it. */
function assumeRole(sourceIPAddress: string): TestEventDefinition {
  return {
    eventSource: "sts.amazonaws.com",
    eventName: "AssumeRole",
    eventTime: "2026-03-02T08:59:00Z",
    sourceIPAddress,
    requestParameters: { roleArn: "arn:aws:iam::123456789012:role/deploy", roleSessionName: "build" },
    userIdentity: { type: "AWSService", principalId: "AIDAEXAMPLE" },
    recipientAccountId: "123456789012",
  };
}

/** What the rule must do: `stakeout test` runs them, each on state of its own. */
function createTests(): readonly RuleTestDefinition[] {
  const role = "arn:aws:iam::123456789012:role/deploy";
  const key = `AWS.CloudTrail.AssumedRoleFromNewAddress:${role}`;
  const assumed = assumeRole("192.0.2.1");
  const elsewhere = assumeRole("192.0.2.2");
  return [
    {
      name: "a new address matches once, also hours after the first",
      events: [
        assumed,
        { ...assumed, after: "2h" },
        { ...elsewhere, after: "5m" },
        { ...elsewhere, after: "5m" },
      ],
      expect: {
        matches: [3],
        alerts: [
          {
            title: `${role} was assumed from the new address 192.0.2.2`,
            severity: "high",
            dedup: `${role} 192.0.2.2`,
            context: { contains: { session: "build", caller: "AIDAEXAMPLE" } },
          },
        ],
        state: { [key]: { strings: ["192.0.2.1", "192.0.2.2"], expires: "90d" } },
      },
    },
    {
      name: "every use renews what is remembered",
      events: [assumed, { ...assumed, after: "60d" }, { ...elsewhere, after: "60d" }],
      expect: [3],
    },
    {
      name: "a role that nobody used for 90 days is learnt afresh",
      events: [assumed, { ...elsewhere, after: "90d" }],
      expect: false,
    },
    {
      name: "a role that is known from before",
      state: { [key]: { strings: ["192.0.2.1"], expires: "1d" } },
      event: elsewhere,
      expect: true,
    },
    {
      name: "only what the helpers answer decides",
      mocks: { getStringSet: { cases: [{ arguments: [key], returns: ["192.0.2.1"] }] }, addToStringSet: [] },
      event: elsewhere,
      expect: { matches: true, state: { [key]: null } },
    },
    {
      name: "an AWS service has no address",
      event: { ...assumed, sourceIPAddress: "lambda.amazonaws.com" },
      expect: { matches: false, state: { [key]: null } },
    },
    {
      name: "neither refused requests nor others count",
      events: [
        assumed,
        { ...elsewhere, errorCode: "AccessDenied" },
        { ...elsewhere, eventName: "GetCallerIdentity" },
      ],
      expect: false,
    },
  ];
}
