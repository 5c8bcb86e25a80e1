import { Client, type ClientOptions } from "@elastic/elasticsearch";
import { describe, expect, onTestFinished, test } from "vitest";
import { StakeoutError } from "../../../src/core/errors.ts";
import { httpSource, type Ingest, startIngest, token } from "./fixtures.ts";

const documents = Array.from({ length: 250 }, (_, n) => ({ n, text: "some text" }));
const texts = documents.map((document) => JSON.stringify(document));

function clientOf({ url }: Pick<Ingest, "url">, options: ClientOptions = {}): Client {
  const client = new Client({ node: url, auth: { bearer: token }, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** The helper for bulk requests, with many small requests at a time. */
async function sendAll(client: Client) {
  const dropped: unknown[] = [];
  const stats = await client.helpers.bulk({
    datasource: documents,
    onDocument: () => ({ create: { _index: "app" } }),
    onDrop: (document) => void dropped.push(document),
    flushBytes: 2000,
    concurrency: 3,
    retries: 3,
    wait: 1,
  });
  return { ...stats, dropped };
}

const sortedByNumber = (records: readonly string[]): string[] =>
  records.toSorted((one, other) => JSON.parse(one).n - JSON.parse(other).n);

describe.each<[string, ClientOptions]>([
  ["a bearer token", {}],
  ["a password", { auth: { username: "anybody", password: token } }],
  ["an API key", { auth: { apiKey: { id: "id", api_key: token } } }],
  ["an encoded API key", { auth: { apiKey: Buffer.from(`id:${token}`).toString("base64") } }],
  ["compression", { compression: true }],
])("the official client with %s", (_name, options) => {
  test("sends all documents with its helper", async () => {
    const ingest = await startIngest();
    const stats = await sendAll(clientOf(ingest, options));
    expect(stats).toMatchObject({ successful: 250, failed: 0, dropped: [] });
    expect(sortedByNumber(ingest.spool.records)).toEqual(texts);
  });
});

test("the helper of the official client sends again what was refused as too much", async () => {
  const ingest = await startIngest();
  ingest.spool.refusals.push({ kind: "full", retryAfterMs: 1 }, { kind: "full", retryAfterMs: 1 });
  const stats = await sendAll(clientOf(ingest));
  expect(stats).toMatchObject({ successful: 250, failed: 0, dropped: [] });
  expect(stats.retry).toBeGreaterThan(0);
  expect(sortedByNumber(ingest.spool.records)).toEqual(texts);
});

test("the official client sends again when nothing could be stored", async () => {
  const ingest = await startIngest();
  ingest.spool.refusals.push(new StakeoutError("SPOOL_UNWRITABLE", "no space left"));
  const answer = await clientOf(ingest).bulk({ operations: [{ create: { _index: "app" } }, { n: 1 }] });
  expect(answer).toMatchObject({ errors: false });
  expect(ingest.spool.records).toEqual(['{"n":1}']);
});

test("the official client is told of a document that is none", async () => {
  const ingest = await startIngest();
  const answer = await clientOf(ingest).bulk({ operations: [{ delete: { _index: "app", _id: "1" } }] });
  expect(answer).toMatchObject({ errors: true, items: [{ delete: { status: 400 } }] });
});

test("the official client sends below a path", async () => {
  const ingest = await startIngest({ sources: [httpSource({ name: "one" }), httpSource({ name: "two" })] });
  const client = clientOf({ url: `${ingest.url}/es/two` });
  expect((await client.info()).tagline).toBe("You Know, for Search");
  await client.bulk({ index: "logs", operations: [{ create: {} }, { n: 1 }] });
  expect(ingest.spool.entries).toMatchObject([{ source: "two", records: ['{"n":1}'] }]);
});

test("the official client finds its node", async () => {
  const ingest = await startIngest();
  const client = clientOf(ingest, { sniffOnStart: false });
  const nodes = await client.nodes.info({ metric: "http" });
  expect(Object.keys(nodes.nodes)).toEqual(["stakeout"]);
  expect(await client.ping()).toBe(true);
  expect((await client.cluster.health()).status).toBe("green");
  expect(await client.indices.existsIndexTemplate({ name: "logs" })).toBe(true);
});

test("the official client is refused with a wrong token", async () => {
  const ingest = await startIngest();
  const client = clientOf(ingest, { auth: { bearer: "wrong" } });
  await expect(client.info()).rejects.toMatchObject({ statusCode: 401 });
});
