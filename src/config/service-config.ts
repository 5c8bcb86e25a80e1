import type { JsonValue } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import type { Severity } from "../core/severity.ts";
import type { DeliveryPolicy } from "../destinations/deliverer.ts";
import type { RunConfig } from "./run-config.ts";

/**
 * What `stakeout serve` runs, as read from its file: variables replaced, defaults filled in, paths absolute (those in the
 * file are relative to the file's folder).
 */
export interface ServiceConfig {
  /** The file it was read from. */
  readonly file: string;
  readonly rules: ServiceRulesConfig;
  /** Folders or files with the user's own log types. */
  readonly logTypes: readonly string[];
  readonly stateFile: string;
  readonly deadLettersFile: string;
  /** Where events stand that were accepted over HTTP and are not examined yet. */
  readonly spool: SpoolConfig;
  readonly ingest: IngestConfig;
  readonly admin: AdminConfig;
  /** At least one, names unique. */
  readonly sources: readonly ServiceSourceConfig[];
  /** Names unique. */
  readonly destinations: readonly ServiceDestinationConfig[];
  readonly limits: Limits;
  readonly batch: RunConfig["batch"];
  readonly log: LogConfig;
  /** How long a stop may take to finish requests, the batch under way and deliveries. Default 10 s. */
  readonly drainMs: number;
}

export interface ServiceRulesConfig {
  readonly paths: readonly string[];
  /** Load them again when a file changes. Default true; `SIGHUP` does so in any case. */
  readonly watch: boolean;
  /** Run the rules' tests before new content takes over, and refuse it when one fails. Default true. */
  readonly tests: boolean;
  /** Rules that match and count without notifying anybody, besides those that say so themselves: ids, `*` stands for anything. */
  readonly staged: readonly string[];
}

export interface SpoolConfig {
  readonly folder: string;
  /** Accepted bytes that may wait for the engine, for each source; beyond it clients are told to come later. Default 1 GiB. */
  readonly backlogBytesMax: number;
  /** How long an `Idempotency-Key` is remembered. Default 24 h. */
  readonly idempotencyMs: number;
}

export interface TlsConfig {
  /** PEM files. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ListenerConfig {
  /** Default 127.0.0.1. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly tls: TlsConfig | undefined;
}

export interface IngestConfig extends ListenerConfig {
  /** Longest body as sent. Default 16 MiB. */
  readonly bodyBytesMax: number;
  /** Longest body after decompression. Default 64 MiB. */
  readonly contentBytesMax: number;
  /** Bytes of bodies that may be in memory at a time, of all requests together. Default 256 MiB. */
  readonly heldBytesMax: number;
  /** How long a client may take to send a whole request. Default 30 s. */
  readonly requestMs: number;
  /** Connections at a time. Default 20,000. */
  readonly connectionsMax: number;
}

export interface AdminConfig extends ListenerConfig {
  readonly token: string;
  /** Answer `/healthz` and `/readyz` without the token, for probes that cannot send one. Default false. */
  readonly openHealth: boolean;
}

export type ServiceSourceConfig = HttpSourceConfig | FilesSourceConfig;

export interface SourceShapeConfig {
  /** Letters, digits, `-`, `_`, `.`; names the source in positions and as `p_source_label`. */
  readonly name: string;
  /** Log type of every event; `undefined` recognises it. */
  readonly logType: string | undefined;
  /** How records stand in a file or body. Default `auto`. */
  readonly format: RunConfig["format"];
  /** Field that holds the array of records; `undefined` recognises CloudTrail's `Records`. */
  readonly envelopeField: string | undefined;
}

export interface HttpSourceConfig extends SourceShapeConfig {
  readonly kind: "http";
  readonly auth: SourceAuthConfig;
}

export type SourceAuthConfig =
  /** `Authorization: Bearer …`, or `Basic` with the token as password or `ApiKey …`, as clients of `_bulk` send it. Several, so that one can be replaced. */
  | { readonly kind: "token"; readonly tokens: readonly string[] }
  /** `X-Hub-Signature-256: sha256=…` over the body. */
  | { readonly kind: "github"; readonly secret: string }
  /** `X-Slack-Signature: v0=…` over `v0:TIMESTAMP:BODY`, at most five minutes old. */
  | { readonly kind: "slack"; readonly secret: string }
  /** Anybody who can connect. */
  | { readonly kind: "none" };

/** Files that are followed as they grow, are rotated and appear. */
export interface FilesSourceConfig extends SourceShapeConfig {
  readonly kind: "files";
  /** Files, folders, globs. */
  readonly paths: readonly string[];
  /** Where a file begins that was never read before. Default `start`. */
  readonly from: "start" | "end";
}

export type ServiceDestinationConfig =
  | WebhookConfig
  | SlackConfig
  | PagerDutyConfig
  | FileDestinationConfig
  | StdoutConfig;

/** Which alerts a destination gets that do not name their destinations. All conditions must hold; left out: any. */
export interface RouteConfig {
  readonly severities: readonly Severity[] | undefined;
  /** `*` stands for anything. */
  readonly logTypes: readonly string[] | undefined;
  /** One of them is enough. */
  readonly tags: readonly string[] | undefined;
  /** False: only alerts of rules that name this destination. Default true. */
  readonly enabled: boolean;
  /** Also tell it when an alert's dedup window has passed, with the final counts. Default false; true for a file. */
  readonly closed: boolean;
}

interface DestinationBase {
  readonly name: string;
  readonly route: RouteConfig;
}

export interface RequestingConfig extends DestinationBase {
  /** How long one attempt may take. Default 10 s. */
  readonly timeoutMs: number;
  /** Default: 4 attempts at a time, at any rate, 1 s to 5 min apart, given up after 24 h; 5 failures break the circuit. */
  readonly policy: DeliveryPolicy;
  /** Private networks that may be reached (CIDR); empty: none. */
  readonly privateNetworks: readonly string[];
}

export interface WebhookConfig extends RequestingConfig {
  readonly kind: "webhook";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Signs every request (HMAC-SHA256). */
  readonly secret: string | undefined;
  /** What is sent, with `{{…}}` for fields of the alert; `undefined` sends the alert as it is. */
  readonly body: JsonValue | undefined;
}

export interface SlackConfig extends RequestingConfig {
  readonly kind: "slack";
  /** An incoming webhook. */
  readonly url: string;
}

export interface PagerDutyConfig extends RequestingConfig {
  readonly kind: "pagerduty";
  readonly routingKey: string;
  /** Default https://events.pagerduty.com/v2/enqueue */
  readonly url: string;
}

/** Exactly once each: its length is part of the commit. */
export interface FileDestinationConfig extends DestinationBase {
  readonly kind: "file";
  readonly path: string;
}

export interface StdoutConfig extends DestinationBase {
  readonly kind: "stdout";
  readonly format: "json" | "text";
}

export interface LogConfig {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  /** `json`: a line of JSON each; `text` for people. Default: `text` on a terminal, else `json`. */
  readonly format: "json" | "text" | "auto";
}
