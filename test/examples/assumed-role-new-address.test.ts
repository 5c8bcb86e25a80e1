import { describe, expect, test } from "vitest";

import { account, cloudTrail, runEvents, type EventParts } from "./fixtures.ts";

const ruleId = "AWS.CloudTrail.AssumedRoleFromNewAddress";
const day = 24 * 60;
const role = `arn:aws:iam::${account}:role/deploy`;

function assumed(minute: number, sourceIPAddress: unknown, fields: Partial<EventParts> = {}): object {
  return cloudTrail({
    eventSource: "sts.amazonaws.com",
    eventName: "AssumeRole",
    requestParameters: { roleArn: role, roleSessionName: "build" },
    sourceIPAddress,
    ...fields,
    minute,
  });
}

async function matchesOf(...events: readonly object[]): Promise<number | undefined> {
  const { matches, ruleErrors } = await runEvents(events);
  expect(ruleErrors).toBe(0);
  return matches[ruleId];
}

test("the first address is trusted", async () => {
  expect(await matchesOf(assumed(0, "192.0.2.1"), assumed(1, "192.0.2.1"))).toBe(0);
});

test("a new address raises an alert", async () => {
  const { lines } = await runEvents([assumed(0, "192.0.2.1"), assumed(1, "192.0.2.2")]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    ruleId,
    severity: "high",
    title: `${role} was assumed from the new address 192.0.2.2`,
    context: { role, session: "build", sourceAddress: "192.0.2.2" },
  });
});

test("a new address is remembered: it matches once, even much later", async () => {
  const events = [assumed(0, "192.0.2.1"), assumed(1, "192.0.2.2"), assumed(2, "192.0.2.2")];
  expect(await matchesOf(...events, assumed(80 * day, "192.0.2.2"))).toBe(1);
});

test("each new address raises an alert of its own", async () => {
  const { raised } = await runEvents(
    ["192.0.2.1", "192.0.2.2", "2001:db8::3"].map((ip, at) => assumed(at, ip)),
  );
  expect(raised).toHaveLength(2);
});

test("roles are learnt apart", async () => {
  const other = { requestParameters: { roleArn: `${role}-other` } };
  expect(await matchesOf(assumed(0, "192.0.2.1"), assumed(1, "192.0.2.2", other))).toBe(0);
});

describe("how long addresses are remembered", () => {
  test("every use renews it: a role in use is never learnt afresh", async () => {
    const uses = [0, 60, 120, 180].map((days) => assumed(days * day, "192.0.2.1"));
    expect(await matchesOf(...uses, assumed(240 * day, "192.0.2.2"))).toBe(1);
  });

  test("a role that nobody used for 90 days is learnt afresh", async () => {
    expect(await matchesOf(assumed(0, "192.0.2.1"), assumed(90 * day, "192.0.2.2"))).toBe(0);
  });
});

describe("events that are not looked at", () => {
  const known = assumed(0, "192.0.2.1");

  test.each<[string, object]>([
    ["a refused request", assumed(1, "192.0.2.2", { errorCode: "AccessDenied" })],
    ["another request", assumed(1, "192.0.2.2", { eventName: "GetCallerIdentity" })],
    ["no parameters", assumed(1, "192.0.2.2", { requestParameters: null })],
    ["no role", assumed(1, "192.0.2.2", { requestParameters: { roleSessionName: "build" } })],
    ["no address", assumed(1, undefined)],
    ["an address that is no text", assumed(1, 3_221_225_986)],
    ["an AWS service", assumed(1, "lambda.amazonaws.com", { userIdentity: { type: "AWSService" } })],
    ["AWS itself", assumed(1, "AWS Internal")],
  ])("%s", async (_, event) => {
    expect(await matchesOf(known, event)).toBe(0);
  });

  test("and nothing is learnt from them", async () => {
    const refused = assumed(0, "192.0.2.9", { errorCode: "AccessDenied" });
    expect(await matchesOf(refused, assumed(1, "192.0.2.1"))).toBe(0);
    expect(await matchesOf(refused, assumed(1, "192.0.2.1"), assumed(2, "192.0.2.9"))).toBe(1);
  });
});

test.each(["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"])(
  "%s counts",
  async (eventName) => {
    expect(await matchesOf(assumed(0, "192.0.2.1"), assumed(1, "192.0.2.2", { eventName }))).toBe(1);
  },
);
