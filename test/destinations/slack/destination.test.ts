import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Alert } from "../../../src/core/alert.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { severities } from "../../../src/core/severity.ts";
import { slackMessage } from "../../../src/destinations/slack/message.ts";
import { createTestAlert } from "../../../src/destinations/test-alert.ts";
import { alert } from "../../core/alert.fixture.ts";
import type { Reaction } from "../receiver.ts";
import { delivery, send } from "../request-fixtures.ts";
import { fakeSlack, messageProblems, slack, type FakeMessage } from "./fixtures.ts";

/** All texts of the message for an alert. */
function textsOf(overrides: Partial<Alert>): readonly string[] {
  const { blocks }: FakeMessage = slackMessage(alert(overrides));
  return blocks.flatMap(({ text, fields, elements }) =>
    [text, ...(fields ?? []), ...(elements ?? [])].flatMap((part) => (part === undefined ? [] : [part.text])),
  );
}

describe("the message", () => {
  test("is taken by Slack", async () => {
    const receiver = await fakeSlack();
    const sent = delivery({ title: "Root logged in", severity: "high", context: { user: "root" } });
    expect(await send(slack(receiver), sent)).toEqual({ kind: "delivered" });
    expect(receiver.messages[0]?.text).toBe("[HIGH] Root logged in");
    expect(receiver.requests[0]?.headers["idempotency-key"]).toBe(sent.idempotencyKey);
  });

  test("shows what a person needs first", () => {
    const texts = textsOf({
      title: "Many logins",
      severity: "critical",
      ruleId: "AWS.Logins",
      ruleName: "Logins",
      matchCount: 12,
      uniqueCount: 3,
      uniqueEstimated: true,
      logType: "AWS.CloudTrail",
      description: "Somebody tries passwords.",
      runbook: "https://wiki.example/run?a=1&b=2",
      reference: "Ask the <team>",
      context: { user: "alice", n: 3, nested: { a: [1] } },
      lastEventTime: "2026-01-01T00:30:00.000Z",
    });
    expect(texts).toEqual([
      "[CRITICAL] Many logins",
      "*Severity*\ncritical",
      "*Rule*\nLogins (AWS.Logins)",
      "*Matches*\n12, about 3 distinct",
      "*Log type*\nAWS.CloudTrail",
      "*First event*\n2026-01-01T00:00:00.000Z",
      "*Last event*\n2026-01-01T00:30:00.000Z",
      "Somebody tries passwords.",
      "*user*\nalice",
      "*n*\n3",
      '*nested*\n{"a":[1]}',
      "*Runbook*\n<https://wiki.example/run?a=1&amp;b=2>",
      "*Reference*\nAsk the &lt;team&gt;",
      "Alert 0123456789abcdef0123456789abcdef, dedup key alice",
    ]);
  });

  test("says when an alert is closed", () => {
    expect(textsOf({ title: "T", status: "closed" })[0]).toBe("[MEDIUM] Closed: T");
  });

  test("nothing of an event becomes a mention, a link or a line of its own", () => {
    const texts = textsOf({
      title: "<!channel> & co",
      context: { "<@U1>": "x\n*Severity*\nlow <https://evil.example|ok>" },
    });
    expect(texts[0]).toBe("[MEDIUM] <!channel> & co");
    expect(texts).toContain("*&lt;@U1&gt;*\nx\\x0a*Severity*\\x0alow &lt;https://evil.example|ok&gt;");
    expect(slackMessage(alert({ title: "<!channel>" })).text).toBe("[MEDIUM] &lt;!channel&gt;");
  });

  test.each([
    "https://e.example/|text",
    "https://e.example/ x",
    "javascript:alert(1)",
    "https://[",
    `https://e.example/${"a".repeat(600)}`,
  ])("%s does not become a link", (reference) => {
    expect(textsOf({ reference }).some((text) => text.includes("<"))).toBe(false);
  });

  test("lines of a runbook stay lines", () => {
    expect(textsOf({ runbook: "1. look\r\n2. think\n" })).toContain("*Runbook*\n1. look\n2. think\n");
  });

  test("of many fields of the context the first are shown, and how many are missing", () => {
    const context = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`f${n}`, n]));
    const texts = textsOf({ context });
    expect(texts).toContain("*f19*\n19");
    expect(texts).not.toContain("*f20*\n20");
    expect(texts).toContain("*More*\n5 more fields of the context are in the alert");
  });

  test("is one that Slack takes, whatever an alert holds", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.string({ unit: "binary", maxLength: 20 }).map((part) => part.repeat(500)),
      fc.constantFrom(
        "",
        " ",
        "<".repeat(4000),
        "&".repeat(4000),
        "\ud83d\ude00".repeat(2000),
        "https://e.example/?a&b",
      ),
    );
    const alerts = fc.record({
      title: text,
      ruleId: text,
      ruleName: text,
      dedup: text,
      logType: text,
      description: text,
      runbook: text,
      reference: text,
      severity: fc.constantFrom(...severities),
      status: fc.constantFrom("open" as const, "closed" as const),
      context: fc.dictionary(text, fc.jsonValue(), { maxKeys: 60 }).map((context) => context as JsonObject),
    });
    fc.assert(
      fc.property(alerts, (overrides) => {
        const sent = JSON.parse(JSON.stringify(slackMessage(alert(overrides)))) as FakeMessage;
        expect(messageProblems(sent)).toEqual([]);
      }),
    );
  });

  test("of a test alert says so first", () => {
    const sent = createTestAlert("slack", "2026-01-01T00:00:00.000Z");
    expect(slackMessage(sent).text).toMatch(/^\[INFO\] Test alert/);
  });
});

describe("what Slack answers", () => {
  test.each<readonly [Reaction, string, string]>([
    [{ status: 400, body: "invalid_payload" }, "refused", "400 Bad Request: invalid_payload."],
    [{ status: 403, body: "action_prohibited" }, "refused", "403 Forbidden: action_prohibited."],
    [{ status: 404, body: "channel_not_found" }, "refused", "404 Not Found: channel_not_found."],
    [{ status: 410, body: "channel_is_archived" }, "refused", "410 Gone: channel_is_archived."],
    [{ status: 500, body: "rollup_error" }, "failed", "500 Internal Server Error: rollup_error."],
    [{ status: 502, body: "<html>s3cret</html>" }, "failed", "502 Bad Gateway."],
  ])("%o", async (reaction, kind, words) => {
    const receiver = await fakeSlack([reaction]);
    expect(await send(slack(receiver))).toEqual({
      kind,
      reason: `The receiver answered ${words}`,
      retryAfterMs: undefined,
    });
  });

  test("too many messages: after the time that Slack names", async () => {
    const receiver = await fakeSlack([
      { status: 429, headers: { "Retry-After": "30" }, body: "rate_limited" },
    ]);
    const to = slack(receiver);
    expect(await send(to)).toEqual({
      kind: "failed",
      reason: "The receiver answered 429 Too Many Requests: rate_limited.",
      retryAfterMs: 30_000,
    });
    expect(await send(to)).toEqual({ kind: "delivered" });
  });

  test("an address that Slack does not know, without telling it", async () => {
    const receiver = await fakeSlack();
    const outcome = await send(slack(receiver, "/services/T000/B000/wr0ng"));
    expect(outcome).toEqual({ kind: "refused", reason: "The receiver answered 404 Not Found: no_service." });
  });
});
