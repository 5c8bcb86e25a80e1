import { describe, expect, test } from "vitest";

import { alertLine } from "../../../src/destinations/alert-line.ts";
import { webhookProblems } from "../../../src/destinations/webhook/destination.ts";
import { startReceiver, type Reaction } from "../receiver.ts";
import { delivery, send } from "../request-fixtures.ts";
import { webhook, webhookReceiver } from "./fixtures.ts";

describe("what is sent", () => {
  test("the alert as it stands in files", async () => {
    const receiver = await webhookReceiver();
    const sent = delivery({ title: "Zoë\u2028 \ud83d\ude00" });
    expect(await send(webhook({ url: receiver.url }), sent)).toEqual({ kind: "delivered" });
    expect(receiver.requests[0]?.body).toBe(alertLine(sent.alert).trimEnd());
    expect(receiver.accepted.get(sent.idempotencyKey)).toEqual(sent.alert);
  });

  test("a template filled in", async () => {
    const receiver = await webhookReceiver();
    const body = { text: "{{severity}}: {{title}}", id: "{{id}}", n: "{{matchCount}}" };
    const sent = delivery({ title: "T" });
    await send(webhook({ url: receiver.url, body }), sent);
    expect(receiver.accepted.get(sent.idempotencyKey)).toEqual({
      text: "medium: T",
      id: sent.alert.id,
      n: 1,
    });
  });

  test("a template of null is one too", async () => {
    const receiver = await webhookReceiver();
    await send(webhook({ url: receiver.url, body: null }));
    expect(receiver.requests[0]?.body).toBe("null");
  });

  test("a signature over timestamp and body", async () => {
    const receiver = await webhookReceiver({ secret: "s3cret" });
    expect(await send(webhook({ url: receiver.url, secret: "s3cret" }))).toEqual({ kind: "delivered" });
    expect(receiver.requests[0]?.headers["x-stakeout-timestamp"]).toBe("1767225600");
  });

  test("a signature of another secret is noticed", async () => {
    const receiver = await webhookReceiver({ secret: "s3cret" });
    expect(await send(webhook({ url: receiver.url, secret: "other" }))).toEqual({
      kind: "refused",
      reason: "The receiver answered 400 Bad Request.",
    });
  });

  test("no signature without a secret", async () => {
    const receiver = await webhookReceiver();
    await send(webhook({ url: receiver.url }));
    expect(receiver.requests[0]?.headers).not.toHaveProperty("x-stakeout-signature");
  });

  test("configured headers", async () => {
    const receiver = await webhookReceiver();
    await send(webhook({ url: receiver.url, headers: { Authorization: "Bearer t0ken", "X-Team": "soc" } }));
    expect(receiver.requests[0]?.headers).toMatchObject({ authorization: "Bearer t0ken", "x-team": "soc" });
  });

  test("the same idempotency key in every attempt", async () => {
    const receiver = await webhookReceiver({ failures: [{ status: 500 }, "reset"] });
    const to = webhook({ url: receiver.url });
    const outcomes = [await send(to), await send(to), await send(to), await send(to)];
    expect(outcomes.map(({ kind }) => kind)).toEqual(["failed", "failed", "delivered", "delivered"]);
    expect(receiver.repeated).toEqual([delivery().idempotencyKey]);
    expect(receiver.accepted.size).toBe(1);
  });
});

describe("failures", () => {
  test.each<readonly [Reaction, string, string]>([
    [{ status: 500 }, "failed", "The receiver answered 500 Internal Server Error."],
    [{ status: 401 }, "refused", "The receiver answered 401 Unauthorized."],
    [{ status: 418 }, "refused", "The receiver answered 418 I'm a Teapot."],
  ])("%o", async (reaction, kind, reason) => {
    const receiver = await webhookReceiver({ failures: [reaction] });
    expect(await send(webhook({ url: receiver.url }))).toMatchObject({ kind, reason });
  });

  test("429 with Retry-After", async () => {
    const busy: Reaction = { status: 429, headers: { "Retry-After": "30" } };
    const receiver = await webhookReceiver({ failures: [busy] });
    expect(await send(webhook({ url: receiver.url }))).toEqual({
      kind: "failed",
      reason: "The receiver answered 429 Too Many Requests.",
      retryAfterMs: 30_000,
    });
  });

  test("an answer that repeats the request tells no secrets", async () => {
    const receiver = await startReceiver(({ path, headers, body }) => ({
      status: 400,
      body: `${path} ${JSON.stringify(headers)} ${body}`,
    }));
    const outcome = await send(
      webhook({
        url: `${receiver.url}/s3cret-path?key=s3cret-query`,
        headers: { Authorization: "Bearer s3cret-token" },
        secret: "s3cret-key",
      }),
    );
    expect(outcome).toEqual({ kind: "refused", reason: "The receiver answered 400 Bad Request." });
  });
});

describe("options that cannot be", () => {
  test.each([
    "Idempotency-Key",
    "idempotency-key",
    "X-Stakeout-Signature",
    "x-stakeout-anything",
    "User-Agent",
    "Content-Type",
    "Content-Length",
    "Host",
    "Transfer-Encoding",
    "Connection",
  ])("the header %s", (name) => {
    expect(webhookProblems({ headers: { [name]: "x" }, body: undefined })).toEqual([
      `The header ${name} cannot be configured, because Stakeout sets it.`,
    ]);
  });

  test.each(["a b", "", "a:b", "ü"])("the header name %o", (name) => {
    expect(webhookProblems({ headers: { [name]: "x" }, body: undefined })).toEqual([
      `"${name}" is not the name of a header.`,
    ]);
  });

  test.each(["s3cret\r\nX: y", "s3cret\0", "s3cret €"])(
    "the header value %o, which is not repeated",
    (value) => {
      expect(webhookProblems({ headers: { Authorization: value }, body: undefined })).toEqual([
        "The value of the header Authorization holds characters that headers cannot hold, such as a line break.",
      ]);
    },
  );

  test("all are told at once, headers and template", () => {
    const make = (): unknown =>
      webhook({ url: "https://hooks.example/", headers: { Host: "x" }, body: { a: "{{nothing}}" } });
    expect(make).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(/header Host .* \{\{nothing\}\} stands for nothing/) as string,
      }) as Error,
    );
  });

  test("an address that is not public", () => {
    expect(() => webhook({ url: "http://10.0.0.1/" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }) as Error,
    );
  });
});
