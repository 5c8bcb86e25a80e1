import { describe, expect, test } from "vitest";

import type { Alert } from "../../../src/core/alert.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { createTestAlert } from "../../../src/destinations/test-alert.ts";
import { delivery, send } from "../request-fixtures.ts";
import { fakePagerDuty, invalid, pagerDuty, routingKey, type FakeEvent } from "./fixtures.ts";

/** What PagerDuty accepts for an alert. */
async function accepted(overrides: Partial<Alert>): Promise<FakeEvent | undefined> {
  const receiver = await fakePagerDuty();
  expect(await send(pagerDuty(receiver), delivery(overrides))).toEqual({ kind: "delivered" });
  return receiver.events[0];
}

function megabytes(count: number): JsonObject {
  return { text: "é".repeat(count * 500_000) };
}

describe("the event", () => {
  test("triggers an incident with all that is known", async () => {
    const event = await accepted({
      title: "Root logged in",
      severity: "high",
      ruleId: "AWS.Root",
      ruleName: "Root login",
      logType: "AWS.CloudTrail",
      runbook: "https://wiki.example/root",
      reference: "see the wiki",
      context: { user: "root" },
      tags: ["aws"],
      matchCount: 2,
      uniqueCount: 2,
    });
    expect(event).toEqual({
      routing_key: routingKey,
      event_action: "trigger",
      dedup_key: "0123456789abcdef0123456789abcdef",
      client: "Stakeout",
      links: [{ href: "https://wiki.example/root", text: "Runbook" }],
      payload: {
        summary: "Root logged in",
        severity: "error",
        source: "test",
        timestamp: "2026-01-01T00:00:00.000Z",
        component: "AWS.CloudTrail",
        group: "alice",
        class: "AWS.Root",
        custom_details: {
          rule: "Root login",
          description: "",
          runbook: "https://wiki.example/root",
          reference: "see the wiki",
          matchCount: 2,
          uniqueCount: 2,
          threshold: 1,
          firstEventTime: "2026-01-01T00:00:00.000Z",
          lastEventTime: "2026-01-01T00:00:00.000Z",
          context: { user: "root" },
          tags: ["aws"],
          reports: {},
          summary: {},
          events: [{ n: 1 }],
          eventsOmitted: 0,
        },
      },
    });
  });

  test.each([
    ["critical", "critical"],
    ["high", "error"],
    ["medium", "warning"],
    ["low", "info"],
    ["info", "info"],
  ] as const)("severity %s is %s", async (severity, expected) => {
    expect((await accepted({ severity }))?.payload?.severity).toBe(expected);
  });

  test("resolves the incident when the alert is closed", async () => {
    const receiver = await fakePagerDuty();
    const to = pagerDuty(receiver);
    await send(to, delivery({ status: "open" }));
    expect(receiver.open.size).toBe(1);
    await send(to, delivery({ status: "closed" }));
    expect(receiver.open.size).toBe(0);
  });

  test.each(["x".repeat(3000), "\ud83d\ude00".repeat(1000)])(
    "a title that is too long is cut",
    async (title) => {
      const summary = (await accepted({ title }))?.payload?.summary ?? "";
      expect(summary.endsWith("…")).toBe(true);
      expect(summary.isWellFormed()).toBe(true);
    },
  );

  test("an alert without title or dedup key", async () => {
    const payload = (await accepted({ title: "", dedup: "", ruleName: "Rule" }))?.payload;
    expect(payload?.summary).toBe("Rule");
    expect(payload).not.toHaveProperty("group");
  });

  test("of a test alert says so", async () => {
    const event = await accepted(createTestAlert("pagerduty", "2026-01-01T00:00:00.000Z"));
    expect(event?.payload?.summary).toMatch(/^Test alert/);
    expect(event?.payload?.severity).toBe("info");
  });
});

describe("an alert that is too large for PagerDuty", () => {
  test("is sent without its last events, and says so", async () => {
    const small = { n: 1 };
    const event = await accepted({ events: [small, small, megabytes(1), small], eventsOmitted: 5 });
    expect(event?.payload?.custom_details).toMatchObject({
      note: "PagerDuty takes no event of this size. Left out: 2 of 4 events.",
      events: [small, small],
      eventsOmitted: 7,
    });
  });

  test("is sent without its context where events are not enough", async () => {
    const event = await accepted({ context: megabytes(1), summary: { a: ["b"] }, tags: ["t"] });
    expect(event?.payload?.custom_details).toMatchObject({
      note: "PagerDuty takes no event of this size. Left out: 1 of 1 events, summary, reports, tags, context.",
      events: [],
      eventsOmitted: 1,
    });
    expect(event?.payload?.custom_details).not.toHaveProperty("context");
  });

  test("keeps everything where it is just small enough", async () => {
    const event = await accepted({ events: [{ text: "x".repeat(500_000) }] });
    expect(event?.payload?.custom_details).not.toHaveProperty("note");
    expect(event?.payload?.custom_details["events"]).toHaveLength(1);
  });
});

describe("what PagerDuty answers", () => {
  test("400 is a refusal with what is wrong, without the key", async () => {
    const receiver = await fakePagerDuty();
    const outcome = await send(pagerDuty(receiver, { routingKey: "short" }));
    expect(outcome).toEqual({
      kind: "refused",
      reason:
        "The receiver answered 400 Bad Request: Event object is invalid; Length of 'routing_key' is incorrect (should be 32 characters).",
    });
  });

  test("an answer that repeats the key", async () => {
    const receiver = await fakePagerDuty([invalid([`No service has the key ${routingKey}.`])]);
    const outcome = await send(pagerDuty(receiver));
    expect(outcome).toEqual({
      kind: "refused",
      reason: "The receiver answered 400 Bad Request: Event object is invalid; No service has the key ….",
    });
  });

  test.each([429, 500, 503])("%i is worth another attempt", async (status) => {
    const receiver = await fakePagerDuty([{ status, headers: { "Retry-After": "7" } }]);
    const to = pagerDuty(receiver);
    expect(await send(to)).toMatchObject({ kind: "failed", retryAfterMs: 7000 });
    expect(await send(to)).toEqual({ kind: "delivered" });
  });

  test.each(["<html>", "[]", "null", '{"message":5,"errors":"x"}', ""])(
    "a body of %o explains nothing",
    async (body) => {
      const receiver = await fakePagerDuty([{ status: 400, body }]);
      expect(await send(pagerDuty(receiver))).toEqual({
        kind: "refused",
        reason: "The receiver answered 400 Bad Request.",
      });
    },
  );

  test("an event that was processed and is sent again opens nothing new", async () => {
    const receiver = await fakePagerDuty();
    const to = pagerDuty(receiver);
    await send(to);
    await send(to);
    expect([receiver.events.length, receiver.open.size]).toEqual([2, 1]);
  });
});
