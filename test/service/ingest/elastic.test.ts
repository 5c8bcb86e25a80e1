import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { HttpSourceConfig } from "../../../src/config/service-config.ts";
import { StakeoutError } from "../../../src/core/errors.ts";
import {
  type Answered,
  answered,
  httpSource,
  type Ingest,
  type RequestBody,
  startIngest,
  token,
} from "./fixtures.ts";

const ndjson = { "content-type": "application/x-ndjson" };
const two = '{"create":{}}\n{"n":1}\n{"index":{"_index":"logs","_id":"id-2"}}\n{"n":2}\n';

function bulk(
  ingest: Ingest,
  body: RequestBody,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return ingest.post("/_bulk", body, { ...ndjson, ...headers });
}

/** Status and error of each item. */
function itemsOf({ body }: Answered): unknown[] {
  const items = body["items"] as Record<string, { status: number; error?: { type: string } }>[];
  return items.map(
    (item) => Object.entries(item).map(([action, { status, error }]) => [action, status, error?.type])[0],
  );
}

function errorOf({ body }: Answered): unknown {
  return (body["error"] as Record<string, unknown> | undefined)?.["type"];
}

describe("_bulk", () => {
  test("tells what became of each document", async () => {
    const ingest = await startIngest();
    const answer = await bulk(ingest, two);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
    const created = {
      _version: 1,
      result: "created",
      _shards: { total: 1, successful: 1, failed: 0 },
      status: 201,
    };
    expect(answer.body).toMatchObject({
      errors: false,
      items: [
        { create: { _index: "app", ...created, _primary_term: 1 } },
        { index: { _index: "logs", _id: "id-2", ...created, _primary_term: 1 } },
      ],
    });
    expect(ingest.spool.records).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("documents without an id get one each", async () => {
    const ingest = await startIngest();
    const answer = await bulk(ingest, '{"create":{}}\n{}\n'.repeat(3));
    const ids = (answer.body["items"] as { create: { _id: string } }[]).map(({ create }) => create._id);
    expect(new Set(ids).size).toBe(3);
  });

  test("is taken with gzip, blank lines and without a last line end", async () => {
    const ingest = await startIngest();
    const body = gzipSync('{"create":{}}\r\n{"n":1}\r\n\r\n{"create":{}}\r\n{"n":2}');
    expect(await bulk(ingest, body, { "content-encoding": "gzip" })).toMatchObject({
      body: { errors: false },
    });
    expect(ingest.spool.records).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("refuses single items that cannot be stored", async () => {
    const ingest = await startIngest();
    const lines = [
      '{"create":{}}\n{"n":1}',
      '{"delete":{"_id":"1"}}',
      '{"update":{"_id":"1"}}\n{"doc":{}}',
      '{"index":{}}\n[1]',
      '{"index":{}}\n{"n":2}',
    ];
    const answer = await bulk(ingest, `${lines.join("\n")}\n`);
    expect(answer).toMatchObject({ status: 200, body: { errors: true } });
    expect(itemsOf(answer)).toEqual([
      ["create", 201, undefined],
      ["delete", 400, "illegal_argument_exception"],
      ["update", 400, "illegal_argument_exception"],
      ["index", 400, "document_parsing_exception"],
      ["index", 201, undefined],
    ]);
    expect(ingest.spool.entries).toMatchObject([{ records: ['{"n":1}', '{"n":2}'] }]);
  });

  test("with no item that can be stored, nothing is", async () => {
    const ingest = await startIngest();
    expect(itemsOf(await bulk(ingest, '{"create":{}}\n42\n'))).toEqual([
      ["create", 400, "document_parsing_exception"],
    ]);
    expect(ingest.spool.entries).toEqual([]);
  });

  test.each([
    ["nothing", "", "parse_exception"],
    ["no action", '{"n":1}\n', "illegal_argument_exception"],
    ["two actions in one", '{"create":{},"index":{}}\n{}\n', "illegal_argument_exception"],
    ["an action that is none", '{"create":1}\n{}\n', "illegal_argument_exception"],
    ["an array", '[{"create":{}}]\n{}\n', "illegal_argument_exception"],
    ["broken JSON", '{"create":{}\n{}\n', "illegal_argument_exception"],
    ["an action by a name of every object", '{"constructor":{}}\n{}\n', "illegal_argument_exception"],
    ["no document", '{"create":{}}\n{}\n{"create":{}}\n', "illegal_argument_exception"],
  ])("%s is refused as a whole", async (_name, body, type) => {
    const ingest = await startIngest();
    const answer = await bulk(ingest, body);
    expect([answer.status, errorOf(answer), answer.body["status"]]).toEqual([400, type, 400]);
    expect(ingest.spool.entries).toEqual([]);
    expect(ingest.server.totals().heldBytes).toBe(0);
  });

  test("more actions than one request may have are refused", async () => {
    const ingest = await startIngest({ config: { bodyBytesMax: 8_000_000, contentBytesMax: 8_000_000 } });
    const answer = await bulk(ingest, '{"create":{}}\n{}\n'.repeat(100_001));
    expect([answer.status, errorOf(answer)]).toEqual([413, "content_too_long_exception"]);
  });

  test("a client that asks for less is told less", async () => {
    const ingest = await startIngest();
    const path = "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status";
    const answer = await ingest.post(path, '{"create":{}}\n{}\n{"delete":{}}\n', ndjson);
    const error = { type: "illegal_argument_exception" };
    expect(answer.body["items"]).toMatchObject([
      { create: { status: 201 } },
      { delete: { status: 400, error } },
    ]);
    expect(JSON.stringify(answer.body)).not.toContain("_id");
    const whole = await ingest.post("/_bulk?filter_path=items.*._id", two, ndjson);
    expect(JSON.stringify(whole.body)).toContain("_id");
  });

  test("the media type that is asked for is answered", async () => {
    const ingest = await startIngest();
    const type = "application/vnd.elasticsearch+x-ndjson; compatible-with=9";
    const accept = "application/vnd.elasticsearch+json; compatible-with=9";
    const answer = await bulk(ingest, two, { "content-type": type, accept });
    expect(answer.headers.get("content-type")).toBe("application/vnd.elasticsearch+json;compatible-with=9");
    expect((await bulk(ingest, two)).headers.get("content-type")).toMatch(/^application\/json/);
  });

  test("the engine being behind is told as a whole", async () => {
    const ingest = await startIngest();
    ingest.spool.refusals.push({ kind: "full", retryAfterMs: 4000 });
    const answer = await bulk(ingest, two);
    expect([answer.status, errorOf(answer)]).toEqual([429, "es_rejected_execution_exception"]);
    expect(answer.headers.get("retry-after")).toBe("4");
  });

  test("the helpers of official clients are told for each item that the engine is behind", async () => {
    const ingest = await startIngest();
    ingest.spool.refusals.push({ kind: "full", retryAfterMs: 4000 });
    const answer = await bulk(ingest, two, { "x-elastic-client-meta": "es=9.5.1,js=24.21.0,t=9.3.0,h=bp" });
    expect(answer).toMatchObject({ status: 200, body: { errors: true } });
    expect(itemsOf(answer)).toEqual([
      ["create", 429, "es_rejected_execution_exception"],
      ["index", 429, "es_rejected_execution_exception"],
    ]);
  });

  test("a disk that is full is told as a whole", async () => {
    const ingest = await startIngest();
    ingest.spool.refusals.push(new StakeoutError("SPOOL_UNWRITABLE", "no space left"));
    expect((await bulk(ingest, two, { "x-elastic-client-meta": "h=bp" })).status).toBe(503);
  });

  test("an unauthorized request is answered as Elasticsearch does", async () => {
    const ingest = await startIngest();
    const answer = await bulk(ingest, two, { authorization: "Bearer wrong" });
    expect([answer.status, errorOf(answer)]).toEqual([401, "security_exception"]);
    expect(answer.headers.get("www-authenticate")).toContain("Basic");
    expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
  });
});

describe("requests that come again", () => {
  const withIds = '{"create":{"_id":"a"}}\n{"n":1}\n{"index":{"_id":"b"}}\n{"n":2}\n';

  test("under an Idempotency-Key are stored once", async () => {
    const ingest = await startIngest();
    for (const _ of [1, 2]) {
      expect(await bulk(ingest, two, { "idempotency-key": "k" })).toMatchObject({
        status: 200,
        body: { errors: false },
      });
    }
    expect(ingest.spool.records).toHaveLength(2);
    expect((await bulk(ingest, withIds, { "idempotency-key": "k" })).status).toBe(422);
    expect((await bulk(ingest, withIds, { "idempotency-key": "two words" })).status).toBe(400);
  });

  test("with an id for each document are stored once", async () => {
    const ingest = await startIngest();
    await bulk(ingest, withIds);
    expect(await bulk(ingest, withIds)).toMatchObject({ status: 200, body: { errors: false } });
    expect(ingest.spool.records).toHaveLength(2);
    expect(ingest.server.status("app")).toMatchObject({ repeatedRequests: 1 });
  });

  test("with other documents under the same ids are stored", async () => {
    const ingest = await startIngest();
    await bulk(ingest, withIds);
    await bulk(ingest, withIds.replace("2}", "3}"));
    expect(ingest.spool.records).toHaveLength(4);
  });

  test("with an id for some documents only are stored", async () => {
    const ingest = await startIngest({ sources: [httpSource({ name: "one" }), httpSource({ name: "two" })] });
    for (const n of [1, 2]) {
      const body = `{"create":{"_id":"a"}}\n{"n":${n}}\n{"create":{"_index":"two"}}\n{"n":${n}}\n{"delete":{}}\n`;
      expect((await ingest.post("/one/_bulk", body, ndjson)).status).toBe(200);
    }
    expect(ingest.spool.records).toHaveLength(4);
  });

  test("without ids are stored again", async () => {
    const ingest = await startIngest();
    await bulk(ingest, two);
    await bulk(ingest, two);
    expect(ingest.spool.records).toHaveLength(4);
  });
});

describe("the source", () => {
  const other = httpSource({ name: "other", auth: { kind: "token", tokens: ["the-token-of-the-other"] } });
  const shared = [httpSource({ name: "one" }), httpSource({ name: "two" }), other];
  const document = '{"create":{}}\n{"n":1}\n';

  const othersToken = { authorization: "Bearer the-token-of-the-other" };
  const toOne = '{"index":{"_index":"one"}}\n{}\n';

  interface Sent {
    readonly sources?: readonly HttpSourceConfig[];
    readonly path?: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }

  /** The status, and the sources that something was stored for. */
  async function targetsOf({
    sources = shared,
    path = "/_bulk",
    body = document,
    headers = {},
  }: Sent): Promise<unknown[]> {
    const ingest = await startIngest({ sources });
    const answer = await ingest.post(path, body, { ...ndjson, ...headers });
    return [answer.status, ...ingest.spool.entries.map(({ source }) => source)];
  }

  test.each<[string, Sent, unknown[]]>([
    ["is that of the token", { headers: othersToken }, [200, "other"]],
    [
      "is that of the token, whatever the index",
      { path: "/one/_bulk", headers: othersToken },
      [200, "other"],
    ],
    ["of a shared token is that of the path's index", { path: "/two/_bulk" }, [200, "two"]],
    ["of a shared token is that of the action's index", { body: toOne }, [200, "one"]],
    ["of a shared token without an index is not known", {}, [404]],
    ["of a shared token with another index is not known", { path: "/logs/_bulk" }, [404]],
    ["may be another for each action", { path: "/two/_bulk", body: document + toOne }, [200, "two", "one"]],
    ["may be that of the path", { path: "/es/one/_bulk" }, [200, "one"]],
    ["may be that of the path, with any index", { path: "/es/one/two/_bulk" }, [200, "one"]],
    ["in the path needs its own token", { path: "/es/other/_bulk" }, [401]],
    ["in the path must be known", { path: "/es/unknown/_bulk" }, [401]],
  ])("%s", async (_name, sent, expected) => {
    expect(await targetsOf(sent)).toEqual(expected);
  });

  test("without tokens is the only one", async () => {
    const sources = [httpSource({ name: "open", auth: { kind: "none" } }), other];
    expect(await targetsOf({ sources })).toEqual([200, "open"]);
    expect(await targetsOf({ sources, headers: othersToken })).toEqual([200, "other"]);
  });

  test("an index that names none is told for its item", async () => {
    const ingest = await startIngest({ sources: shared });
    const answer = await ingest.post("/one/_bulk", `${document}{"create":{"_index":"logs"}}\n{}\n`, ndjson);
    expect(itemsOf(answer)).toEqual([
      ["create", 201, undefined],
      ["create", 404, "index_not_found_exception"],
    ]);
  });

  test("one that is full is told for its items", async () => {
    const ingest = await startIngest({ sources: shared });
    ingest.spool.refusals.push({ kind: "full", retryAfterMs: 1000 });
    const answer = await ingest.post("/one/_bulk", `${document}{"create":{"_index":"two"}}\n{}\n`, ndjson);
    expect(itemsOf(answer)).toEqual([
      ["create", 429, "es_rejected_execution_exception"],
      ["create", 201, undefined],
    ]);
    expect(ingest.spool.entries).toHaveLength(1);
  });
});

describe("what clients ask first", () => {
  const paths = ["/", "/es/app", "/es/app/"];

  test.each(paths)("GET and HEAD %s", async (path) => {
    const { url } = await startIngest();
    const headers = { authorization: `Bearer ${token}` };
    const answer = await answered(await fetch(`${url}${path}`, { headers }));
    expect(answer).toMatchObject({
      status: 200,
      body: { tagline: "You Know, for Search", version: { build_flavor: "default" } },
    });
    expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
    const head = await fetch(`${url}${path}`, { method: "HEAD", headers });
    expect([head.status, head.headers.get("x-elastic-product"), await head.text()]).toEqual([
      200,
      "Elasticsearch",
      "",
    ]);
  });

  test.each(["/", "/es/app/", "/_license"])("GET %s needs the token", async (path) => {
    const { url } = await startIngest();
    expect(await answered(await fetch(`${url}${path}`))).toMatchObject({ status: 401 });
  });

  test.each([
    ["/_license", { license: { status: "active", type: "basic" } }],
    ["/_xpack", { features: {} }],
    ["/_cluster/health", { status: "green", timed_out: false }],
    ["/es/app/_cluster/health", { status: "green" }],
    ["/_index_template/filebeat-9.5.0", {}],
    ["/_ilm/policy/filebeat", {}],
    ["/_data_stream/filebeat-9.5.0", {}],
    ["/_ingest/pipeline/filebeat-9.5.0-apache-access-pipeline", {}],
  ])("GET %s", async (path, body) => {
    const { url } = await startIngest();
    const answer = await answered(
      await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } }),
    );
    expect(answer).toMatchObject({ status: 200, body });
  });

  test("nodes are told where the client has come to", async () => {
    const { url, port } = await startIngest();
    const answer = await answered(
      await fetch(`${url}/_nodes/http`, { headers: { authorization: `Bearer ${token}` } }),
    );
    expect(answer.body).toMatchObject({
      nodes: { stakeout: { http: { publish_address: `127.0.0.1:${port}` } } },
    });
  });

  test.each([
    "/_index_template/x",
    "/_component_template/x",
    "/_ilm/policy/x",
    "/_data_stream/x",
    "/es/app/_ingest/pipeline/x",
  ])("PUT %s is acknowledged", async (path) => {
    const { url } = await startIngest();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await answered(await fetch(`${url}${path}`, { method: "PUT", headers, body: '{"a":1}' }));
    expect(answer).toMatchObject({ status: 200, body: { acknowledged: true } });
  });
});
