import { createHmac, timingSafeEqual } from "node:crypto";

import type { RequestSurroundings } from "../../../src/destinations/http-request.ts";
import type { RemoteDestination } from "../../../src/destinations/remote.ts";
import {
  createWebhookDestination,
  type WebhookOptions,
} from "../../../src/destinations/webhook/destination.ts";
import { startReceiver, type Reaction, type ReceivedRequest, type Receiver } from "../receiver.ts";
import { closing, loopback, surroundings } from "../request-fixtures.ts";

export interface WebhookReceiver extends Receiver {
  /** Bodies that were accepted, by idempotency key. */
  readonly accepted: ReadonlyMap<string, unknown>;
  /** Keys of requests that had been accepted before. */
  readonly repeated: readonly string[];
}

interface ReceiverOptions {
  /** Requests must be signed with it. */
  readonly secret?: string;
  readonly nowMs?: number;
  /** What it does with the first requests, before it works. */
  readonly failures?: readonly Reaction[];
}

/** A receiver that insists on everything that docs/destinations.md promises. */
export async function webhookReceiver({
  secret,
  nowMs = Date.UTC(2026, 0, 1),
  failures = [],
}: ReceiverOptions = {}): Promise<WebhookReceiver> {
  const accepted = new Map<string, unknown>();
  const repeated: string[] = [];
  const left = [...failures];
  const receiver = await startReceiver((request) => {
    const failure = left.shift();
    if (failure !== undefined) return failure;
    const refusal = refusalOf(request, { secret, nowMs });
    if (refusal !== undefined) return { status: 400, body: refusal };
    const key = String(request.headers["idempotency-key"]);
    if (accepted.has(key)) repeated.push(key);
    accepted.set(key, JSON.parse(request.body));
    return { status: 204 };
  });
  return { ...receiver, accepted, repeated };
}

function refusalOf(
  { method, headers, body }: ReceivedRequest,
  { secret, nowMs }: { readonly secret: string | undefined; readonly nowMs: number },
): string | undefined {
  if (method !== "POST") return "not a POST";
  if (headers["content-type"] !== "application/json") return "wrong content type";
  if (!/^[0-9a-f]{32}:(?:open|closed)$/.test(String(headers["idempotency-key"]))) return "no key";
  if (headers["user-agent"] !== "stakeout/1.2.3") return "wrong agent";
  const timestamp = String(headers["x-stakeout-timestamp"]);
  if (!/^\d+$/.test(timestamp) || Math.abs(Number(timestamp) * 1000 - nowMs) > 300_000) return "stale";
  if (secret !== undefined) {
    const expected = `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
    const given = String(headers["x-stakeout-signature"]).padEnd(expected.length).slice(0, expected.length);
    if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return "wrong signature";
  }
  return undefined;
}

/** A webhook to a local receiver, with every option defaulted. */
export function webhook(
  options: Partial<WebhookOptions> & Pick<WebhookOptions, "url">,
  overrides: Partial<RequestSurroundings> = {},
): RemoteDestination {
  return closing(
    createWebhookDestination(
      {
        name: "hook",
        timeoutMs: 60_000,
        privateNetworks: loopback,
        headers: {},
        secret: undefined,
        body: undefined,
        ...options,
      },
      surroundings(overrides),
    ),
  );
}
