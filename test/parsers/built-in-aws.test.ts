import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { eventOf, indicatorsOf, isRecognised, parseAll, parseOne } from "./fixtures.ts";

describe("AWS.CloudTrail", () => {
  const stop = {
    eventVersion: "1.09",
    userIdentity: {
      type: "AssumedRole",
      arn: "arn:aws:sts::123456789012:assumed-role/ops/alice",
      accountId: "123456789012",
      accessKeyId: "ASIAEXAMPLEEXAMPLE00",
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          arn: "arn:aws:iam::123456789012:role/ops",
          accountId: "123456789012",
          userName: "ops",
        },
      },
    },
    eventTime: "2024-03-05T06:07:08Z",
    eventSource: "ec2.amazonaws.com",
    eventName: "StopInstances",
    awsRegion: "eu-central-1",
    sourceIPAddress: "198.51.100.23",
    requestParameters: { instancesSet: { items: [{ instanceId: "i-0abc123def4567890" }] }, force: false },
    responseElements: null,
    recipientAccountId: "123456789012",
  };
  const byService = {
    eventVersion: "1.08",
    userIdentity: { type: "AWSService", invokedBy: "delivery.logs.amazonaws.com" },
    eventTime: "2024-03-05T06:07:09Z",
    eventSource: "s3.amazonaws.com",
    eventName: "PutObject",
    sourceIPAddress: "delivery.logs.amazonaws.com",
    requestParameters: {
      bucketName: "audit-example",
      notification: "arn:aws:sns:eu-central-1:210987654321:topic",
    },
    additionalEventData: { vpcEndpointAccountId: "333333333333" },
    resources: [{ type: "AWS::S3::Object", ARN: "arn:aws:s3:::audit-example/key" }],
  };

  test("a call by an assumed role", () => {
    expect(eventOf(stop)).toMatchObject({ logType: "AWS.CloudTrail", timeMs: Date.UTC(2024, 2, 5, 6, 7, 8) });
    expect(indicatorsOf(stop)).toEqual({
      p_any_ip_addresses: ["198.51.100.23"],
      p_any_usernames: ["ops"],
      p_any_aws_account_ids: ["123456789012"],
      p_any_aws_arns: [
        "arn:aws:iam::123456789012:role/ops",
        "arn:aws:sts::123456789012:assumed-role/ops/alice",
      ],
      p_any_aws_instance_ids: ["i-0abc123def4567890"],
      p_any_trace_ids: ["ASIAEXAMPLEEXAMPLE00"],
    });
  });

  test("a call by a service", () => {
    expect(eventOf(byService).logType).toBe("AWS.CloudTrail");
    expect(indicatorsOf(byService)).toEqual({
      p_any_domain_names: ["delivery.logs.amazonaws.com"],
      p_any_aws_account_ids: ["210987654321", "333333333333"],
      p_any_aws_arns: ["arn:aws:s3:::audit-example/key", "arn:aws:sns:eu-central-1:210987654321:topic"],
    });
  });

  test("not a notification of S3, which has the same fields", () => {
    expect(isRecognised({ ...byService, eventSource: "aws:s3", eventName: "ObjectCreated:Put" })).toBe(false);
  });
});

describe("AWS.VPCFlow", () => {
  const accepted =
    "2 123456789012 eni-0a1b2c3d 192.0.2.10 198.51.100.20 49152 443 6 10 8400 1709618828 1709618888 ACCEPT OK";
  const noData = "2 123456789012 eni-0a1b2c3d - - - - - - - 1709618828 1709618888 - NODATA";
  const header =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

  test("a flow, with Panther's field names", () => {
    const event = eventOf(accepted);
    expect(event).toMatchObject({ logType: "AWS.VPCFlow", timeMs: 1709618828_000 });
    expect(event.fields).toEqual({
      version: 2,
      account: "123456789012",
      interfaceId: "eni-0a1b2c3d",
      srcAddr: "192.0.2.10",
      dstAddr: "198.51.100.20",
      srcPort: 49152,
      dstPort: 443,
      protocol: 6,
      packets: 10,
      bytes: 8400,
      start: "2024-03-05 06:07:08.000000000",
      end: "2024-03-05 06:08:08.000000000",
      action: "ACCEPT",
      status: "OK",
    });
    expect(indicatorsOf(accepted)).toEqual({
      p_any_ip_addresses: ["192.0.2.10", "198.51.100.20"],
      p_any_aws_account_ids: ["123456789012"],
    });
  });

  test("a window without traffic leaves out what is absent", () => {
    expect(Object.keys(eventOf(noData).fields)).toEqual([
      "version",
      "account",
      "interfaceId",
      "start",
      "end",
      "status",
    ]);
  });

  test("the header line is no record, also when the log type is forced", () => {
    expect(parseAll([header, accepted]).map((parsed) => parsed?.kind)).toEqual([undefined, "event"]);
    expect(parseOne(header, { logType: "AWS.VPCFlow" })).toBeUndefined();
  });

  test("JSON, with times as text or as numbers", () => {
    const fields = eventOf(accepted).fields;
    expect(eventOf(fields)).toMatchObject({ logType: "AWS.VPCFlow", timeMs: 1709618828_000 });
    expect(eventOf({ ...fields, start: 1709618828 }).timeMs).toBe(1709618828_000);
  });

  test.each([
    ["a custom format", accepted.replace(/^2/, "5")],
    ["a custom header", "version vpc-id subnet-id instance-id srcaddr"],
    ["a field too many", `${accepted} vpc-1`],
    ["a port that is no number", accepted.replace("443", "https")],
  ])("not %s", (_, record) => {
    expect(isRecognised(record)).toBe(false);
  });
});

describe("AWS.S3ServerAccess", () => {
  const owner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
  const get =
    `${owner} logs-example [05/Mar/2024:06:07:08 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/alice 3E57427F3EXAMPLE ` +
    'REST.GET.OBJECT reports/2024%2B03.csv "GET /reports/2024%2B03.csv?x=1 HTTP/1.1" 200 - 2048 2048 25 20 ' +
    '"https://example.com/" "aws-cli/2.15" - hostid+/= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader ' +
    "logs-example.s3.eu-central-1.amazonaws.com TLSv1.2 - Yes";
  const old =
    `${owner} logs-example [05/Mar/2024:06:07:09 +0000] 192.0.2.4 - 3E57427F4EXAMPLE REST.HEAD.BUCKET - - 403 AccessDenied ` +
    "243 - 7 - - - -";

  test("a request in today's format, with Panther's field names", () => {
    const event = eventOf(get);
    expect(event).toMatchObject({ logType: "AWS.S3ServerAccess", timeMs: Date.UTC(2024, 2, 5, 6, 7, 8) });
    expect(event.fields).toEqual({
      bucketowner: owner,
      bucket: "logs-example",
      time: "2024-03-05 06:07:08.000000000",
      remoteip: "192.0.2.3",
      requester: "arn:aws:iam::123456789012:user/alice",
      requestid: "3E57427F3EXAMPLE",
      operation: "REST.GET.OBJECT",
      key: "reports/2024%2B03.csv",
      requesturi: "GET /reports/2024%2B03.csv?x=1 HTTP/1.1",
      httpstatus: 200,
      bytessent: 2048,
      objectsize: 2048,
      totaltime: 25,
      turnaroundtime: 20,
      referrer: "https://example.com/",
      useragent: "aws-cli/2.15",
      hostid: "hostid+/=",
      signatureversion: "SigV4",
      ciphersuite: "ECDHE-RSA-AES128-GCM-SHA256",
      authenticationtype: "AuthHeader",
      hostheader: "logs-example.s3.eu-central-1.amazonaws.com",
      tlsVersion: "TLSv1.2",
      additionalFields: ["-", "Yes"],
    });
    expect(indicatorsOf(get)).toEqual({
      p_any_ip_addresses: ["192.0.2.3"],
      p_any_aws_account_ids: ["123456789012"],
      p_any_aws_arns: ["arn:aws:iam::123456789012:user/alice"],
    });
  });

  test("a refused request in the oldest format", () => {
    expect(eventOf(old).fields).toMatchObject({ httpstatus: 403, errorcode: "AccessDenied", bytessent: 243 });
    expect(Object.hasOwn(eventOf(old).fields, "requester")).toBe(false);
  });

  test("JSON with the same field names", () => {
    expect(eventOf(eventOf(get).fields)).toMatchObject({
      logType: "AWS.S3ServerAccess",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8),
    });
  });

  test("not a line that ends too early", () => {
    expect(isRecognised(get.slice(0, 150))).toBe(false);
  });
});

const realData = fileURLToPath(new URL("../../../shared/data/cloudtrail/", import.meta.url));
const hasRealData = statSync(realData, { throwIfNoEntry: false })?.isDirectory() === true;

test.skipIf(!hasRealData)(
  "every real CloudTrail record of ../shared/data is recognised and has a time",
  () => {
    let events = 0;
    for (const name of readdirSync(realData).filter((name) => name.endsWith(".json.gz"))) {
      const file: { Records: { eventTime: string }[] } = JSON.parse(
        gunzipSync(readFileSync(realData + name)).toString(),
      );
      const parsed = parseAll(file.Records.map((record) => JSON.stringify(record)));
      for (const [index, { eventTime }] of file.Records.entries()) {
        const timeMs = Date.parse(eventTime);
        expect(parsed[index]).toMatchObject({ kind: "event", logType: "AWS.CloudTrail", timeMs });
      }
      events += parsed.length;
    }
    expect(events).toBe(2900);
  },
);
