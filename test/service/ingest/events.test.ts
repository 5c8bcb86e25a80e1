import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { StakeoutError } from "../../../src/core/errors.ts";
import { answered, codeOf, httpSource, type RequestBody, startIngest, token } from "./fixtures.ts";

const path = "/v1/events/app";
const two = '{"n":1}\n{"n":2}\n';

describe("bodies", () => {
  test.each<[string, RequestBody]>([
    ["lines", two],
    ["lines without an end", '{"n":1}\n{"n":2}'],
    ["lines with CRLF, blank ones and a byte order mark", '\ufeff{"n":1}\r\n\r\n{"n":2}\r\n'],
    ["an array", '[{"n":1},\n{"n":2}]'],
    ["a CloudTrail envelope", '{"Records":[{"n":1},{"n":2}]}'],
    ["two envelopes", '{"Records":[{"n":1}]}\n{"Records":[{"n":2}]}'],
    ["gzip", gzipSync(two)],
    ["zstd", zstdCompressSync(two)],
    ["several gzip members", Buffer.concat([gzipSync('{"n":1}\n'), gzipSync('{"n":2}\n')])],
  ])("%s", async (_name, body) => {
    const { post, spool } = await startIngest();
    const answer = await post(path, body);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2, malformed: 0 } });
    expect(spool.records).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("documents over several lines", async () => {
    const { post, spool } = await startIngest();
    expect(await post(path, '{\n "n": 1\n}\n{\n "n": 2\n}')).toMatchObject({ body: { accepted: 2 } });
    expect(spool.records).toEqual(['{\n "n": 1\n}', '{\n "n": 2\n}']);
  });

  test("the envelope's field that the source names", async () => {
    const { post, spool } = await startIngest({ sources: [httpSource({ envelopeField: "value" })] });
    await post(path, '{"count":1,"value":[{"n":1}]}');
    expect(spool.records).toEqual(['{"n":1}']);
  });

  test("a record that is longer than what is looked at once", async () => {
    const { post, spool } = await startIngest();
    const long = JSON.stringify({ text: "x".repeat(700_000) });
    await post(path, `{"n":1}\r\n${long}\r\n{"n":2}\r\n`);
    expect(spool.records).toEqual(['{"n":1}', long, '{"n":2}']);
  });
});

test.each([
  ['{"n":1}\nnot json\n"text"\n', { accepted: 3, malformed: 2 }],
  ['[{"n":1},2]', { accepted: 2, malformed: 1 }],
])("in %j, what is no object is accepted and counted as malformed", async (body, told) => {
  const { post, spool } = await startIngest();
  expect(await post(path, body)).toMatchObject({ status: 202, body: told });
  expect(spool.records).toHaveLength(told.accepted);
});

test.each(["[]", '{"Records":[]}', "[\n]\n"])("%j holds no records and stores nothing", async (body) => {
  const { post, spool } = await startIngest();
  expect(await post(path, body)).toMatchObject({ status: 202, body: { accepted: 0, malformed: 0 } });
  expect(spool.entries).toEqual([]);
});

test("lines of any text are accepted where the source says that they are lines", async () => {
  const { post, spool } = await startIngest({ sources: [httpSource({ format: "lines" })] });
  expect(await post(path, "one\n[two]\n")).toMatchObject({
    status: 202,
    body: { accepted: 2, malformed: 0 },
  });
  expect(spool.records).toEqual(["one", "[two]"]);
});

test("the answer waits for the spool", async () => {
  const { post, spool } = await startIngest();
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  spool.gate = gate.promise;
  spool.onAppend = arrived.resolve;
  let isAnswered = false;
  const answer = post(path, two).finally(() => {
    isAnswered = true;
  });
  await arrived.promise;
  expect(isAnswered).toBe(false);
  gate.resolve();
  expect(await answer).toMatchObject({ status: 202 });
});

describe("refused", () => {
  test.each<[string, RequestBody, string]>([
    ["an empty body", "", "BODY_EMPTY"],
    ["white space", " \r\n\t\n", "BODY_EMPTY"],
    ["compressed nothing", gzipSync(""), "BODY_EMPTY"],
    ["a truncated array", '[{"n":1},{"n":', "BODY_MALFORMED"],
    ["an array without its end", '[{"n":1}', "BODY_MALFORMED"],
    ["text behind an array", '[{"n":1}]\nmore', "BODY_MALFORMED"],
    ["an envelope without its end", '{"Records":[{"n":1}', "BODY_MALFORMED"],
    ["a second envelope without records", '{"Records":[{"n":1}]}\n{"other":[]}', "BODY_MALFORMED"],
    ["text", "this is no JSON", "BODY_MALFORMED"],
    ["a bare number", "42", "BODY_MALFORMED"],
    ["half an object", '{"n":1', "BODY_MALFORMED"],
    ["bytes", Buffer.from([0, 1, 2, 0xff, 0xfe]), "BODY_MALFORMED"],
    ["truncated gzip", gzipSync(two).subarray(0, 20), "COMPRESSION_CORRUPT"],
    [
      "gzip with other bytes behind it",
      Buffer.concat([gzipSync(two), Buffer.from("more")]),
      "COMPRESSION_CORRUPT",
    ],
    ["truncated zstd", zstdCompressSync(two).subarray(0, 12), "COMPRESSION_CORRUPT"],
    ["compressed twice", gzipSync(gzipSync(two)), "BODY_MALFORMED"],
  ])("%s", async (_name, body, code) => {
    const { post, spool, server } = await startIngest();
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe(code);
    expect(spool.entries).toEqual([]);
    expect(server.totals().heldBytes).toBe(0);
  });

  test("a body that is not what Content-Encoding says", async () => {
    const { post } = await startIngest();
    const answer = await post(path, two, { "content-encoding": "gzip" });
    expect([answer.status, codeOf(answer)]).toEqual([400, "COMPRESSION_CORRUPT"]);
  });

  test.each(["br", "deflate", "gzip, gzip"])("Content-Encoding %s", async (encoding) => {
    const { post } = await startIngest();
    const answer = await post(path, two, { "content-encoding": encoding });
    expect([answer.status, codeOf(answer)]).toEqual([415, "CONTENT_ENCODING_UNSUPPORTED"]);
    expect(answer.headers.get("accept-encoding")).toBe("gzip, zstd");
  });

  test.each([
    "application/x-www-form-urlencoded",
    "text/html",
    "multipart/form-data; boundary=x",
    "nonsense",
  ])("Content-Type %s", async (type) => {
    const { post } = await startIngest();
    const answer = await post(path, two, { "content-type": type });
    expect([answer.status, codeOf(answer)]).toEqual([415, "CONTENT_TYPE_UNSUPPORTED"]);
  });

  test("a body that is too long as sent", async () => {
    const { post } = await startIngest({ config: { bodyBytesMax: 1000 } });
    const answer = await post(path, "x".repeat(1001));
    expect([answer.status, codeOf(answer)]).toEqual([413, "BODY_TOO_LONG"]);
    expect(await post(path, `"${"x".repeat(990)}"\n{}`)).toMatchObject({ status: 202 });
  });

  test("a body of unknown length that is too long as sent", async () => {
    const { url, server } = await startIngest({ config: { bodyBytesMax: 1000 } });
    const body = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 20; piece++) controller.enqueue(Buffer.alloc(100, "x"));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await answered(
      await fetch(`${url}${path}`, { method: "POST", headers, body, duplex: "half" }),
    );
    expect([answer.status, codeOf(answer)]).toEqual([413, "BODY_TOO_LONG"]);
    expect(server.totals().heldBytes).toBe(0);
  });

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("a %s body that unpacks to too much", async (_name, compress) => {
    const { post, server } = await startIngest({ config: { contentBytesMax: 100_000 } });
    const answer = await post(path, compress(Buffer.alloc(50_000_000, " ")));
    expect([answer.status, codeOf(answer)]).toEqual([413, "CONTENT_TOO_LONG"]);
    expect(server.totals().heldBytes).toBe(0);
  });

  test("a body that is too long without being packed", async () => {
    const { post } = await startIngest({ config: { contentBytesMax: 100 } });
    expect(codeOf(await post(path, `{"text":"${"x".repeat(100)}"}`))).toBe("CONTENT_TOO_LONG");
  });

  test.each([
    ["gzip", gzipSync("")],
    ["zstd", zstdCompressSync("")],
    ["skippable zstd", Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])],
  ])("a body of very many empty %s parts", async (_name, part) => {
    const { post } = await startIngest();
    const answer = await post(path, Buffer.concat(Array.from({ length: 2000 }, () => part)));
    expect([answer.status, codeOf(answer)]).toEqual([400, "COMPRESSION_CORRUPT"]);
  });

  test("more records than one request may hold", async () => {
    const { post } = await startIngest({ config: { bodyBytesMax: 8_000_000, contentBytesMax: 8_000_000 } });
    const answer = await post(path, "{}\n".repeat(1_000_001));
    expect([answer.status, codeOf(answer)]).toEqual([413, "TOO_MANY_RECORDS"]);
  });

  test("bodies that are not in memory together any more", async () => {
    const { post, spool, server } = await startIngest({ config: { heldBytesMax: 1500 } });
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    spool.gate = gate.promise;
    spool.onAppend = arrived.resolve;
    const body = JSON.stringify({ text: "x".repeat(1000) });
    const first = post(path, body);
    await arrived.promise;
    const second = await post(path, body);
    expect([second.status, codeOf(second), second.headers.get("retry-after")]).toEqual([
      429,
      "BODIES_FULL",
      "1",
    ]);
    gate.resolve();
    expect(await first).toMatchObject({ status: 202 });
    expect(server.totals().heldBytes).toBe(0);
    expect(await post(path, body)).toMatchObject({ status: 202 });
  });

  test("a body that takes more memory than there is for all of them", async () => {
    const { post } = await startIngest({ config: { heldBytesMax: 20_000 } });
    const content = JSON.stringify({ text: "x".repeat(30_000) });
    for (const body of [content, gzipSync(content)]) {
      const answer = await post(path, body);
      expect([answer.status, codeOf(answer)]).toEqual([413, "CONTENT_TOO_LONG"]);
    }
  });

  test("when the engine is behind", async () => {
    const { post, spool } = await startIngest();
    spool.refusals.push({ kind: "full", retryAfterMs: 2100 });
    const answer = await post(path, two);
    expect([answer.status, codeOf(answer), answer.headers.get("retry-after")]).toEqual([
      429,
      "BACKLOG_FULL",
      "3",
    ]);
    expect(await post(path, two)).toMatchObject({ status: 202 });
  });

  test("when nothing can be stored", async () => {
    const { post, spool, warnings } = await startIngest();
    spool.refusals.push(
      new StakeoutError("SPOOL_UNWRITABLE", "cannot write /spool/secret-place: no space left"),
    );
    const answer = await post(path, two);
    expect([answer.status, codeOf(answer), answer.headers.get("retry-after")]).toEqual([
      503,
      "SPOOL_UNWRITABLE",
      "10",
    ]);
    expect(JSON.stringify(answer.body)).not.toContain("secret-place");
    expect(warnings).toContain("accepted events cannot be stored");
  });

  test("when something fails unexpectedly, without telling the client what", async () => {
    const { post, spool, warnings } = await startIngest();
    spool.refusals.push(new StakeoutError("LANE_FAILED", "secret detail"));
    const answer = await post(path, two);
    expect([answer.status, codeOf(answer)]).toEqual([500, "INTERNAL"]);
    expect(JSON.stringify(answer.body)).not.toContain("secret detail");
    expect(warnings).toContain("a request for events failed unexpectedly");
  });
});

describe("Idempotency-Key", () => {
  test("a retry is told that it was stored before", async () => {
    const { post, spool, server } = await startIngest();
    const headers = { "idempotency-key": "request-1" };
    await post(path, two, headers);
    const answer = await post(path, gzipSync(two), headers);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2, malformed: 0, repeated: true } });
    expect(spool.records).toHaveLength(2);
    expect(server.status("app")).toMatchObject({ records: 2, repeatedRequests: 1 });
  });

  test("another content under the same key is refused", async () => {
    const { post, spool } = await startIngest();
    const headers = { "idempotency-key": "request-1" };
    await post(path, two, headers);
    const answer = await post(path, '{"n":3}', headers);
    expect([answer.status, codeOf(answer)]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect(spool.records).toHaveLength(2);
  });

  test.each(["", "two words", "x".repeat(256), "\u00e4"])("%j is none", async (key) => {
    const { post } = await startIngest();
    const answer = await post(path, two, { "idempotency-key": key });
    expect([answer.status, codeOf(answer)]).toEqual([400, "IDEMPOTENCY_KEY_INVALID"]);
  });

  test("has up to 255 characters", async () => {
    const { post, spool } = await startIngest();
    const key = "x".repeat(255);
    await post(path, two, { "idempotency-key": key });
    expect(spool.entries[0]?.idempotencyKey).toBe(key);
  });
});

test.each([
  [`GET ${path}`, 405, "METHOD_NOT_ALLOWED"],
  [`PUT ${path}`, 405, "METHOD_NOT_ALLOWED"],
  ["GET /_bulk", 405, "METHOD_NOT_ALLOWED"],
  ["POST /v1/events", 404, "NOT_FOUND"],
  ["POST /v1/events/app/more", 404, "NOT_FOUND"],
  ["GET /metrics", 404, "NOT_FOUND"],
  ["POST /v1/events/%zz", 400, "REQUEST_MALFORMED"],
])("%s is answered %d", async (line, status, code) => {
  const { url, server } = await startIngest();
  const [method = "", wrongPath = ""] = line.split(" ");
  const answer = await answered(await fetch(`${url}${wrongPath}`, { method }));
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  expect(server.totals().requests).toEqual({ [status]: 1 });
});

test("status counts what was accepted and answered", async () => {
  const { post, server } = await startIngest();
  await post(path, two);
  await post(path, "");
  await post(path, '{"n":10}');
  expect(server.status("app")).toEqual({
    records: 3,
    bytes: 22,
    requests: { "202": 2, "400": 1 },
    repeatedRequests: 0,
  });
  expect(server.totals().requests).toEqual({});
});
