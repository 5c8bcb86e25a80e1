import { readFileSync } from "node:fs";

import { describe, expect, onTestFinished, test } from "vitest";

import {
  HttpPoster,
  outcomeOf,
  type PostResult,
  type RequestSurroundings,
  type RequestTarget,
  type Resolve,
} from "../../src/destinations/http-request.ts";
import { ManualTime } from "./manual-time.ts";
import { startReceiver, type Reaction, type Receiver } from "./receiver.ts";
import { loopback, surroundings } from "./request-fixtures.ts";

const secretPath = "/hooks/s3cret?token=t0ken";

interface PosterOptions extends Partial<RequestTarget>, Partial<RequestSurroundings> {}

function poster({
  url = "",
  timeoutMs = 60_000,
  privateNetworks = loopback,
  ...rest
}: PosterOptions): HttpPoster {
  const made = new HttpPoster({ url, timeoutMs, privateNetworks }, surroundings(rest));
  onTestFinished(() => made.close());
  return made;
}

async function post(to: HttpPoster, signal?: AbortSignal): Promise<PostResult> {
  const request = { headers: { "Content-Type": "application/json" }, body: '{"a":"ü"}' };
  return await to.post(request, signal ?? new AbortController().signal);
}

async function reactingWith(reaction: Reaction): Promise<Receiver> {
  return await startReceiver(() => reaction);
}

/** Resolves every name to these addresses. */
function resolvesTo(...addresses: readonly string[]): Resolve {
  return (_, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

describe("a request", () => {
  test("is a POST of the body to path and query, with Stakeout's name", async () => {
    const receiver = await reactingWith({ status: 200, body: "ok" });
    const result = await post(poster({ url: receiver.url + secretPath }));
    expect(result).toEqual({ kind: "answered", status: 200, body: "ok", retryAfterMs: undefined });
    expect(receiver.requests).toMatchObject([
      {
        method: "POST",
        path: secretPath,
        body: '{"a":"ü"}',
        headers: {
          "content-type": "application/json",
          "user-agent": "stakeout/1.2.3",
          "content-length": "10",
        },
      },
    ]);
  });

  test("uses a connection again", async () => {
    const receiver = await reactingWith({ status: 200, body: "ok" });
    const made = poster({ url: receiver.url });
    await post(made);
    // The connection is free again a turn after the answer's end.
    await new Promise(setImmediate);
    await post(made);
    expect([receiver.requests.length, receiver.connections()]).toEqual([2, 1]);
  });

  test.each([
    ["120", 120_000],
    ["0", 0],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["99999999999999999999", undefined],
    ["Thu, 99 Foo 2026", undefined],
  ])("Retry-After: %s", async (header, expected) => {
    const receiver = await reactingWith({ status: 429, headers: { "Retry-After": header } });
    expect(await post(poster({ url: receiver.url }))).toMatchObject({ retryAfterMs: expected });
  });
});

describe("answers", () => {
  test.each([
    ["reset", "ended the connection without an answer"],
    ["garbage", "answered with something that is not HTTP"],
  ] as const)("%s is a failure that names the host only", async (reaction, words) => {
    const receiver = await reactingWith(reaction);
    const result = await post(poster({ url: receiver.url + secretPath }));
    expect(result).toMatchObject({ kind: "failed", reason: expect.stringContaining(words) as string });
    expect(JSON.stringify(result)).toContain(`127.0.0.1:${receiver.port}`);
    expect(JSON.stringify(result)).not.toMatch(/s3cret|t0ken/);
  });

  test("one that breaks off after its status is still one", async () => {
    const receiver = await reactingWith("reset-in-body");
    expect(await post(poster({ url: receiver.url }))).toMatchObject({ status: 200, body: "half" });
  });

  test("at most 64 KiB are read, and the rest is not waited for", async () => {
    const receiver = await reactingWith("endless");
    const result = await post(poster({ url: receiver.url }));
    expect(result).toMatchObject({ kind: "answered", status: 200, body: "x".repeat(64 * 1024) });
  });

  test("nobody listens", async () => {
    const receiver = await reactingWith("hang");
    const port = receiver.port === 1 ? 2 : 1;
    expect(await post(poster({ url: `http://127.0.0.1:${port}/` }))).toEqual({
      kind: "failed",
      reason: `127.0.0.1:${port} refused the connection.`,
    });
  });

  test("a certificate that nobody vouches for is not accepted", async () => {
    const tls = {
      key: readFileSync(new URL("self-signed/key.pem", import.meta.url), "utf8"),
      cert: readFileSync(new URL("self-signed/cert.pem", import.meta.url), "utf8"),
    };
    const receiver = await startReceiver(() => ({ status: 200 }), tls);
    const result = await post(poster({ url: receiver.url }));
    expect(result).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("certificate") as string,
    });
    expect(receiver.requests).toEqual([]);
  });
});

describe("the time limit", () => {
  test("ends a request without an answer", async () => {
    const receiver = await reactingWith("hang");
    const time = new ManualTime();
    const pending = post(poster({ url: receiver.url, timeoutMs: 5000, timer: time.timer }));
    await receiver.received(1);
    await time.advance(5000);
    expect(await pending).toEqual({
      kind: "failed",
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+ did not answer within 5000 ms\.$/) as string,
    });
  });

  test("ends an answer whose body never does; its status counts", async () => {
    const receiver = await reactingWith("hang-in-body");
    const time = new ManualTime();
    const status = Promise.withResolvers<void>();
    // The clock is read once the status and the headers have come.
    const nowMs = (): number => {
      status.resolve();
      return 0;
    };
    const clock = { ...time.clock, nowMs };
    const pending = post(poster({ url: receiver.url, timeoutMs: 5000, timer: time.timer, clock }));
    await status.promise;
    await time.advance(5000);
    expect(await pending).toMatchObject({ kind: "answered", status: 200 });
  });

  test("leaves no timer behind", async () => {
    const receiver = await reactingWith({ status: 200 });
    const time = new ManualTime();
    await post(poster({ url: receiver.url, timer: time.timer }));
    expect(time.pending).toBe(0);
  });

  test("holds for looking up the name too", async () => {
    const time = new ManualTime();
    const resolve: Resolve = () => undefined;
    const pending = post(
      poster({ url: "http://slow.example/", timeoutMs: 600_000, timer: time.timer, resolve }),
    );
    await time.advance(600_000);
    expect(await pending).toMatchObject({
      kind: "failed",
      reason: "slow.example did not answer within 600000 ms.",
    });
  });
});

describe("the caller's signal", () => {
  test("ends a request", async () => {
    const receiver = await reactingWith("hang");
    const controller = new AbortController();
    const pending = post(poster({ url: receiver.url }), controller.signal);
    await receiver.received(1);
    controller.abort();
    expect(await pending).toEqual({
      kind: "failed",
      reason: "The attempt was ended because Stakeout stops.",
    });
  });

  test("one that was given before makes no request", async () => {
    const receiver = await reactingWith({ status: 200 });
    expect(await post(poster({ url: receiver.url }), AbortSignal.abort())).toMatchObject({ kind: "failed" });
    expect(receiver.requests).toEqual([]);
  });
});

describe("addresses that are not public", () => {
  test("a name that leads to one is not connected to", async () => {
    const receiver = await reactingWith({ status: 200 });
    const made = poster({
      url: `http://hooks.example:${receiver.port}/`,
      privateNetworks: [],
      resolve: resolvesTo("127.0.0.1"),
    });
    expect(await post(made)).toEqual({
      kind: "failed",
      reason:
        "hooks.example leads to 127.0.0.1, which is not a public address. If that is meant, add its network to privateNetworks.",
    });
    expect(receiver.connections()).toBe(0);
  });

  test("localhost is looked up like any other name", async () => {
    const receiver = await reactingWith({ status: 200 });
    const made = poster({ url: `http://localhost:${receiver.port}/`, privateNetworks: [] });
    expect(await post(made)).toMatchObject({ kind: "failed" });
    expect(receiver.connections()).toBe(0);
  });

  test("within a configured network they are reached", async () => {
    const receiver = await reactingWith({ status: 200 });
    const made = poster({ url: `http://hooks.example:${receiver.port}/`, resolve: resolvesTo("127.0.0.1") });
    expect(await post(made)).toMatchObject({ kind: "answered", status: 200 });
    expect(receiver.requests[0]?.headers.host).toBe(`hooks.example:${receiver.port}`);
  });

  test("those among others are left out", async () => {
    const receiver = await reactingWith({ status: 200 });
    const made = poster({
      url: `http://hooks.example:${receiver.port}/`,
      privateNetworks: ["127.0.0.1"],
      resolve: resolvesTo("10.0.0.1", "127.0.0.1", "::1"),
    });
    expect(await post(made)).toMatchObject({ kind: "answered", status: 200 });
  });

  test("a name that changes its address is checked for each connection", async () => {
    const receiver = await reactingWith({ status: 200, headers: { Connection: "close" } });
    const answers = ["127.0.0.1", "127.0.0.2"];
    const made = poster({
      url: `http://hooks.example:${receiver.port}/`,
      privateNetworks: ["127.0.0.1/32"],
      resolve: (name, callback) => resolvesTo(answers.shift() ?? "")(name, callback),
    });
    expect(await post(made)).toMatchObject({ kind: "answered" });
    expect(await post(made)).toMatchObject({ kind: "failed" });
    expect(receiver.connections()).toBe(1);
  });

  test("a name without an address", async () => {
    const made = poster({ url: "http://hooks.example/", resolve: resolvesTo() });
    expect(await post(made)).toEqual({ kind: "failed", reason: "hooks.example has no address." });
  });

  test.each([
    ["ENOTFOUND", "There is no host hooks.example."],
    ["EAI_AGAIN", "The address of hooks.example could not be looked up."],
  ])("a lookup that fails with %s", async (code, reason) => {
    const resolve: Resolve = (_, callback) => callback(Object.assign(new Error("lookup"), { code }), []);
    expect(await post(poster({ url: "http://hooks.example/", resolve }))).toEqual({ kind: "failed", reason });
  });
});

describe("what an answer means for a delivery", () => {
  function outcome(status: number, body = "cause"): ReturnType<typeof outcomeOf> {
    return outcomeOf({ kind: "answered", status, body, retryAfterMs: 1000 }, (text) => text);
  }

  test.each([200, 201, 202, 204, 299])("%i: delivered", (status) => {
    expect(outcome(status)).toEqual({ kind: "delivered" });
  });

  test.each([408, 425, 429, 500, 502, 503, 504, 599])("%i: failed", (status) => {
    expect(outcome(status)).toMatchObject({ kind: "failed", retryAfterMs: 1000 });
  });

  test.each([400, 401, 403, 404, 410, 413, 422])("%i: refused", (status) => {
    expect(outcome(status)).toMatchObject({ kind: "refused" });
  });

  test.each([301, 302, 303, 307, 308])("%i: refused, because redirects are not followed", async (status) => {
    const elsewhere = await reactingWith({ status: 200 });
    const receiver = await reactingWith({ status, headers: { Location: elsewhere.url } });
    expect(outcomeOf(await post(poster({ url: receiver.url })))).toEqual({
      kind: "refused",
      reason: `The receiver answered ${status}, a redirect, which is not followed: configure the address that it leads to.`,
    });
    expect(elsewhere.requests).toEqual([]);
  });

  test("the reason has the status and the cause", () => {
    expect(outcome(404)).toEqual({ kind: "refused", reason: "The receiver answered 404 Not Found: cause." });
    expect(outcome(599)).toMatchObject({ reason: "The receiver answered 599: cause." });
  });
});
