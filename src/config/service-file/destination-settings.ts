import { z } from "zod";

import type { JsonValue } from "../../core/json.ts";
import { severities, type Severity } from "../../core/severity.ts";
import type {
  FileDestinationConfig,
  PagerDutyConfig,
  RequestingConfig,
  RouteConfig,
  SlackConfig,
  StdoutConfig,
  WebhookConfig,
} from "../service-config.ts";
import type { DeliveryPolicy } from "../../destinations/deliverer.ts";
import { templateProblems } from "../../destinations/template.ts";
import { headerProblems } from "../../destinations/webhook/headers.ts";
import type { Unnamed } from "./source-settings.ts";
import { Substituted } from "./substitute.ts";
import {
  credential,
  decimal,
  duration,
  flag,
  httpUrl,
  network,
  oneOrMore,
  pathIn,
  settings,
  text,
  whole,
} from "./values.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export type DestinationKinds = {
  readonly webhook: z.ZodType<Unnamed<WebhookConfig>>;
  readonly slack: z.ZodType<Unnamed<SlackConfig>>;
  readonly pagerduty: z.ZodType<Unnamed<PagerDutyConfig>>;
  readonly file: z.ZodType<Unnamed<FileDestinationConfig>>;
  readonly stdout: z.ZodType<Unnamed<StdoutConfig>>;
};

/** What may stand under a name in `destinations`, by its `kind`. */
export function destinationKinds(folder: string): DestinationKinds {
  return {
    webhook: webhook(),
    slack: slack(),
    pagerduty: pagerduty(),
    file: file(folder),
    stdout: stdout(),
  };
}

const routeShape = {
  severities: oneOrMore(z.enum(severities)).optional().describe("Only alerts of these severities."),
  logTypes: oneOrMore(text()).optional().describe("Only alerts on these log types; * stands for anything."),
  tags: oneOrMore(text()).optional().describe("Only alerts with one of these tags."),
  enabled: flag()
    .prefault(true)
    .describe("false: only alerts of rules that name this destination themselves."),
};

const closed = (standard: boolean): z.ZodType<boolean> =>
  flag()
    .prefault(standard)
    .describe("Also tell it when an alert's dedup window has passed, with the final counts.");

interface RouteSettings {
  readonly severities?: readonly Severity[] | undefined;
  readonly logTypes?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly enabled: boolean;
  readonly closed: boolean;
}

function toRoute({ severities: levels, logTypes, tags, enabled, closed: ends }: RouteSettings): RouteConfig {
  return { severities: levels, logTypes, tags, enabled, closed: ends };
}

const retry = settings({
  delay: duration({ min: 1, max: hourMs })
    .prefault("1s")
    .describe("Delay before the second attempt; doubled for each further one."),
  delayMax: duration({ min: 1, max: dayMs }).prefault("5m").describe("Longest delay between attempts."),
  giveUp: duration({ min: 1, max: 30 * dayMs })
    .prefault("24h")
    .describe("After so long a delivery is given up and waits for a person."),
})
  .refine(({ delay, delayMax }) => delayMax >= delay, {
    path: ["delayMax"],
    message: "must not be less than delay",
  })
  .describe("When to try again what failed.");

const requestShape = {
  ...routeShape,
  closed: closed(false),
  timeout: duration({ min: 1, max: hourMs / 6 })
    .prefault("10s")
    .describe("How long one attempt may take."),
  retry: retry.prefault({}),
  rate: decimal({ min: 0.001, max: 100_000 })
    .optional()
    .describe("Deliveries per second, on average. Default: any."),
  concurrency: whole({ min: 1, max: 1000 }).prefault(4).describe("Attempts at a time."),
  breakAfter: whole({ min: 1, max: 1_000_000 })
    .prefault(5)
    .describe("Failures in a row after which one delivery at a time tries the destination."),
  privateNetworks: oneOrMore(network())
    .optional()
    .describe("Private networks that may be reached, such as 10.0.0.0/8. Default: none."),
};

interface RequestSettings extends RouteSettings {
  readonly timeout: number;
  readonly retry: { readonly delay: number; readonly delayMax: number; readonly giveUp: number };
  readonly rate?: number | undefined;
  readonly concurrency: number;
  readonly breakAfter: number;
  readonly privateNetworks?: readonly string[] | undefined;
}

function toRequesting(given: RequestSettings): Omit<RequestingConfig, "name"> {
  const policy: DeliveryPolicy = {
    concurrencyMax: given.concurrency,
    perSecondMax: given.rate,
    delayMs: given.retry.delay,
    delayMaxMs: given.retry.delayMax,
    giveUpMs: given.retry.giveUp,
    breakAfter: given.breakAfter,
  };
  return {
    route: toRoute(given),
    timeoutMs: given.timeout,
    policy,
    privateNetworks: given.privateNetworks ?? [],
  };
}

function headers(): z.ZodType<Readonly<Record<string, string>>> {
  return z.record(z.string(), text()).superRefine((given, context) => {
    for (const [name, value] of Object.entries(given)) {
      for (const message of headerProblems({ [name]: value })) {
        context.addIssue({ code: "custom", path: [name], message });
      }
    }
  });
}

function webhook(): DestinationKinds["webhook"] {
  return settings({
    kind: z.literal("webhook").describe("A POST request with JSON for each alert."),
    url: httpUrl().describe("Where requests go."),
    headers: headers().prefault({}).describe("Headers of every request, by name."),
    secret: text().optional().describe("Signs every request (HMAC-SHA256). Default: not signed."),
    body: template()
      .optional()
      .describe("What is sent, with {{…}} for fields of the alert. Default: the alert."),
    ...requestShape,
  }).transform(({ kind, url, headers: own, secret, body, ...rest }) => ({
    kind,
    url,
    headers: own,
    secret,
    body,
    ...toRequesting(rest),
  }));
}

/** Anything that JSON can hold, with `{{…}}` for fields of an alert. */
function template(): z.ZodType<JsonValue> {
  return z
    .unknown()
    .refine((value) => value !== null, "is empty")
    .transform((value, context) => {
      const json = plain(value);
      if (json !== undefined) {
        for (const message of templateProblems(json)) context.addIssue({ code: "custom", message });
        return json;
      }
      context.addIssue({ code: "custom", message: "must be what JSON can hold: no .nan and no .inf" });
      return z.NEVER;
    });
}

/** The value with what was substituted as text; `undefined` where JSON has nothing for it. */
function plain(value: unknown): JsonValue | undefined {
  if (value instanceof Substituted) return value.text;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "object") return undefined;
  if (Array.isArray(value)) {
    const members = value.map(plain);
    return members.every((member) => member !== undefined) ? members : undefined;
  }
  const entries = Object.entries(value).map(([key, member]) => [key, plain(member)] as const);
  return entries.every(([, member]) => member !== undefined)
    ? (Object.fromEntries(entries) as JsonValue)
    : undefined;
}

function slack(): DestinationKinds["slack"] {
  return settings({
    kind: z.literal("slack").describe("A message in Slack."),
    url: httpUrl().describe("Address of an incoming webhook; a secret."),
    ...requestShape,
  }).transform(({ kind, url, ...rest }) => ({ kind, url, ...toRequesting(rest) }));
}

function pagerduty(): DestinationKinds["pagerduty"] {
  return settings({
    kind: z.literal("pagerduty").describe("An incident in PagerDuty (Events API v2)."),
    routingKey: credential().describe("The integration key of the service."),
    url: httpUrl()
      .prefault("https://events.pagerduty.com/v2/enqueue")
      .describe("Where requests go; https://events.eu.pagerduty.com/v2/enqueue in the EU."),
    ...requestShape,
  }).transform(({ kind, routingKey, url, ...rest }) => ({ kind, routingKey, url, ...toRequesting(rest) }));
}

function file(folder: string): DestinationKinds["file"] {
  return settings({
    kind: z.literal("file").describe("A line of JSON for each alert, exactly once."),
    path: pathIn(folder).describe("The file."),
    ...routeShape,
    closed: closed(true),
  }).transform(({ kind, path, ...rest }) => ({ kind, path, route: toRoute(rest) }));
}

function stdout(): DestinationKinds["stdout"] {
  return settings({
    kind: z.literal("stdout").describe("Standard output."),
    format: z.enum(["json", "text"]).prefault("json").describe("A line of JSON each, or blocks for people."),
    ...routeShape,
    closed: closed(false),
  }).transform(({ kind, format, ...rest }) => ({ kind, format, route: toRoute(rest) }));
}
