import { describe, expect, test } from "vitest";

import { account, cloudTrail, runEvents, type EventParts } from "./fixtures.ts";

const ruleId = "AWS.CloudTrail.AccessDeniedBurst";

function denied(parts: EventParts): object {
  return cloudTrail({ errorCode: "AccessDenied", ...parts });
}

function deniedAt(...minutes: readonly number[]): readonly object[] {
  return minutes.map((minute) => denied({ minute }));
}

const nine = [0, 1, 2, 3, 4, 5, 6, 7, 8];

test("nine within an hour and the tenth 61 minutes after the first raise nothing", async () => {
  const { raised, matches } = await runEvents(deniedAt(...nine, 61));
  expect(raised).toEqual([]);
  expect(matches[ruleId]).toBe(0);
});

test("the tenth exactly an hour after the first comes too late", async () => {
  expect((await runEvents(deniedAt(...nine, 60))).raised).toEqual([]);
});

test("the tenth within the hour raises exactly one alert", async () => {
  const { lines, raised } = await runEvents(deniedAt(...nine, 59.9));
  expect(raised).toEqual([`arn:aws:iam::${account}:user/analyst was denied 10 times within 1h`]);
  expect(lines[0]).toMatchObject({ ruleId, severity: "medium", matchCount: 1, status: "open" });
});

test("the eleventh starts a new count", async () => {
  const eleven = [...nine, 9, 10];
  expect((await runEvents(deniedAt(...eleven))).matches[ruleId]).toBe(1);
  expect((await runEvents(deniedAt(...eleven, 11, 12, 13, 14, 15, 16, 17, 18))).matches[ruleId]).toBe(1);
  expect((await runEvents(deniedAt(...eleven, 11, 12, 13, 14, 15, 16, 17, 18, 19))).matches[ruleId]).toBe(2);
});

test("the eleventh also starts a new hour", async () => {
  const minutes = [...nine, 9, 50, 51, 52, 53, 54, 55, 56, 57, 58, 109];
  expect((await runEvents(deniedAt(...minutes))).matches[ruleId]).toBe(2);
});

test("after an hour that ended without an alert the count starts over", async () => {
  const minutes = [...nine, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70];
  expect((await runEvents(deniedAt(...minutes))).matches[ruleId]).toBe(1);
});

test("a second burst within the dedup window is counted, not raised again", async () => {
  const minutes = Array.from({ length: 20 }, (_, index) => index);
  const { raised, lines } = await runEvents([...deniedAt(...minutes), cloudTrail({ minute: 200 })]);
  expect(raised).toHaveLength(1);
  expect(lines.at(-1)).toMatchObject({ status: "closed", matchCount: 2 });
});

test("principals are counted apart", async () => {
  const events = nine.flatMap((minute) => [
    denied({ minute }),
    denied({ minute, userIdentity: { type: "IAMUser", arn: `arn:aws:iam::${account}:user/other` } }),
  ]);
  expect((await runEvents(events)).raised).toEqual([]);
});

test("a caller without an ARN is counted by principal id", async () => {
  const userIdentity = { type: "AWSAccount", principalId: "AIDAEXAMPLE", accountId: "111122223333" };
  const { raised } = await runEvents([...nine, 9].map((minute) => denied({ minute, userIdentity })));
  expect(raised).toEqual(["AIDAEXAMPLE was denied 10 times within 1h"]);
});

describe("events that count for nobody", () => {
  test.each([
    ["no identity", undefined],
    ["an identity of null", null],
    ["neither ARN nor principal id", { type: "AWSService", invokedBy: "config.amazonaws.com" }],
    ["an empty ARN", { type: "IAMUser", arn: "" }],
  ])("%s", async (_, userIdentity) => {
    const { raised, ruleErrors } = await runEvents(
      [...nine, 9].map((minute) => denied({ minute, userIdentity })),
    );
    expect(raised).toEqual([]);
    expect(ruleErrors).toBe(0);
  });
});

describe("error codes", () => {
  const ten = [...nine, 9];

  test.each([
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
  ])("%s is a denial", async (errorCode) => {
    expect((await runEvents(ten.map((minute) => denied({ minute, errorCode })))).raised).toHaveLength(1);
  });

  test.each(["ThrottlingException", "NoSuchBucket", "accessdenied", "", undefined, 403])(
    "%s is none",
    async (errorCode) => {
      expect((await runEvents(ten.map((minute) => denied({ minute, errorCode })))).raised).toEqual([]);
    },
  );
});
