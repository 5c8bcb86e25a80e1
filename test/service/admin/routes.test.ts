import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../../src/core/errors.ts";
import { ask, askRaw, delivery, startServer } from "./fixtures.ts";
import { destinationStatus, ruleStatus, serviceStatus } from "./status-fixtures.ts";

test("the status is answered as it is", async () => {
  const { url } = await startServer();
  const { status, json } = await ask({ url: `${url}/v1/status` });
  expect(status).toBe(200);
  expect(json).toEqual(JSON.parse(JSON.stringify(serviceStatus())));
});

test("metrics come in Prometheus' format", async () => {
  const { url } = await startServer();
  const { headers, text } = await ask({ url: `${url}/metrics` });
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain("\nstakeout_events_total 120000\n");
});

describe("deliveries", () => {
  const keys = ["oncall-1", "oncall-2", "oncall-3"];

  async function startWithDeliveries(): ReturnType<typeof startServer> {
    const started = await startServer();
    started.service.deliveries = [
      ...keys.map((key) => delivery({ key })),
      delivery({ key: "other-1", destination: "other", state: "waiting" }),
    ];
    return started;
  }

  test("are listed in pages", async () => {
    const { url } = await startWithDeliveries();
    const first = await ask({ url: `${url}/v1/deliveries?limit=3` });
    expect(first.json).toMatchObject({ deliveries: keys.map((key) => ({ key })), next: "oncall-3" });
    const second = await ask({ url: `${url}/v1/deliveries?limit=3&after=oncall-3` });
    expect(second.json).toMatchObject({ deliveries: [{ key: "other-1", state: "waiting" }] });
  });

  test("can be narrowed", async () => {
    const { url } = await startWithDeliveries();
    const abandoned = await ask({ url: `${url}/v1/deliveries?abandoned=true&destination=other` });
    expect(abandoned.json).toEqual({ deliveries: [] });
  });

  test.each(["limit=0", "limit=1001", "limit=x", "abandoned=1", "colour=red", "destination="])(
    "a query with %s is refused",
    async (query) => {
      const { url } = await startServer();
      const { status, json } = await ask({ url: `${url}/v1/deliveries?${query}` });
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: { code: "REQUEST_INVALID" } });
    },
  );

  test("one is shown with its alert", async () => {
    const { url } = await startWithDeliveries();
    const { json } = await ask({ url: `${url}/v1/deliveries/oncall-2` });
    expect(json).toMatchObject({ key: "oncall-2", alert: { events: [{ eventName: "ConsoleLogin" }] } });
  });

  test("one that is not there is not found", async () => {
    const { url } = await startServer();
    const { status, json } = await ask({ url: `${url}/v1/deliveries/no%0Asuch` });
    expect(status).toBe(404);
    expect(json).toEqual({ error: { code: "NOT_FOUND", message: "There is no delivery no\\x0asuch." } });
  });

  test("are begun anew by key, and unknown keys are named", async () => {
    const { url, service } = await startWithDeliveries();
    const { json } = await ask({
      url: `${url}/v1/deliveries/retry`,
      method: "POST",
      body: { keys: ["oncall-1", "nope"] },
    });
    expect(json).toEqual({ done: 1, problems: ["There is no delivery nope that was given up."] });
    expect(service.deliveries.filter(({ state }) => state === "waiting").map(({ key }) => key)).toEqual([
      "oncall-1",
      "other-1",
    ]);
  });

  test.each([
    [{ destination: "oncall" }, 3],
    [{ destination: "other" }, 0],
    [{ all: true }, 3],
  ])("are dropped by %j", async (body, done) => {
    const { url, service } = await startWithDeliveries();
    const { json } = await ask({ url: `${url}/v1/deliveries/drop`, method: "POST", body });
    expect(json).toEqual({ done, problems: [] });
    expect(service.deliveries).toHaveLength(4 - done);
  });

  test.each([
    { body: {} },
    { body: [] },
    { body: "null" },
    { body: { keys: [] } },
    { body: { keys: [1] } },
    { body: { all: false } },
    { body: { all: true, keys: ["oncall-1"] } },
    { body: { destination: "" } },
    { body: { keys: "oncall-1" } },
  ])("nothing is dropped for $body", async ({ body }) => {
    const { url, service } = await startWithDeliveries();
    const { status } = await ask({ url: `${url}/v1/deliveries/drop`, method: "POST", body });
    expect(status).toBe(400);
    expect(service.deliveries).toHaveLength(4);
  });
});

describe("actions", () => {
  test("a reload that took over", async () => {
    const { url } = await startServer();
    expect(await ask({ url: `${url}/v1/reload`, method: "POST" })).toMatchObject({
      status: 200,
      json: { ok: true, problems: [] },
    });
  });

  test("a reload that was refused says why", async () => {
    const { url, service } = await startServer();
    const problems = [{ file: "/rules/a.ts", line: 3, message: "severity is missing" }];
    service.reloadResult = { ok: false, problems };
    const { status, json } = await ask({ url: `${url}/v1/reload`, method: "POST" });
    expect(status).toBe(422);
    expect(json).toMatchObject({ error: { code: "RULES_INVALID" }, ok: false, problems });
  });

  test("a rule is staged and promoted, and says whether that changed anything", async () => {
    const { url, service } = await startServer();
    const rule = { url: `${url}/v1/rules/AWS.CloudTrail.RootLogin`, method: "POST" } as const;
    expect((await ask({ ...rule, url: `${rule.url}/stage` })).json).toEqual({ done: 1, problems: [] });
    expect(service.staged).toEqual(new Set(["AWS.CloudTrail.RootLogin"]));
    expect((await ask({ ...rule, url: `${rule.url}/promote` })).json).toEqual({ done: 1, problems: [] });
    expect((await ask({ ...rule, url: `${rule.url}/promote` })).json).toEqual({ done: 0, problems: [] });
  });

  test("a rule may have any id", async () => {
    const { url, service } = await startServer();
    const id = `team/rules? ${"x".repeat(500)}`;
    service.statuses = [serviceStatus({ rules: [ruleStatus({ id })] })];
    const path = `/v1/rules/${encodeURIComponent(id)}/stage`;
    expect((await ask({ url: url + path, method: "POST" })).status).toBe(200);
    expect(service.staged).toEqual(new Set([id]));
  });

  test("an unknown rule is not found", async () => {
    const { url } = await startServer();
    expect((await ask({ url: `${url}/v1/rules/nope/resume`, method: "POST" })).status).toBe(404);
  });

  test("a destination that refuses the test alert is told with its reason", async () => {
    const { url, service } = await startServer();
    service.outcome = { kind: "refused", reason: "It answered 404." };
    const { status, json } = await ask({ url: `${url}/v1/destinations/oncall/test`, method: "POST" });
    expect(status).toBe(200);
    expect(json).toEqual({ outcome: { kind: "refused", reason: "It answered 404." } });
  });

  test("an unknown destination is not found", async () => {
    const { url, service } = await startServer();
    service.statuses = [serviceStatus({ destinations: [destinationStatus()] })];
    expect((await ask({ url: `${url}/v1/destinations/nope/test`, method: "POST" })).status).toBe(404);
  });

  test("do not happen by GET", async () => {
    const { url, service } = await startServer();
    expect((await ask({ url: `${url}/v1/rules/AWS.CloudTrail.RootLogin/stage` })).status).toBe(404);
    expect(service.staged.size).toBe(0);
  });
});

describe("a request that goes wrong", () => {
  test("is answered with the error's code, and 503 where it may work later", async () => {
    const { url, service } = await startServer();
    service.error = new StakeoutError("STATE_FILE_FULL", "The disk is full.");
    const { status, json } = await ask({ url: `${url}/v1/deliveries` });
    expect(status).toBe(503);
    expect(json).toEqual({ error: { code: "STATE_FILE_FULL", message: "The disk is full." } });
  });

  test("tells nobody but the log what was unexpected", async () => {
    const { url, service, log } = await startServer();
    service.error = new TypeError("secretly broken");
    const { status, text } = await ask({ url: `${url}/v1/deliveries?limit=5` });
    expect(status).toBe(500);
    expect(text).not.toContain("secretly");
    expect(text).not.toContain("at ");
    expect(log()).toContain("secretly broken");
  });

  test.each([
    { what: "text that is no JSON", body: "{", expected: 400 },
    { what: "nothing", body: "", expected: 400 },
    { what: "another prototype", body: '{"__proto__":{"all":true}}', expected: 400 },
    { what: "a form", body: "all=true", type: "application/x-www-form-urlencoded", expected: 415 },
    { what: "plain text", body: '{"all":true}', type: "text/plain", expected: 415 },
    { what: "too much", body: JSON.stringify({ keys: ["x".repeat(1_100_000)] }), expected: 413 },
  ])("is refused for a body of $what", async ({ body, type = "application/json", expected }) => {
    const { url, service } = await startServer();
    service.deliveries = [delivery()];
    const { status, json } = await ask({
      url: `${url}/v1/deliveries/drop`,
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    expect(status).toBe(expected);
    expect(json).toMatchObject({ error: { message: expect.any(String) } });
    expect(service.deliveries).toHaveLength(1);
  });

  test.each([
    ["no HTTP at all", "hello\r\n\r\n", "400"],
    ["headers without end", `GET /v1/status HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "431"],
  ])("is refused for %s", async (_, bytes, expected) => {
    const { port } = await startServer();
    const answer = await askRaw(port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
    expect(answer).toContain('{"error":{"code":');
  });

  test("is refused for an address that cannot be decoded", async () => {
    const { url } = await startServer();
    const { status, json } = await ask({ url: `${url}/v1/rules/%E0%A4%A/stage`, method: "POST" });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: "REQUEST_INVALID" } });
  });
});
