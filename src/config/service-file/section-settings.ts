import { existsSync, statSync } from "node:fs";

import { z } from "zod";

import { defaultBatch, type RunConfig } from "../run-config.ts";
import type {
  AdminConfig,
  IngestConfig,
  LogConfig,
  ServiceRulesConfig,
  SpoolConfig,
  TlsConfig,
} from "../service-config.ts";
import {
  credential,
  duration,
  flag,
  listenAddress,
  oneOrMore,
  pathIn,
  settings,
  size,
  text,
  whole,
} from "./values.ts";

const secondMs = 1000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const MiB = 1024 ** 2;
const TiB = 1024 ** 4;

export type FileSpoolConfig = Omit<SpoolConfig, "folder"> & { readonly folder: string | undefined };

/** What may stand under `rules`: paths, or a map that has them. */
export function rulesSettings(folder: string): z.ZodType<ServiceRulesConfig> {
  const paths = oneOrMore(pathIn(folder));
  const map = settings({
    paths: paths.prefault("rules").describe("Rule files and folders."),
    watch: flag().prefault(true).describe("Load rules again when a file changes."),
    tests: flag()
      .prefault(true)
      .describe("Run the rules' tests before new content takes over; one that fails keeps the old content."),
    staged: oneOrMore(text())
      .optional()
      .describe("Ids of rules that match and count without notifying anybody; * stands for anything."),
  }).transform(({ staged = [], ...rest }) => ({ ...rest, staged }));
  const short = paths.transform((found) => ({ paths: found, watch: true, tests: true, staged: [] }));
  return z
    .union([map, short], "must be a path, a list of paths, or a map with paths, watch, tests and staged")
    .describe("Rule files and folders: a path, a list of paths, or a map with more about them.");
}

export function spoolSettings(folder: string): z.ZodType<FileSpoolConfig> {
  return settings({
    folder: pathIn(folder).optional().describe("The folder. Default: beside the state, stakeout.spool."),
    backlogBytesMax: size({ min: 64 * 1024, max: TiB })
      .prefault("1GiB")
      .describe(
        "Bytes that may wait for the engine, for each source; beyond it clients are told to come later.",
      ),
    idempotency: duration({ min: secondMs, max: 30 * dayMs })
      .prefault("24h")
      .describe("How long an Idempotency-Key is remembered."),
  })
    .transform(({ idempotency, folder: given, ...rest }) => ({
      ...rest,
      folder: given,
      idempotencyMs: idempotency,
    }))
    .describe("Where events stand that were accepted over HTTP and are not examined yet.");
}

function tlsSettings(folder: string): z.ZodType<TlsConfig> {
  return settings({
    cert: existingFile(folder).describe("PEM file with the certificate, and those between it and the root."),
    key: existingFile(folder).describe("PEM file with the private key."),
  })
    .transform(({ cert, key }) => ({ certFile: cert, keyFile: key }))
    .describe("Certificate and key; without it plain HTTP.");
}

function existingFile(folder: string): z.ZodType<string> {
  return pathIn(folder).refine(
    (path) => existsSync(path) && statSync(path).isFile(),
    "is a file that does not exist",
  );
}

export function httpSettings(folder: string): z.ZodType<IngestConfig> {
  return settings({
    listen: listenAddress().prefault("127.0.0.1:8480").describe("HOST:PORT; port 0 takes any free one."),
    tls: tlsSettings(folder).optional(),
    bodyBytesMax: size({ min: 1024, max: 1024 * MiB })
      .prefault("16MiB")
      .describe("Longest body as sent."),
    contentBytesMax: size({ min: 1024, max: 1024 * MiB })
      .prefault("64MiB")
      .describe("Longest body after decompression."),
    heldBytesMax: size({ min: 1024, max: TiB })
      .prefault("256MiB")
      .describe("Bytes of bodies in memory at a time, of all requests together."),
    requestTimeout: duration({ min: secondMs, max: hourMs })
      .prefault("30s")
      .describe("How long a client may take to send a whole request."),
    connectionsMax: whole({ min: 1, max: 1_000_000 }).prefault(20_000).describe("Connections at a time."),
  })
    .transform(({ listen, tls, requestTimeout, ...sizes }) => ({
      ...listen,
      tls,
      ...sizes,
      requestMs: requestTimeout,
    }))
    .describe("The listener for events.");
}

export function adminSettings(folder: string): z.ZodType<AdminConfig> {
  return settings({
    listen: listenAddress().prefault("127.0.0.1:8481").describe("HOST:PORT; port 0 takes any free one."),
    tls: tlsSettings(folder).optional(),
    token: credential().describe("Bearer token for everything but ingestion."),
    openHealth: flag().prefault(false).describe("Answer /healthz and /readyz without the token."),
  })
    .transform(({ listen, tls, ...rest }) => ({ ...listen, tls, ...rest }))
    .describe("The listener for metrics, status and administration.");
}

export function batchSettings(): z.ZodType<RunConfig["batch"]> {
  return settings({
    latency: duration({ min: 1, max: 60 * secondMs })
      .prefault(`${defaultBatch.latencyMs}ms`)
      .describe("How long an event may wait for its commit."),
    bytesMax: size({ min: 64 * 1024, max: 1024 * MiB })
      .prefault("64MiB")
      .describe("Bytes of events in one batch."),
  })
    .transform(({ latency, bytesMax }) => ({ latencyMs: latency, bytesMax }))
    .describe("How many events are committed together.");
}

export function logSettings(): z.ZodType<LogConfig> {
  return settings({
    level: z
      .enum(["trace", "debug", "info", "warn", "error"])
      .prefault("info")
      .describe("The least that is told."),
    format: z
      .enum(["json", "text", "auto"])
      .prefault("auto")
      .describe("json: a line of JSON each; text: for people; auto: text on a terminal, else json."),
  }).describe("What the service tells about itself.");
}

export function drainSetting(): z.ZodType<number> {
  return duration({ min: 0, max: hourMs })
    .prefault("10s")
    .describe("How long a stop may take to finish requests, the batch under way and deliveries.");
}
