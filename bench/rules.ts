import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { dataFolder } from "./data.ts";

// Conditions as detection engineers write them: a comparison or two, an optional chain, now and then a text search.
const conditions = [
  'event.eventName === "ConsoleLogin" && event.additionalEventData?.MFAUsed === "No"',
  'event.eventSource === "iam.amazonaws.com" && event.eventName === "CreateUser"',
  'event.userIdentity?.type === "Root"',
  'event.eventName === "StopLogging"',
  'event.eventName === "DeleteTrail"',
  'event.eventName === "PutBucketPolicy" && event.requestParameters?.bucketPolicy !== undefined',
  'event.errorCode === "UnauthorizedOperation" && event.readOnly === false',
  'event.eventName === "AuthorizeSecurityGroupIngress"',
  'event.eventSource === "kms.amazonaws.com" && event.eventName === "ScheduleKeyDeletion"',
  'event.userIdentity?.sessionContext?.sessionIssuer?.userName === "break-glass"',
  'event.eventName === "ModifySnapshotAttribute"',
  'event.awsRegion === "me-south-1"',
  'event.eventName === "UpdateAssumeRolePolicy"',
  'event.eventType === "AwsConsoleSignIn" && event.responseElements?.ConsoleLogin === "Failure"',
  'event.eventName === "PutUserPolicy"',
  'event.eventName === "GetPasswordData" && event.errorCode === undefined',
  'event.eventSource === "guardduty.amazonaws.com" && event.eventName === "DeleteDetector"',
  'event.eventName === "CreateAccessKey" && event.requestParameters?.userName === "admin"',
  'event.userAgent === "kali" || event.userAgent === "pacu"',
  'event.eventName === "LeaveOrganization"',
];

function stateless(condition: string, number: number): string {
  return `import { defineRule } from "stakeout";

export default defineRule({
  id: "Bench.Stateless${number}",
  logTypes: ["AWS.CloudTrail"],
  severity: "low",
  rule: (event) => ${condition},
});
`;
}

const counting = `import { defineRule, incrementCounter, setKeyExpiration } from "stakeout";

export default defineRule({
  id: "Bench.CountsEveryEvent",
  logTypes: ["AWS.CloudTrail"],
  severity: "medium",
  async rule(event) {
    const key = \`\${event.userIdentity?.arn}-calls\`;
    const count = await incrementCounter(key);
    if (count === 1) await setKeyExpiration(key, { in: "1h" });
    return count === 1000;
  },
});
`;

const remembering = `import { addToStringSet, defineRule } from "stakeout";

export default defineRule({
  id: "Bench.RemembersEveryEvent",
  logTypes: ["AWS.CloudTrail"],
  severity: "medium",
  async rule(event) {
    const services = await addToStringSet(\`\${event.sourceIPAddress}-services\`, event.eventSource);
    return services.size > 50;
  },
});
`;

/** Writes the rules of the benchmark and answers the folders: 20 stateless ones, and two that write on every event. */
export function benchRules(): { readonly stateless: string; readonly stateful: string } {
  const folders = {
    stateless: join(dataFolder, "rules-stateless"),
    stateful: join(dataFolder, "rules-stateful"),
  };
  for (const folder of Object.values(folders)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  for (const [number, condition] of conditions.entries()) {
    writeFileSync(join(folders.stateless, `stateless_${number}.ts`), stateless(condition, number));
  }
  writeFileSync(join(folders.stateful, "counting.ts"), counting);
  writeFileSync(join(folders.stateful, "remembering.ts"), remembering);
  return folders;
}
