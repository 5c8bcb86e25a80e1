import { z } from "zod";

import type { FilesSourceConfig, HttpSourceConfig, SourceAuthConfig } from "../service-config.ts";
import { credential, oneOrMore, pathIn, settings, text } from "./values.ts";

/** A source or destination before it has its name. */
export type Unnamed<Config> = Config extends unknown ? Omit<Config, "name"> : never;

/** Settings that say who may send to an HTTP source; each source has exactly one. */
export const authSettings = ["token", "tokens", "github", "slack", "auth"] as const;

const shape = {
  logType: text().optional().describe("Log type of every event; else it is recognised."),
  format: z
    .enum(["auto", "lines", "array", "envelope", "documents"])
    .prefault("auto")
    .describe("How records stand in a body or file."),
  envelope: text()
    .optional()
    .describe("Field that holds the array of records; CloudTrail's Records is recognised."),
};

export type SourceKinds = {
  readonly http: z.ZodType<Unnamed<HttpSourceConfig>>;
  readonly files: z.ZodType<Unnamed<FilesSourceConfig>>;
};

/** What may stand under a name in `sources`, by its `kind`. */
export function sourceKinds(folder: string): SourceKinds {
  return { http: httpSource(), files: filesSource(folder) };
}

function httpSource(): SourceKinds["http"] {
  const secret = settings({ secret: text().describe("The secret that signs requests.") });
  return settings({
    kind: z.literal("http").describe("Events that clients send to /v1/events/NAME, or by _bulk."),
    ...shape,
    token: credential().optional().describe("The token that clients send."),
    tokens: oneOrMore(credential()).optional().describe("Several tokens, so that one can be replaced."),
    github: secret.optional().describe("Requests that GitHub signs (X-Hub-Signature-256)."),
    slack: secret.optional().describe("Requests that Slack signs (X-Slack-Signature)."),
    auth: z.literal("none").optional().describe("Takes events from anybody who can connect."),
  }).transform(({ kind, logType, format, envelope, ...auth }) => ({
    kind,
    logType,
    format,
    envelopeField: envelope,
    auth: authOf(auth),
  }));
}

interface AuthSettings {
  readonly token?: string | undefined;
  readonly tokens?: readonly string[] | undefined;
  readonly github?: { readonly secret: string } | undefined;
  readonly slack?: { readonly secret: string } | undefined;
}

function authOf({ token, tokens, github, slack }: AuthSettings): SourceAuthConfig {
  if (token !== undefined) return { kind: "token", tokens: [token] };
  if (tokens !== undefined) return { kind: "token", tokens };
  if (github !== undefined) return { kind: "github", secret: github.secret };
  if (slack !== undefined) return { kind: "slack", secret: slack.secret };
  return { kind: "none" };
}

function filesSource(folder: string): SourceKinds["files"] {
  return settings({
    kind: z.literal("files").describe("Files that are followed as they grow, are rotated and appear."),
    ...shape,
    paths: oneOrMore(pathIn(folder)).describe("Files, folders, patterns such as logs/**/*.json."),
    from: z
      .enum(["start", "end"])
      .prefault("start")
      .describe("Where a file begins that was never read before."),
  }).transform(({ envelope, logType, ...rest }) => ({ ...rest, logType, envelopeField: envelope }));
}
