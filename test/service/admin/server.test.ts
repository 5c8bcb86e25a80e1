import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { Agent, request } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";

import { createAdminServer } from "../../../src/service/admin/server.ts";
import { ask, askRaw, collectedLog, ServiceInMemory, startServer, token } from "./fixtures.ts";
import { nowMs, serviceStatus, sourceStatus } from "./status-fixtures.ts";

/** A certificate for this machine, with its key. */
const tlsFolder = "test/service/ingest/tls";

describe("the token", () => {
  const routes = [
    ["GET", "/v1/status"],
    ["GET", "/metrics"],
    ["GET", "/healthz"],
    ["GET", "/readyz"],
    ["GET", "/v1/deliveries"],
    ["GET", "/v1/deliveries/x"],
    ["POST", "/v1/deliveries/retry"],
    ["POST", "/v1/deliveries/drop"],
    ["POST", "/v1/reload"],
    ["POST", "/v1/rules/x/promote"],
    ["POST", "/v1/destinations/x/test"],
    ["GET", "/"],
    ["GET", "/v1/nothing"],
  ] as const;

  test.each(routes)("is needed for %s %s", async (method, path) => {
    const { url } = await startServer();
    const { status, headers, json } = await ask({ url: url + path, method, authorization: null });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toContain("Bearer");
    expect(json).toMatchObject({ error: { code: "UNAUTHORIZED" } });
  });

  test.each([
    "Bearer wrong",
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    "Bearer",
    "Bearer  ",
    token,
    `Basic ${Buffer.from(`admin:${token}`).toString("base64")}`,
  ])("must be right: %s", async (authorization) => {
    const { url } = await startServer();
    expect((await ask({ url: `${url}/v1/status`, authorization })).status).toBe(401);
  });

  test("may be sent under a scheme in lower case", async () => {
    const { url } = await startServer();
    expect((await ask({ url: `${url}/v1/status`, authorization: `bearer ${token}` })).status).toBe(200);
  });
});

describe("the log", () => {
  const linesOf = (text: string): readonly Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("tells of wrong tokens without growing with them, and without the tokens", async () => {
    const { url, log } = await startServer();
    for (let each = 0; each < 9; each++) await ask({ url: `${url}/metrics`, authorization: "Bearer sesame" });
    expect(linesOf(log()).map(({ level, from, refused }) => ({ level, from, refused }))).toEqual(
      [1, 2, 4, 8].map((refused) => ({ level: "warn", from: "127.0.0.1", refused })),
    );
    expect(log()).not.toContain("sesame");
  });

  test("tells what was done, and not what was looked at", async () => {
    const { url, log } = await startServer();
    await ask({ url: `${url}/v1/status` });
    await ask({ url: `${url}/v1/rules/nope/stage`, method: "POST" });
    expect(linesOf(log())).toMatchObject([{ level: "info", path: "/v1/rules/nope/stage", status: 404 }]);
  });
});

describe("health", () => {
  test.each(["/healthz", "/readyz"])(
    "%s is answered without the token when it is open, without details",
    async (path) => {
      const { url, service } = await startServer({ openHealth: true });
      service.statuses = [serviceStatus({ phase: "failed" })];
      service.readiness = { ready: false, reasons: ["The spool cannot be written."] };
      const { status, json } = await ask({ url: url + path, authorization: null });
      expect(status).toBe(503);
      expect(json).toEqual({ status: "failing" });
    },
  );

  test("nothing else is open then", async () => {
    const { url } = await startServer({ openHealth: true });
    expect((await ask({ url: `${url}/v1/status`, authorization: null })).status).toBe(401);
    expect((await ask({ url: `${url}/healthz/x`, authorization: null })).status).toBe(401);
  });

  test("says with the token why the service is not ready", async () => {
    const { url, service } = await startServer();
    service.readiness = { ready: false, reasons: ["The spool cannot be written."] };
    const { status, json } = await ask({ url: `${url}/readyz` });
    expect(status).toBe(503);
    expect(json).toEqual({ status: "failing", reasons: ["The spool cannot be written."] });
  });

  test("is well while the service works", async () => {
    const { url } = await startServer();
    expect(await ask({ url: `${url}/healthz` })).toMatchObject({ status: 200, json: { status: "ok" } });
    expect(await ask({ url: `${url}/readyz` })).toMatchObject({ status: 200, json: { status: "ok" } });
  });

  test("is not when records wait and nothing has been committed for minutes", async () => {
    const { url, service } = await startServer();
    const commits = { ...serviceStatus().commits, lastMs: nowMs - 180_000 };
    service.statuses = [serviceStatus({ commits, sources: [sourceStatus({ lagMs: 180_000 })] })];
    const { status, json } = await ask({ url: `${url}/healthz` });
    expect(status).toBe(503);
    expect(json).toMatchObject({
      reasons: ["No batch was committed for 3m, and records wait in cloudtrail."],
    });
  });

  test.each([
    ["nothing waits", { lagMs: 0, lastMs: nowMs - 180_000 }],
    ["an old backlog is worked off", { lagMs: 180_000, lastMs: nowMs - 1000 }],
  ])("is well when %s", async (_, { lagMs, lastMs }) => {
    const { url, service } = await startServer();
    const commits = { ...serviceStatus().commits, lastMs };
    service.statuses = [serviceStatus({ commits, sources: [sourceStatus({ lagMs })] })];
    expect((await ask({ url: `${url}/healthz` })).status).toBe(200);
  });
});

describe("a listener on a loopback address", () => {
  test.each([
    "evil.example",
    "evil.example:8481",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "[::2]",
  ])("does not answer under %s", async (host) => {
    const { port } = await startServer({ openHealth: true });
    const answer = await askRaw(port, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 421 /);
  });

  test.each(["localhost", "LOCALHOST:1", "127.0.0.1:8481", "127.0.0.2", "[::1]:8481", "[::1]"])(
    "answers under %s",
    async (host) => {
      const { port } = await startServer({ openHealth: true });
      const answer = await askRaw(
        port,
        `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
    },
  );
});

test("a listener on other addresses answers under any name", async () => {
  const { port } = await startServer({ openHealth: true, host: "0.0.0.0" });
  const answer = await askRaw(
    port,
    "GET /healthz HTTP/1.1\r\nHost: stakeout.example\r\nConnection: close\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
});

test("no other page may read or frame an answer", async () => {
  const { url } = await startServer();
  const { headers } = await ask({ url: `${url}/v1/status`, headers: { origin: "https://evil.example" } });
  expect(headers["access-control-allow-origin"]).toBeUndefined();
  expect(headers).toMatchObject({
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  });
});

describe("listening", () => {
  test("speaks TLS where a certificate is configured", async () => {
    const [certFile, keyFile] = [join(tlsFolder, "cert.pem"), join(tlsFolder, "key.pem")];
    const { url } = await startServer({ tls: { certFile, keyFile }, openHealth: true });
    const dispatcher = new Agent({ connect: { ca: readFileSync(certFile, "utf8") } });
    onTestFinished(() => dispatcher.close());
    const { statusCode, body } = await request(`${url}/healthz`, { dispatcher });
    expect(statusCode).toBe(200);
    await body.dump();
  });

  test("fails for a certificate that cannot be read", async () => {
    await expect(
      startServer({ tls: { certFile: "/no/cert.pem", keyFile: "/no/key.pem" } }),
    ).rejects.toMatchObject({
      code: "LISTEN_FAILED",
    });
  });

  test("fails for a port that is taken", async () => {
    const { port } = await startServer();
    await expect(startServer({ port })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });

  test("ends with connections that are idle", async () => {
    const config = { host: "127.0.0.1", port: 0, tls: undefined, token, openHealth: true };
    const server = createAdminServer({ config, service: new ServiceInMemory(), log: collectedLog().log });
    const { port } = await server.listen();
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    );
    await once(socket, "data");
    const ended = once(socket, "close");
    await server.close();
    await ended;
    await expect(request(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow("ECONNREFUSED");
  });
});
