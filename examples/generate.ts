/**
 * Writes the sample events in examples/events: `node examples/generate.ts [folder]`. They are made up, but the same in
 * every run: four hours in one AWS account in CloudTrail's own form, with addresses of the ranges that are kept for
 * documentation. Among everyday requests they hold what the two example rules look for, and what they must not fall for.
 */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ACCOUNT = "123456789012";
const REGION = "eu-west-1";
const START_MS = Date.UTC(2026, 2, 2, 8);
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const HOURS = 4;
const EVERYDAY_EVENTS = 1900;

interface Caller {
  readonly identity: object;
  readonly address: string;
  readonly userAgent: string;
}

interface Request {
  readonly source: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly parameters?: object | null;
  readonly response?: object | null;
}

interface Sample extends Request {
  readonly atMs: number;
  readonly caller: Caller;
  readonly errorCode?: string;
}

/** Numbers between 0 and 1 that are the same for the same seed (a linear congruential generator, 32 bits). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = createRandom(20_260_302);

function pick<T>(values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

function letters(alphabet: string, length: number): string {
  return Array.from({ length }, () => pick(alphabet.split(""))).join("");
}

const hex = (length: number): string => letters("0123456789abcdef", length);
const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
// Ends as AWS's own examples do, so that nobody, and no scanner, takes it for a real key.
const awsId = (prefix: string): string => `${prefix}${letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 9)}EXAMPLE`;

const CLI = "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64";
const SDK = "aws-sdk-go-v2/1.26.1 os/linux lang/go#1.22.2";
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0";
const TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.7.5";

function user(name: string, address: string, userAgent: string): Caller {
  const identity = {
    type: "IAMUser",
    principalId: awsId("AIDA"),
    arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
    accountId: ACCOUNT,
    accessKeyId: awsId("AKIA"),
    userName: name,
  };
  return { identity, address, userAgent };
}

function roleArn(role: string): string {
  return `arn:aws:iam::${ACCOUNT}:role/${role}`;
}

function session(role: string, name: string, from: Pick<Caller, "address" | "userAgent">): Caller {
  const roleId = awsId("AROA");
  const identity = {
    type: "AssumedRole",
    principalId: `${roleId}:${name}`,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`,
    accountId: ACCOUNT,
    accessKeyId: awsId("ASIA"),
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: roleId,
        arn: roleArn(role),
        accountId: ACCOUNT,
        userName: role,
      },
      attributes: { creationDate: "2026-03-02T07:58:11Z", mfaAuthenticated: "false" },
    },
  };
  return { identity, ...from };
}

function service(name: string): Caller {
  return { identity: { type: "AWSService", invokedBy: name }, address: name, userAgent: name };
}

const analyst = user("analyst", "198.51.100.24", BROWSER);
const auditor = user("auditor", "198.51.100.31", BROWSER);
const operator = user("operator", "198.51.100.24", CLI);
const backupAgent = user("backup-agent", "192.0.2.15", SDK);
const reporting = user("reporting", "192.0.2.40", SDK);
const contractor = user("contractor", "203.0.113.9", CLI);
const buildAgent = user("build-agent", "198.51.100.10", TERRAFORM);
const deploySession = session("deploy", "build-1042", buildAgent);
const inventorySession = session("inventory", "nightly", { address: "192.0.2.15", userAgent: SDK });
const intruderPlace = { address: "203.0.113.77", userAgent: CLI };
const intruderSession = session("deploy", "build-1043", intruderPlace);

/** Everyday requests, and what they carry. */
const everyday: readonly (readonly [source: string, name: string, parameters: () => object | null])[] = [
  ["ec2", "DescribeInstances", () => ({ instancesSet: {}, filterSet: {} })],
  ["ec2", "DescribeSecurityGroups", () => ({ securityGroupSet: {}, maxResults: 100 })],
  ["ec2", "DescribeVolumes", () => ({ volumeSet: { items: [{ volumeId: `vol-${hex(17)}` }] } })],
  ["s3", "GetBucketAcl", () => ({ bucketName: `example-${pick(["logs", "assets", "backup"])}`, acl: "" })],
  ["s3", "ListBuckets", () => ({ Host: `s3.${REGION}.amazonaws.com` })],
  [
    "kms",
    "Decrypt",
    () => ({ encryptionAlgorithm: "SYMMETRIC_DEFAULT", keyId: `alias/${pick(["app", "db"])}` }),
  ],
  ["ssm", "GetParameter", () => ({ name: `/app/${pick(["url", "mode", "level"])}`, withDecryption: true })],
  ["iam", "GetUser", () => null],
  ["iam", "ListAttachedRolePolicies", () => ({ roleName: pick(["deploy", "inventory", "audit-read"]) })],
  ["logs", "DescribeLogGroups", () => ({ limit: 50 })],
  ["cloudwatch", "DescribeAlarms", () => ({ maxRecords: 100 })],
  ["rds", "DescribeDBInstances", () => null],
  ["lambda", "ListFunctions20150331", () => ({ maxItems: 50 })],
  ["secretsmanager", "GetSecretValue", () => ({ secretId: `app/${pick(["db", "mail", "search"])}` })],
  ["dynamodb", "DescribeTable", () => ({ tableName: pick(["orders", "carts", "stock"]) })],
];

function everydayRequest(): Request {
  const [source, name, parameters] = pick(everyday);
  return { source, name, readOnly: true, parameters: parameters(), response: null };
}

function everydaySamples(): Sample[] {
  const callers = [
    analyst,
    auditor,
    operator,
    backupAgent,
    buildAgent,
    deploySession,
    inventorySession,
    reporting,
  ];
  return Array.from({ length: EVERYDAY_EVENTS }, () => {
    const atMs = START_MS + Math.floor(random() * HOURS * HOUR_MS);
    const caller = pick(callers);
    // Errors that are no denials, as any account has them.
    const errorCode = random() < 0.03 ? pick(["ThrottlingException", "NoSuchEntityException"]) : undefined;
    return { atMs, caller, ...everydayRequest(), ...(errorCode === undefined ? {} : { errorCode }) };
  });
}

/** Times in minutes after the start of the first hour. */
function minute(minutes: number): number {
  return START_MS + Math.round(minutes * MINUTE_MS);
}

function denial(caller: Caller, minutes: number, [source, name]: readonly [string, string]): Sample {
  // EC2 has a code of its own for what the other services call AccessDenied.
  const errorCode = source === "ec2" ? "Client.UnauthorizedOperation" : "AccessDenied";
  return { atMs: minute(minutes), caller, source, name, readOnly: true, errorCode };
}

const explored: readonly (readonly [string, string])[] = [
  ["iam", "ListUsers"],
  ["iam", "ListRoles"],
  ["s3", "ListBuckets"],
  ["secretsmanager", "ListSecrets"],
  ["ec2", "DescribeInstances"],
  ["ec2", "DescribeSnapshots"],
  ["kms", "ListKeys"],
  ["rds", "DescribeDBInstances"],
  ["lambda", "ListFunctions20150331"],
  ["organizations", "ListAccounts"],
];

function exploration(caller: Caller, fromMinute: number, count: number): Sample[] {
  return Array.from({ length: count }, (_, index) =>
    denial(caller, fromMinute + index * 0.6, explored[index % explored.length] ?? ["iam", "ListUsers"]),
  );
}

function deniedSamples(): Sample[] {
  const report = ["s3", "GetBucketPolicy"] as const;
  return [
    // Two bursts: 14 denials are one match, 23 are two matches in one dedup window.
    ...exploration(contractor, 72, 14),
    ...exploration(intruderSession, 151, 23),
    // No burst: nine within the hour, and the tenth 61 minutes after the first.
    ...[0, 4, 9, 13, 18, 22, 27, 31, 36].map((minutes) => denial(reporting, 20 + minutes, report)),
    denial(reporting, 20 + 61, report),
    // A few here and there, as everybody has them.
    ...[15, 98, 187].map((minutes) => denial(analyst, minutes, ["ce", "GetCostAndUsage"])),
    ...[44, 203].map((minutes) => denial(operator, minutes, ["ec2", "TerminateInstances"])),
  ];
}

function assume(caller: Caller, minutes: number, role: string): Sample {
  const name = `${role}-${Math.floor(random() * 9000) + 1000}`;
  return {
    atMs: minute(minutes),
    caller,
    source: "sts",
    name: "AssumeRole",
    readOnly: true,
    parameters: { roleArn: roleArn(role), roleSessionName: name, durationSeconds: 3600 },
    response: {
      credentials: { accessKeyId: awsId("ASIA"), expiration: "Mar 2, 2026, 1:00:00 PM" },
      assumedRoleUser: {
        assumedRoleId: `${awsId("AROA")}:${name}`,
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`,
      },
    },
  };
}

function every(minutes: number): readonly number[] {
  return Array.from({ length: Math.floor((HOURS * 60) / minutes) }, (_, index) => index * minutes + 1.5);
}

function assumedSamples(): Sample[] {
  const stolen = { ...buildAgent, ...intruderPlace };
  const refused = assume({ ...auditor, address: "192.0.2.200" }, 131, "audit-read");
  return [
    ...every(12).map((minutes) => assume(buildAgent, minutes, "deploy")),
    ...every(30).map((minutes) => assume(backupAgent, minutes, "inventory")),
    ...every(25).map((minutes) => assume(auditor, minutes, "audit-read")),
    ...every(5).map((minutes) => assume(service("lambda.amazonaws.com"), minutes + 0.2, "image-resizer")),
    // Two new addresses: the intruder's, and an auditor who works from elsewhere. A second use is no news.
    assume(stolen, 125, "deploy"),
    assume(stolen, 170, "deploy"),
    assume({ ...auditor, address: "192.0.2.143" }, 200, "audit-read"),
    // Refused, so the role was not assumed from there.
    { ...refused, errorCode: "AccessDenied", response: null },
  ];
}

function toEvent(sample: Sample): object {
  const { caller, source, errorCode } = sample;
  return {
    eventVersion: "1.09",
    userIdentity: caller.identity,
    eventTime: new Date(sample.atMs).toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: `${source}.amazonaws.com`,
    eventName: sample.name,
    awsRegion: REGION,
    sourceIPAddress: caller.address,
    userAgent: caller.userAgent,
    ...(errorCode === undefined ? {} : { errorCode, errorMessage: errorMessage(sample) }),
    requestParameters: sample.parameters ?? null,
    responseElements: errorCode === undefined ? (sample.response ?? null) : null,
    requestID: uuid(),
    eventID: uuid(),
    readOnly: sample.readOnly,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: "Management",
  };
}

function errorMessage({ source, name, errorCode }: Sample): string {
  return errorCode === "ThrottlingException"
    ? "Rate exceeded"
    : `The request ${source}:${name} could not be done: ${errorCode}`;
}

/** The files by name: one an hour, in the order of their names; the last in the form in which CloudTrail fills a bucket. */
function createFiles(): ReadonlyMap<string, string> {
  const samples = [...everydaySamples(), ...deniedSamples(), ...assumedSamples()];
  samples.sort((left, right) => left.atMs - right.atMs);
  const files = new Map<string, string>();
  for (let hour = 0; hour < HOURS; hour++) {
    const fromMs = START_MS + hour * HOUR_MS;
    const events = samples.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + HOUR_MS).map(toEvent);
    const name = `cloudtrail-${new Date(fromMs).toISOString().slice(0, 13)}`;
    if (hour === HOURS - 1) {
      files.set(`${name}.json`, `${JSON.stringify({ Records: events })}\n`);
    } else {
      files.set(`${name}.ndjson`, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    }
  }
  return files;
}

// Only when it is run itself: whoever loads all rules below examples/ loads this file too.
if (realpathSync(process.argv[1] ?? ".") === import.meta.filename) {
  const folder = process.argv[2] ?? join(import.meta.dirname, "events");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of createFiles()) writeFileSync(join(folder, name), text);
}
