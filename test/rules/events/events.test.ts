import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import type { LogTypeDefinition } from "../../../src/parsers/log-type.ts";
import { eventOf, makeParser } from "../../parsers/fixtures.ts";
import { typeCheck } from "./fixtures.ts";

const definitions = globSync("src/parsers/log-types/*.yaml").map(
  (file) => parse(readFileSync(file, "utf8")) as LogTypeDefinition,
);

/** A record of each log type, text where its logs are text. */
const records: Readonly<Record<string, string>> = {
  "AWS.CloudTrail": JSON.stringify({
    eventVersion: "1.09",
    userIdentity: {
      type: "AssumedRole",
      principalId: "AROAEXAMPLE:alice",
      arn: "arn:aws:sts::123456789012:assumed-role/ops/alice",
      accountId: "123456789012",
      accessKeyId: "ASIAEXAMPLE",
      sessionContext: {
        sessionIssuer: { type: "Role", arn: "arn:aws:iam::123456789012:role/ops", userName: "ops" },
        webIdFederationData: {},
        attributes: { creationDate: "2024-03-05T06:00:00Z", mfaAuthenticated: "false" },
        ec2RoleDelivery: "2.0",
      },
    },
    eventTime: "2024-03-05T06:07:08Z",
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    awsRegion: "eu-central-1",
    sourceIPAddress: "198.51.100.23",
    errorCode: "AccessDenied",
    requestParameters: { bucketName: "example", instancesSet: { items: [{ instanceId: "i-0abc" }] } },
    responseElements: null,
    readOnly: true,
    resources: [{ type: "AWS::S3::Object", ARN: "arn:aws:s3:::example/key", accountId: "123456789012" }],
    tlsDetails: { tlsVersion: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256" },
    sessionCredentialFromConsole: "true",
  }),
  "AWS.VPCFlow":
    "2 123456789012 eni-0a1b2c3d 192.0.2.10 198.51.100.20 49152 443 6 10 8400 1709618828 1709618888 ACCEPT OK",
  "AWS.S3ServerAccess":
    `${"0123456789abcdef".repeat(4)} logs-example [05/Mar/2024:06:07:08 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/a R1 ` +
    'REST.GET.OBJECT key "GET /key HTTP/1.1" 403 AccessDenied 243 2048 25 20 "https://example.com/" "aws-cli/2.15" v1 ' +
    "host SigV4 ECDHE AuthHeader logs-example.s3.amazonaws.com TLSv1.2 - Yes",
  "Okta.SystemLog": JSON.stringify({
    uuid: "11111111-2222-3333-4444-555555555555",
    published: "2024-03-05T06:07:08.123Z",
    eventType: "user.session.start",
    version: "0",
    severity: "INFO",
    legacyEventType: null,
    actor: {
      id: "00u1",
      type: "User",
      alternateId: "alice@example.com",
      displayName: null,
      detailEntry: null,
    },
    client: {
      ipAddress: "192.0.2.7",
      zone: "null",
      userAgent: { rawUserAgent: "Mozilla/5.0", os: "Linux", browser: "FIREFOX" },
      geographicalContext: { city: "Berlin", country: "Germany", geolocation: { lat: 52.5, lon: 13.4 } },
    },
    target: null,
    outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
    authenticationContext: { authenticationStep: 0, issuer: null, externalSessionId: "s1" },
    securityContext: { asNumber: 64_496, isProxy: false, domain: null },
    request: { ipChain: [{ ip: "192.0.2.7", version: "V4", source: null }] },
    transaction: { type: "WEB", id: "t1", detail: {} },
    debugContext: { debugData: { requestUri: "/api/v1/authn" } },
  }),
  "GitHub.Audit": JSON.stringify({
    "@timestamp": 1709618828123,
    _document_id: "abcDEF123",
    action: "repo.access",
    actor: "alice",
    actor_id: 1,
    actor_location: { country_code: "DE" },
    org: ["example", "other"],
    org_id: [1, 2],
    repo: "example/secret",
    visibility: "public",
    user: null,
  }),
  "GSuite.Reports": JSON.stringify({
    kind: "admin#reports#activity",
    id: {
      time: "2024-03-05T06:07:08.123Z",
      uniqueQualifier: "1",
      applicationName: "login",
      customerId: "C01",
    },
    actor: { email: "alice@example.com", profileId: "1" },
    ipAddress: "2001:db8::7",
    events: [
      {
        type: "login",
        name: "login_success",
        parameters: [
          { name: "login_type", value: "saml" },
          { name: "is_suspicious", boolValue: false },
          { name: "challenges", multiValue: ["none"] },
        ],
      },
    ],
  }),
  "Nginx.Access":
    '192.0.2.7 - alice [05/Mar/2024:06:07:08 +0100] "GET /a?b=c HTTP/1.1" 200 512 "https://example.com/" "Mozilla/5.0"',
};

test("every built-in log type has an event type", async () => {
  const names = definitions.map(({ name }) => JSON.stringify(name)).join(" | ");
  const same = `import type { EventTypes } from "stakeout";
export const there: (keyof EventTypes)[] = [] as (${names})[];
export const noOther: (${names})[] = [] as (keyof EventTypes)[];`;
  expect(await typeCheck({ same })).toEqual([]);
});

/** Types that answer what fields a type names. A type without any, such as that of request parameters, may have all. */
const namedFields = `import type { EventTypes } from "stakeout";
type Member<T> = NonNullable<T> extends readonly (infer Item)[] ? NonNullable<Item> : NonNullable<T>;
type Named<T> = keyof { [Name in keyof Member<T> as string extends Name ? never : Name]: 0 };
type Field<T> = [Named<T>] extends [never] ? string : Named<T>;
`;

describe.each(definitions)("$name", ({ name, text, time = [], indicators = {} }) => {
  const event = eventOf(records[name] ?? "");

  test("a record has fields of the types that its event type names", async () => {
    expect(event.logType).toBe(name);
    const alertEvent = JSON.stringify(makeParser().toAlertEvent(event, 0));
    const record = `import type { EventOf } from "stakeout";
export const event: EventOf<"${name}"> = ${alertEvent};`;
    expect(await typeCheck({ record })).toEqual([]);
  });

  test("the event type names every field of the record and of the log type's file", async () => {
    const groups = [text?.pattern ?? ""]
      .flat()
      .join("")
      .matchAll(/\(\?<(\w+)>/g);
    const paths = [
      ...Object.keys(event.fields),
      ...groups.map(([, group = ""]) => group),
      ...time.map(({ field }) => field),
      ...Object.values(indicators).flatMap((fields = []) => fields),
    ];
    const named = namedFields + [...new Set(paths)].map((path) => nameCheck(name, path)).join("\n");
    expect(await typeCheck({ named })).toEqual([]);
  });
});

test("a field that an event type does not name is noticed", async () => {
  const named = `${namedFields}${nameCheck("Okta.SystemLog", "client.ipAdress")}`;
  const [mistake] = await typeCheck({ named });
  expect(mistake?.message).toContain('"ipAdress"');
});

/** A line of TypeScript that is right when each step of the path is named by the type that the steps before it lead to. */
function nameCheck(logType: string, path: string): string {
  let type = `EventTypes["${logType}"]`;
  const names = path.split(".").map((name) => {
    const check = `${JSON.stringify(name)} satisfies Field<${type}>`;
    type = `Member<${type}>["${name}"]`;
    return check;
  });
  return `export const _${Buffer.from(path).toString("hex")} = [${names.join(", ")}];`;
}

test.each(globSync("src/rules/events/*.ts"))("%s costs nothing at run time", (file) => {
  expect(stripTypeScriptTypes(readFileSync(file, "utf8")).replace(/\/\*[^]*?\*\/|\/\/.*|[\s;]/g, "")).toBe(
    "",
  );
});

test("no code loads the event types", () => {
  const loading = globSync("src/**/*.ts").filter((file) =>
    /events\/[\w-]+\.ts/.test(stripTypeScriptTypes(readFileSync(file, "utf8"))),
  );
  expect(loading).toEqual([]);
});
