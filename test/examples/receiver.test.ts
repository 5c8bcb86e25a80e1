import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { Receiver } from "../../examples/service/receiver.ts";
import { signatureOf } from "../../src/destinations/webhook/signature.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

const secret = "secret-of-the-receiver";
const nowMs = Date.UTC(2026, 2, 2, 12);
const alert = JSON.stringify({ severity: "high", title: "somebody did something", status: "open" });

function receiverFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-receiver-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data/received.jsonl");
}

async function start(file: string = receiverFile()) {
  const lines: string[] = [];
  const clock = manualClock(nowMs);
  const receiver = await Receiver.start({
    port: 0,
    secret,
    file,
    print: (line) => void lines.push(line),
    nowMs: () => clock.nowMs(),
  });
  onTestFinished(() => receiver.close());
  return { receiver, lines, clock, file };
}

interface SendOptions {
  readonly key?: string;
  readonly body?: string;
  /** Seconds since the Unix epoch. */
  readonly timestamp?: string;
  readonly signature?: string;
}

/** Sends as a webhook of Stakeout does, and answers the status. */
async function send({ url }: Receiver, options: SendOptions = {}): Promise<number> {
  const { key = "key-1", body = alert, timestamp = String(nowMs / 1000) } = options;
  const { signature = signatureOf(secret, timestamp, body) } = options;
  const response = await fetch(`${url}/alerts`, {
    method: "POST",
    headers: {
      ...(key === "" ? {} : { "idempotency-key": key }),
      "x-stakeout-timestamp": timestamp,
      "x-stakeout-signature": signature,
    },
    body,
  });
  await response.text();
  return response.status;
}

test("takes a delivery once, and keeps it", async () => {
  const { receiver, lines, file } = await start();
  expect([await send(receiver), await send(receiver), await send(receiver, { key: "key-2" })]).toEqual([
    200, 200, 200,
  ]);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["alert", "again", "alert"]);
  const kept = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(kept.map((line) => JSON.parse(line) as unknown)).toEqual(
    ["key-1", "key-2"].map((key) => ({ key, alert: JSON.parse(alert) as unknown })),
  );
});

test("remembers what it took when it is started again", async () => {
  const { receiver, file } = await start();
  await send(receiver);
  await receiver.close();
  // As a power failure may leave it.
  writeFileSync(file, `${readFileSync(file, "utf8")}{"key":"key-2","al`);
  const again = await start(file);
  await send(again.receiver);
  await send(again.receiver, { key: "key-2" });
  expect(again.receiver.counts).toMatchObject({ alerts: 1, repeated: 1 });
  const third = await start(file);
  expect([...third.receiver.keys]).toEqual(["key-1", "key-2"]);
});

describe("refuses", () => {
  test.each<[string, SendOptions]>([
    ["a wrong signature", { signature: `v1=${"0".repeat(64)}` }],
    ["a signature of another length", { signature: "v1=" }],
    ["what was signed for another time", { timestamp: String(nowMs / 1000 + 1), signature: "v1=0" }],
    ["what is too old", { timestamp: String(nowMs / 1000 - 301) }],
    ["what is of the future", { timestamp: String(nowMs / 1000 + 301) }],
    ["a time that is none", { timestamp: "now" }],
    ["no idempotency key", { key: "" }],
    ["what is no JSON", { body: "{" }],
    ["what is no alert", { body: "null" }],
    ["too much", { body: JSON.stringify("x".repeat(17 * 1024 * 1024)) }],
  ])("%s", async (_, options) => {
    const { receiver } = await start();
    expect(await send(receiver, options)).toBe(401);
    expect(receiver.counts).toMatchObject({ alerts: 0, refused: 1 });
  });
});

describe("on demand it fails", () => {
  test("for so many seconds", async () => {
    const { receiver, clock } = await start();
    await fetch(`${receiver.url}/fail?seconds=30`, { method: "POST" });
    expect(await send(receiver)).toBe(503);
    clock.advance(30_000);
    expect(await send(receiver)).toBe(200);
    expect(receiver.counts).toMatchObject({ alerts: 1, failed: 1 });
  });

  test("without an answer", async () => {
    const { receiver } = await start();
    await fetch(`${receiver.url}/fail?how=reset`, { method: "POST" });
    await expect(send(receiver)).rejects.toThrow("fetch failed");
    expect(receiver.counts).toMatchObject({ alerts: 0, failed: 1 });
  });

  test.each(["seconds=-1", "seconds=soon", "seconds=1e9", "how=badly"])("and not with %s", async (query) => {
    const { receiver } = await start();
    expect((await fetch(`${receiver.url}/fail?${query}`, { method: "POST" })).status).toBe(400);
    expect(await send(receiver)).toBe(200);
  });
});

test("tells what it has counted, and where it is", async () => {
  const { receiver } = await start();
  await send(receiver);
  expect(await (await fetch(receiver.url)).json()).toEqual({ alerts: 1, repeated: 0, failed: 0, refused: 0 });
  expect((await fetch(`${receiver.url}/elsewhere`)).status).toBe(404);
});
