import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

export const dataFolder: string = join(import.meta.dirname, "data");

/** Deterministic numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const services: readonly (readonly [string, readonly string[]])[] = [
  [
    "ec2.amazonaws.com",
    ["DescribeInstances", "RunInstances", "DescribeVolumes", "CreateTags", "DescribeImages"],
  ],
  ["s3.amazonaws.com", ["ListBuckets", "GetBucketAcl", "PutObject", "GetBucketPolicy", "DeleteObject"]],
  ["iam.amazonaws.com", ["ListUsers", "GetRole", "AttachRolePolicy", "CreateAccessKey", "ListRoles"]],
  ["sts.amazonaws.com", ["AssumeRole", "GetCallerIdentity", "GetSessionToken"]],
  ["kms.amazonaws.com", ["Decrypt", "GenerateDataKey", "DescribeKey"]],
];
const regions = ["us-east-1", "eu-central-1", "ap-southeast-2"];
const tools = ["aws-cli/2.13.0", "Boto3/1.28.1", "console.amazonaws.com", "terraform/1.5.2"];

function pick<T>(random: () => number, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError("nothing to pick from");
  return value;
}

function hex(random: () => number, length: number): string {
  let text = "";
  while (text.length < length) text += Math.floor(random() * 0x1_0000_0000).toString(16);
  return text.slice(0, length);
}

/** One CloudTrail-shaped event: about 1,250 bytes, 90,000 principals drawn unevenly, 7,000 source addresses. */
export function cloudTrailEvent(random: () => number, timeMs: number): Record<string, unknown> {
  const [eventSource, names] = pick(random, services);
  const user = Math.floor(random() ** 2 * 90_000);
  const role = `app-role-${user % 500}`;
  const session = `session-${user}`;
  const account = "123456789012";
  const address = Math.floor(random() ** 2 * 7000);
  const time = new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
  const denied = random() < 0.05;
  return {
    eventVersion: "1.08",
    userIdentity: {
      type: "AssumedRole",
      principalId: `AROA${hex(random, 16).toUpperCase()}:${session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
      accountId: account,
      accessKeyId: `ASIA${hex(random, 16).toUpperCase()}`,
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: `AROA${hex(random, 16).toUpperCase()}`,
          arn: `arn:aws:iam::${account}:role/${role}`,
          accountId: account,
          userName: role,
        },
        attributes: { creationDate: time, mfaAuthenticated: "false" },
      },
    },
    eventTime: time,
    eventSource,
    eventName: pick(random, names),
    awsRegion: pick(random, regions),
    sourceIPAddress: `198.51.${address >> 8}.${address & 255}`,
    userAgent: pick(random, tools),
    ...(denied ? { errorCode: "AccessDenied", errorMessage: "The caller may not do this" } : {}),
    requestParameters: {
      resourceSet: {
        items: [{ resourceId: `i-${hex(random, 17)}` }, { resourceId: `vol-${hex(random, 17)}` }],
      },
      filterSet: { items: [{ name: "tag:team", valueSet: { items: [{ value: pick(random, regions) }] } }] },
    },
    responseElements: random() < 0.5 ? null : { requestId: hex(random, 32), _return: true },
    requestID: hex(random, 32),
    eventID: hex(random, 32),
    readOnly: random() < 0.7,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
    tlsDetails: {
      tlsVersion: "TLSv1.2",
      cipherSuite: "ECDHE-RSA-AES128-GCM-SHA256",
      clientProvidedHostHeader: eventSource,
    },
  };
}

/** An NDJSON file of `bytes` or a little more, made once and kept; the same bytes on every machine. */
export function cloudTrailFile(bytes: number): string {
  const path = join(dataFolder, `cloudtrail-${Math.round(bytes / 1e6)}mb.ndjson`);
  if (existsSync(path) && statSync(path).size >= bytes) return path;
  mkdirSync(dataFolder, { recursive: true });
  const unfinished = `${path}.part`;
  const file = openSync(unfinished, "w");
  const random = randomFrom(1);
  let timeMs = Date.UTC(2026, 0, 1);
  for (let written = 0; written < bytes;) {
    let lines = "";
    for (let line = 0; line < 500; line++) {
      timeMs += Math.floor(random() * 40);
      lines += `${JSON.stringify(cloudTrailEvent(random, timeMs))}\n`;
    }
    written += writeSync(file, lines);
  }
  closeSync(file);
  renameSync(unfinished, path);
  return path;
}
