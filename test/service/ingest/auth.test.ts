import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { answered, codeOf, httpSource, startIngest, token } from "./fixtures.ts";

const path = "/v1/events/app";
const event = '{"n":1}';

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("tokens", () => {
  const sources = [httpSource({ auth: { kind: "token", tokens: ["the-old-token", token] } })];

  test.each([
    ["Bearer", `Bearer ${token}`],
    ["bearer, in any case", `bearer  ${token}`],
    ["an older one", "Bearer the-old-token"],
    ["Basic, as password", `Basic ${base64(`anybody:${token}`)}`],
    ["ApiKey, as it is", `ApiKey ${token}`],
    ["ApiKey, with an id", `ApiKey ${base64(`id:${token}`)}`],
    ["ApiKey, encoded as a whole", `ApiKey ${base64(token)}`],
  ])("%s is taken", async (_name, authorization) => {
    const { post } = await startIngest({ sources });
    expect(await post(path, event, { authorization })).toMatchObject({ status: 202 });
  });

  test.each([
    ["a wrong one", "Bearer wrong"],
    ["the beginning of one", `Bearer ${token.slice(0, -1)}`],
    ["a longer one", `Bearer ${token}x`],
    ["none", "Bearer "],
    ["an empty header", ""],
    ["another scheme", `Digest ${token}`],
    ["Basic, as user", `Basic ${base64(`${token}:anybody`)}`],
    ["Basic that is no base64", "Basic ???"],
  ])("%s is refused", async (_name, authorization) => {
    const { post, spool, server } = await startIngest({ sources });
    const answer = await post(path, event, { authorization });
    expect([answer.status, codeOf(answer)]).toEqual([401, "UNAUTHORIZED"]);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(JSON.stringify(answer.body)).not.toContain(token.slice(0, -1));
    expect(spool.entries).toEqual([]);
    expect(server.totals().requests).toEqual({ "401": 1 });
    expect(server.status("app").requests).toEqual({});
  });

  test("an unknown source is answered as a wrong token is", async () => {
    const { post } = await startIngest({ sources });
    const unknown = await post("/v1/events/other", event);
    const wrong = await post(path, event, { authorization: "Bearer wrong" });
    expect(unknown.status).toBe(401);
    expect(unknown.body).toEqual(wrong.body);
    const names = (headers: Headers): string[] => [...headers.keys()];
    expect(names(unknown.headers)).toEqual(names(wrong.headers));
  });

  test("the token of another source is refused", async () => {
    const other = httpSource({ name: "other", auth: { kind: "token", tokens: ["the-token-of-the-other"] } });
    const { post } = await startIngest({ sources: [...sources, other] });
    expect((await post("/v1/events/other", event)).status).toBe(401);
  });

  test("a source may need none", async () => {
    const { url } = await startIngest({ sources: [httpSource({ auth: { kind: "none" } })] });
    const response = await fetch(`${url}${path}`, { method: "POST", body: Buffer.from(event) });
    expect(response.status).toBe(202);
    await response.text();
  });
});

describe("GitHub signatures", () => {
  const secret = "It's a Secret to Everybody";
  const sources = [httpSource({ auth: { kind: "github", secret } })];

  test("the example of GitHub's documentation is taken", async () => {
    const { post } = await startIngest({
      sources: [httpSource({ format: "lines", auth: { kind: "github", secret } })],
    });
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const answer = await post(path, "Hello, World!", { "x-hub-signature-256": signature });
    expect(answer.status).toBe(202);
  });

  test("is over the body as it was sent", async () => {
    const { post, spool } = await startIngest({ sources });
    const { gzipSync } = await import("node:zlib");
    const body = gzipSync(event);
    const headers = { "x-hub-signature-256": signed(secret, body) };
    expect(await post(path, body, headers)).toMatchObject({ status: 202 });
    expect(spool.records).toEqual([event]);
  });

  test.each([
    ["none", undefined],
    ["one of another body", signed(secret, '{"n":2}')],
    ["one of another secret", signed("other", event)],
    ["half of one", signed(secret, event).slice(0, 40)],
    ["one without its name", signed(secret, event).slice(7)],
    ["a token", token],
  ])("%s is refused", async (_name, signature) => {
    const { post, spool, server } = await startIngest({ sources });
    const headers = signature === undefined ? {} : { "x-hub-signature-256": signature };
    expect((await post(path, event, headers)).status).toBe(401);
    expect(spool.entries).toEqual([]);
    expect(server.status("app").requests).toEqual({});
  });

  test("a delivery that comes again is told by its id", async () => {
    const { post, spool } = await startIngest({ sources });
    const headers = { "x-hub-signature-256": signed(secret, event), "x-github-delivery": "72d3162e-cc78" };
    await post(path, event, headers);
    expect(await post(path, event, headers)).toMatchObject({ status: 202, body: { repeated: true } });
    expect(spool.entries).toEqual([{ source: "app", records: [event], idempotencyKey: "72d3162e-cc78" }]);
  });

  test("the client's own key comes first", async () => {
    const { post, spool } = await startIngest({ sources });
    const headers = {
      "x-hub-signature-256": signed(secret, event),
      "x-github-delivery": "a",
      "idempotency-key": "b",
    };
    await post(path, event, headers);
    expect(spool.entries[0]?.idempotencyKey).toBe("b");
  });

  test("a ping is answered and not stored", async () => {
    const { post, spool } = await startIngest({ sources });
    const ping = '{"zen":"Design for failure.","hook_id":1}';
    const headers = { "x-hub-signature-256": signed(secret, ping), "x-github-event": "ping" };
    expect(await post(path, ping, headers)).toMatchObject({ status: 202, body: { accepted: 0 } });
    expect(spool.entries).toEqual([]);
  });

  test("an unsigned ping is refused", async () => {
    const { post } = await startIngest({ sources });
    expect((await post(path, event, { "x-github-event": "ping" })).status).toBe(401);
  });
});

function signed(secret: string, body: string | Buffer): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

describe("Slack signatures", () => {
  const secret = "8f742231b10e8888abcd99yyyzzz85a5";
  const sources = [httpSource({ auth: { kind: "slack", secret } })];
  const startSeconds = Date.UTC(2026, 0, 1) / 1000;

  function slackHeaders(body: string, timestamp: number | string = startSeconds): Record<string, string> {
    const digest = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
    return { "x-slack-signature": `v0=${digest}`, "x-slack-request-timestamp": String(timestamp) };
  }

  test("is taken", async () => {
    const { post, spool } = await startIngest({ sources });
    expect(await post(path, event, slackHeaders(event))).toMatchObject({ status: 202 });
    expect(spool.records).toEqual([event]);
  });

  test.each([
    [300, 202],
    [-300, 202],
    [301, 401],
    [-301, 401],
  ])("signed %d seconds from now it is answered %d", async (seconds, status) => {
    const { post } = await startIngest({ sources });
    expect((await post(path, event, slackHeaders(event, startSeconds + seconds))).status).toBe(status);
  });

  test("grows old by the clock", async () => {
    const { post, clock } = await startIngest({ sources });
    clock.advance(300_001);
    expect((await post(path, event, slackHeaders(event))).status).toBe(401);
  });

  test.each([
    ["no signature", { "x-slack-signature": "" }],
    ["no timestamp", { "x-slack-request-timestamp": "" }],
    ["another timestamp", { "x-slack-request-timestamp": String(startSeconds + 1) }],
    ["a timestamp that is no number", slackHeaders(event, "0x10")],
    ["one of another body", slackHeaders('{"n":2}')],
  ])("%s is refused", async (_name, headers) => {
    const { post } = await startIngest({ sources });
    expect((await post(path, event, { ...slackHeaders(event), ...headers })).status).toBe(401);
  });

  test("the challenge is answered, when it is signed", async () => {
    const { post, spool } = await startIngest({ sources });
    const body = '{"type":"url_verification","token":"t","challenge":"3eZbrw1aB"}';
    expect(await post(path, body, slackHeaders(body))).toMatchObject({
      status: 200,
      body: { challenge: "3eZbrw1aB" },
    });
    expect((await post(path, body, slackHeaders(event))).status).toBe(401);
    expect(spool.entries).toEqual([]);
  });

  test("an event that comes again is told by its id", async () => {
    const { post, spool } = await startIngest({ sources });
    const body = '{"type":"event_callback","event_id":"Ev1","event":{}}';
    await post(path, body, slackHeaders(body));
    const retry = { ...slackHeaders(body, startSeconds + 60), "x-slack-retry-num": "1" };
    expect(await post(path, body, retry)).toMatchObject({ status: 202, body: { repeated: true } });
    expect(spool.entries).toHaveLength(1);
  });

  test("an event id that cannot be a key is told", async () => {
    const { post } = await startIngest({ sources });
    const body = '{"event_id":"two words"}';
    expect(codeOf(await post(path, body, slackHeaders(body)))).toBe("IDEMPOTENCY_KEY_INVALID");
  });

  test("several records in one body are taken too", async () => {
    const { post } = await startIngest({ sources });
    const body = `${event}\n${event}`;
    expect(await post(path, body, slackHeaders(body))).toMatchObject({ body: { accepted: 2 } });
  });
});

test("a source with signatures is not found by a token", async () => {
  const { url } = await startIngest({ sources: [httpSource({ auth: { kind: "github", secret: token } })] });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
  const answer = await answered(
    await fetch(`${url}/_bulk`, { method: "POST", headers, body: '{"index":{}}\n{}\n' }),
  );
  expect(answer.status).toBe(401);
});
