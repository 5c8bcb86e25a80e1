import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpSourceConfig, IngestConfig } from "../../config/service-config.ts";
import type { Clock } from "../../core/clock.ts";
import { StakeoutError } from "../../core/errors.ts";
import type { Spool, SpoolEntry, SpoolReceipt } from "../../sources/spool/spool.ts";
import { type Authenticator, isSigned } from "./auth.ts";
import { readBody } from "./body.ts";
import { contentOf, encodingOf } from "./content.ts";
import type { SourceCounters } from "./counters.ts";
import type { HeldBytes, Holding } from "./held-bytes.ts";
import type { Joiner } from "./pieces.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { Refusal } from "./refusal.ts";
import type { ContentSplitter } from "./split.ts";

/** What all routes share. */
export interface Intake {
  readonly config: IngestConfig;
  readonly sources: ReadonlyMap<string, HttpSourceConfig>;
  readonly authenticator: Authenticator;
  readonly spool: Pick<Spool, "append">;
  readonly clock: Clock;
  readonly held: HeldBytes;
  readonly joiner: Joiner;
  readonly splitter: ContentSplitter;
  readonly counters: ReadonlyMap<string, SourceCounters>;
  readonly refusalLog: RefusalLog;
}

/** How long a client is asked to wait for a disk to be writable again. */
const unwritableRetryAfterMs = 10_000;

const contentTypes: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonlines",
  "application/octet-stream",
  "application/gzip",
  "application/x-gzip",
  "application/zstd",
  "text/plain",
]);

/** One request whose headers were found good. */
export interface Reading {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whose signature the body must have; `undefined` for none. */
  readonly source: HttpSourceConfig | undefined;
  readonly holding: Holding;
}

/**
 * Reads, verifies and unpacks the body of a request, in pieces. Refuses what its headers tell already before the body is sent.
 */
export async function readContent(intake: Intake, reading: Reading): Promise<readonly Buffer[] | Refusal> {
  const { config, clock } = intake;
  const { request, holding, source } = reading;
  const encoding = encodingOf(request.headers["content-encoding"]);
  if (encoding instanceof Refusal) return encoding;
  if (!isSupported(request.headers["content-type"])) return unsupportedType();
  if (Number(request.headers["content-length"] ?? 0) <= config.bodyBytesMax) sendContinue(reading);
  const body = await readBody(request.raw, { bodyBytesMax: config.bodyBytesMax, holding });
  if (body instanceof Refusal) return body;
  if (source !== undefined && !isSigned(source.auth, request.headers, { body, nowMs: clock.nowMs() })) {
    return unauthorized();
  }
  return contentOf(body, { encoding, contentBytesMax: config.contentBytesMax, holding });
}

function sendContinue({ request, reply }: Reading): void {
  if (request.headers.expect !== undefined) reply.raw.writeContinue();
}

function isSupported(contentType: string | undefined): boolean {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "" || contentTypes.has(type) || /^application\/[\w.-]+\+(json|x-ndjson)$/.test(type);
}

function unsupportedType(): Refusal {
  const message = "send JSON: set the header Content-Type to application/json or application/x-ndjson";
  return new Refusal("CONTENT_TYPE_UNSUPPORTED", message, {
    headers: { accept: "application/json, application/x-ndjson" },
  });
}

export function unauthorized(): Refusal {
  const message = "there is no such source, or the request lacks a token or signature that it takes";
  return new Refusal("UNAUTHORIZED", message, {
    headers: { "www-authenticate": 'Bearer realm="stakeout", Basic realm="stakeout"' },
  });
}

/** What a client calls its request, where it does. */
export function idempotencyKeyOf(key: string | readonly string[] | undefined): string | undefined | Refusal {
  if (key === undefined) return undefined;
  if (typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  return new Refusal(
    "IDEMPOTENCY_KEY_INVALID",
    "Idempotency-Key must have 1 to 255 visible ASCII characters",
  );
}

export function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("base64");
}

/** Stores records durably, and counts them. */
export async function store(
  intake: Intake,
  entry: SpoolEntry,
): Promise<Extract<SpoolReceipt, { readonly records: number }> | Refusal> {
  let receipt: SpoolReceipt;
  try {
    receipt = await intake.spool.append(entry);
  } catch (error) {
    if (!(error instanceof StakeoutError && error.code === "SPOOL_UNWRITABLE")) throw error;
    intake.refusalLog.unwritable(entry.source, error);
    const message = "events cannot be stored at the moment; send this again later";
    return new Refusal("SPOOL_UNWRITABLE", message, { retryAfterMs: unwritableRetryAfterMs });
  }
  if (receipt.kind === "full") {
    const message = "too many events of this source wait to be examined; send this again later";
    return new Refusal("BACKLOG_FULL", message, { retryAfterMs: receipt.retryAfterMs });
  }
  if (receipt.kind === "key-reused") {
    return new Refusal("IDEMPOTENCY_KEY_REUSED", "another content was accepted under this Idempotency-Key");
  }
  intake.counters.get(entry.source)?.receive(receipt, entry.records);
  return receipt;
}
