import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { systemClock, systemTimer, type Timer } from "../../../src/core/clock.ts";
import { createIngestServer } from "../../../src/service/ingest/server.ts";
import { httpSource, ingestConfig, MemorySpool, RawConnection, startIngest, token } from "./fixtures.ts";

const tls = { certFile: pathOf("tls/cert.pem"), keyFile: pathOf("tls/key.pem") };
const event = '{"n":1}';

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A request as text. */
function requestOf(body: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: "test",
    authorization: `Bearer ${token}`,
    "content-length": String(body.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `POST /v1/events/app HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

function statusesOf(received: string): string[] {
  return Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status ?? "");
}

/** Resolves once a request has come as far as the spool; what it stores waits for `release`. */
function hold(spool: MemorySpool): { readonly arrived: Promise<void>; readonly release: () => void } {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  spool.gate = gate.promise;
  spool.onAppend = arrived.resolve;
  return { arrived: arrived.promise, release: gate.resolve };
}

describe("connections", () => {
  test("requests behind one another on one connection are answered in order", async () => {
    const { port, spool } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf(event) + requestOf("no JSON") + requestOf('{"n":2}'));
    const received = await connection.receive(/(HTTP[^]*){3}\}$/);
    expect(statusesOf(received)).toEqual(["202", "400", "202"]);
    expect(spool.records).toEqual([event, '{"n":2}']);
  });

  test("a connection goes on after a body that was refused before it was read", async () => {
    const { port } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf("x".repeat(300_000), { authorization: "Bearer wrong" }));
    await connection.receive(/UNAUTHORIZED/);
    connection.send(requestOf(event));
    expect(statusesOf(await connection.receive(/accepted/))).toEqual(["401", "202"]);
  });

  test("a body that was refused and does not end is cut off", async () => {
    const { port } = await startIngest({ config: { bodyBytesMax: 10_000 } });
    const connection = new RawConnection(port);
    connection.send(requestOf("x", { "content-length": "1000000000" }));
    expect(statusesOf(await connection.receive(/BODY_TOO_LONG/))).toEqual(["413"]);
    connection.send("x".repeat(20_000));
    await connection.closed;
    expect(statusesOf(connection.received)).toEqual(["413"]);
  });

  test("a client that asks first is told to go on", async () => {
    const { port, spool } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf("", { expect: "100-continue", "content-length": "7" }));
    await connection.receive(/100 Continue\r\n\r\n/);
    connection.send(event);
    expect(statusesOf(await connection.receive(/accepted/))).toEqual(["100", "202"]);
    expect(spool.records).toEqual([event]);
  });

  test.each([
    ["a wrong token", { authorization: "Bearer wrong" }, "401"],
    ["a body that is too long", { "content-length": "9000000" }, "413"],
    ["a type that is not taken", { "content-type": "text/html" }, "415"],
  ])("a client that asks first is told of %s before it sends", async (_name, headers, status) => {
    const { port } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf("", { expect: "100-continue", "content-length": "7", ...headers }));
    await connection.closed;
    expect(statusesOf(connection.received)).toEqual([status]);
    expect(connection.received).toMatch(/connection: close/i);
  });

  test("a client that goes away in the middle of a body leaves nothing behind", async () => {
    const { port, spool, server, post } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf("[1,", { "content-length": "100", expect: "100-continue" }));
    await connection.receive(/100 Continue/);
    connection.socket.destroy();
    await connection.closed;
    await post("/v1/events/app", event);
    expect(server.totals().heldBytes).toBe(0);
    expect(spool.records).toEqual([event]);
  });

  test("as many connections as may be; further ones are closed", async () => {
    const { port, server } = await startIngest({ config: { connectionsMax: 2 } });
    const open = [new RawConnection(port), new RawConnection(port)];
    for (const connection of open) {
      connection.send(requestOf(event));
      await connection.receive(/accepted/);
    }
    const third = new RawConnection(port);
    third.send(requestOf(event));
    await third.closed;
    expect(third.received).toBe("");
    expect(server.totals()).toMatchObject({ connections: 2, droppedConnections: 1 });
    open[0]?.send(requestOf(event));
    expect(statusesOf((await open[0]?.receive(/accepted[^]*accepted/)) ?? "")).toEqual(["202", "202"]);
  });
});

describe("slow clients", () => {
  const config = { requestMs: 300 };

  test("one that sends half of a body is told and cut off", async () => {
    const { port, server } = await startIngest({ config });
    const connection = new RawConnection(port);
    connection.send(requestOf("[1,", { "content-length": "100" }));
    await connection.closed;
    expect(statusesOf(connection.received)).toEqual(["408"]);
    expect(connection.received).toContain("REQUEST_TIMEOUT");
    expect(server.totals()).toMatchObject({ heldBytes: 0 });
  });

  test.each([
    ["half of the headers", "POST /v1/events/app HTTP/1.1\r\nhost: te"],
    ["nothing", ""],
  ])("one that sends %s is cut off", async (_name, text) => {
    const { port } = await startIngest({ config });
    const connection = new RawConnection(port);
    if (text !== "") connection.send(text);
    await connection.closed;
    expect(statusesOf(connection.received)).toEqual(["408"]);
  });

  test("one whose request takes long to store is not", async () => {
    const { port, post, spool } = await startIngest({ config });
    const { arrived, release } = hold(spool);
    const answer = post("/v1/events/app", event);
    await arrived;
    const slow = new RawConnection(port);
    await slow.closed;
    release();
    expect(await answer).toMatchObject({ status: 202 });
  });
});

describe("what is no HTTP request", () => {
  const chunked = { "transfer-encoding": "chunked" };

  test.each([
    ["text", "hello\r\n\r\n", "400 REQUEST_MALFORMED"],
    ["headers that are too long", requestOf(event, { x: "x".repeat(20_000) }), "431 HEADERS_TOO_LONG"],
    ["two lengths", requestOf(event, chunked), "400 REQUEST_MALFORMED"],
    [
      "chunks without lengths",
      `${requestOf("", chunked).replace(/content-length.*\r\n/, "")}zz\r\n`,
      "400 REQUEST_MALFORMED",
    ],
  ])("%s", async (_name, text, refusal) => {
    const { port, spool, server } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(text);
    await connection.closed;
    expect(connection.received).toMatch(new RegExp(`^HTTP/1.1 ${refusal}\r\n`));
    expect(spool.entries).toEqual([]);
    expect(server.totals().requests).toEqual({ [refusal.slice(0, 3)]: 1 });
  });
});

describe("closing", () => {
  test("requests under way are answered, new ones are refused", async () => {
    const { port, spool, server } = await startIngest();
    const { arrived, release } = hold(spool);
    const connection = new RawConnection(port);
    connection.send(requestOf(event));
    await arrived;
    const closed = server.close(60_000);
    connection.send(requestOf('{"n":2}'));
    release();
    await connection.closed;
    expect(statusesOf(connection.received)).toEqual(["202"]);
    expect(connection.received).toMatch(/connection: close/i);
    await closed;
    expect(spool.records).toEqual([event]);
  });

  test("a request that arrives while others are under way is told to come later", async () => {
    const { port, spool, server } = await startIngest();
    const { arrived, release } = hold(spool);
    const busy = new RawConnection(port);
    const half = new RawConnection(port);
    busy.send(requestOf(event));
    await arrived;
    half.send("POST /v1/events/app HTTP/1.1\r\nhost: test\r\n");
    await new RawConnection(port).receiveAnswer("GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n");
    const closed = server.close(60_000);
    half.send("content-length: 0\r\n\r\n");
    expect(await half.receive(/\}$/)).toMatch(/503 [^]*retry-after: 5\r\n[^]*DRAINING/);
    release();
    await closed;
    await busy.closed;
    expect(statusesOf(busy.received)).toEqual(["202"]);
  });

  test("a request that takes too long is cut off", async () => {
    let cut: () => void = () => undefined;
    const timer: Timer = {
      after(_delayMs, callback) {
        cut = callback;
        return () => undefined;
      },
    };
    const { port, spool, server } = await startIngest({ timer });
    const { arrived, release } = hold(spool);
    const connection = new RawConnection(port);
    connection.send(requestOf(event));
    await arrived;
    const closed = server.close(1000);
    cut();
    await connection.closed;
    expect(connection.received).toBe("");
    release();
    await closed;
  });

  test("connections that rest are closed at once", async () => {
    const { port, server } = await startIngest();
    const connection = new RawConnection(port);
    connection.send(requestOf(event));
    await connection.receive(/accepted/);
    await server.close(60_000);
    await connection.closed;
    expect(server.totals().connections).toBe(0);
  });

  test("again, and without having listened", async () => {
    const server = createIngestServer({
      config: ingestConfig(),
      sources: [],
      spool: new MemorySpool(),
      clock: systemClock,
      timer: systemTimer,
      log: { warn: () => undefined },
    });
    await server.close(1000);
    await expect(server.close(0)).resolves.toBeUndefined();
  });
});

describe("listening", () => {
  test("with TLS", async () => {
    const { port } = await startIngest({ config: { tls } });
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = {
        port,
        host: "127.0.0.1",
        method: "POST",
        path: "/v1/events/app",
        headers,
        agent: false as const,
      };
      httpsRequest({ ...options, ca: readFileSync(tls.certFile) }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      })
        .on("error", reject)
        .end(event);
    });
    expect(status).toBe(202);
  });

  test("a certificate that cannot be read is told", async () => {
    const config = { tls: { ...tls, certFile: "/nowhere/cert.pem" } };
    await expect(startIngest({ config })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });

  test("a key that is none is told", async () => {
    const config = { tls: { ...tls, keyFile: fileURLToPath(import.meta.url) } };
    await expect(startIngest({ config })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });

  test("a port that is taken is told", async () => {
    const { port } = await startIngest();
    await expect(startIngest({ config: { port } })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });
});

test("status of a source that is none", async () => {
  const { server } = await startIngest({ sources: [httpSource({ name: "other" })] });
  expect(server.status("app")).toEqual({ records: 0, bytes: 0, requests: {}, repeatedRequests: 0 });
});
