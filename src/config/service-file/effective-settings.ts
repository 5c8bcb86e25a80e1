import type { JsonObject } from "../../core/json.ts";
import type { Limits } from "../../core/limits.ts";
import type {
  ListenerConfig,
  PagerDutyConfig,
  RequestingConfig,
  RouteConfig,
  ServiceConfig,
  ServiceDestinationConfig,
  ServiceSourceConfig,
  SlackConfig,
  SourceAuthConfig,
  WebhookConfig,
} from "../service-config.ts";
import { formatBytes } from "./bytes.ts";
import { limitText } from "./limit-settings.ts";
import { Mask, type SecretsShown } from "./mask.ts";
import { durationText } from "./values.ts";

/** Settings in the form of the file; those that are `undefined` are not set. */
type Settings = Readonly<Record<string, unknown>>;

/**
 * The settings of a configuration in the form of its file: defaults filled in, paths absolute. A secret that is set is
 * `(hidden)`, and a setting that is not set is not there.
 */
export function effectiveSettings(config: ServiceConfig, secrets: SecretsShown): JsonObject {
  const mask = new Mask(secrets);
  const { ingest, admin, spool, batch } = config;
  const settings: Settings = {
    rules: { ...config.rules, staged: listOf(config.rules.staged) },
    logTypes: listOf(config.logTypes),
    state: config.stateFile,
    deadLetters: config.deadLettersFile,
    spool: {
      folder: spool.folder,
      backlogBytesMax: formatBytes(spool.backlogBytesMax),
      idempotency: durationText(spool.idempotencyMs),
    },
    http: {
      ...listenerOf(ingest),
      bodyBytesMax: formatBytes(ingest.bodyBytesMax),
      contentBytesMax: formatBytes(ingest.contentBytesMax),
      heldBytesMax: formatBytes(ingest.heldBytesMax),
      requestTimeout: durationText(ingest.requestMs),
      connectionsMax: ingest.connectionsMax,
    },
    admin: { ...listenerOf(admin), token: mask.secret(admin.token), openHealth: admin.openHealth },
    sources: byName(config.sources, (source) => sourceOf(source, mask)),
    destinations: byName(config.destinations, (destination) => destinationOf(destination, mask)),
    limits: limitsOf(config.limits),
    batch: { latency: durationText(batch.latencyMs), bytesMax: formatBytes(batch.bytesMax) },
    log: config.log,
    drain: durationText(config.drainMs),
  };
  // Leaves out what is undefined.
  return JSON.parse(JSON.stringify(settings)) as JsonObject;
}

/** A list must not be empty in the file. */
function listOf(items: readonly string[]): readonly string[] | undefined {
  return items.length === 0 ? undefined : items;
}

function byName<Item extends { readonly name: string }>(
  items: readonly Item[],
  settingsOf: (item: Item) => Settings,
): Settings {
  return Object.fromEntries(items.map((item) => [item.name, settingsOf(item)]));
}

function listenerOf({ host, port, tls }: ListenerConfig): Settings {
  return {
    listen: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: tls === undefined ? undefined : { cert: tls.certFile, key: tls.keyFile },
  };
}

function limitsOf(limits: Limits): Settings {
  const entries = Object.entries(limits) as (readonly [keyof Limits, number])[];
  return Object.fromEntries(entries.map(([name, value]) => [name, limitText(name, value)]));
}

function sourceOf(source: ServiceSourceConfig, mask: Mask): Settings {
  const { kind, logType, format, envelopeField } = source;
  const shape = { kind, logType, format, envelope: envelopeField };
  if (source.kind === "files") return { ...shape, paths: source.paths, from: source.from };
  return { ...shape, ...authOf(source.auth, mask) };
}

function authOf(auth: SourceAuthConfig, mask: Mask): Settings {
  if (auth.kind === "none") return { auth: "none" };
  if (auth.kind === "token") return { tokens: auth.tokens.map((token) => mask.secret(token)) };
  return { [auth.kind]: { secret: mask.secret(auth.secret) } };
}

function destinationOf(destination: ServiceDestinationConfig, mask: Mask): Settings {
  const { kind } = destination;
  const route = routeOf(destination.route);
  if (destination.kind === "file") return { kind, path: destination.path, ...route };
  if (destination.kind === "stdout") return { kind, format: destination.format, ...route };
  return { kind, ...targetOf(destination, mask), ...route, ...requestingOf(destination) };
}

/** Where requests go and what they carry. */
function targetOf(destination: WebhookConfig | SlackConfig | PagerDutyConfig, mask: Mask): Settings {
  if (destination.kind === "slack") return { url: mask.secret(destination.url) };
  if (destination.kind === "pagerduty") {
    return { routingKey: mask.secret(destination.routingKey), url: mask.url(destination.url) };
  }
  const { url, headers, secret, body } = destination;
  const hidden = Object.entries(headers).map(([name, value]) => [name, mask.secret(value)] as const);
  return {
    url: mask.url(url),
    headers: Object.fromEntries(hidden),
    secret: secret === undefined ? undefined : mask.secret(secret),
    body: body === undefined ? undefined : mask.content(body),
  };
}

function routeOf({ severities, logTypes, tags, enabled, closed }: RouteConfig): Settings {
  return { severities, logTypes, tags, enabled, closed };
}

function requestingOf({ timeoutMs, policy, privateNetworks }: RequestingConfig): Settings {
  return {
    timeout: durationText(timeoutMs),
    retry: {
      delay: durationText(policy.delayMs),
      delayMax: durationText(policy.delayMaxMs),
      giveUp: durationText(policy.giveUpMs),
    },
    rate: policy.perSecondMax,
    concurrency: policy.concurrencyMax,
    breakAfter: policy.breakAfter,
    privateNetworks: listOf(privateNetworks),
  };
}
