import type { IncomingHttpHeaders } from "node:http";
import type { SourceAuthConfig } from "../../config/service-config.ts";

/** What a webhook's sender says about a request besides its event. */
export interface WebhookSigns {
  /** A request to see whether somebody is there, with what it wants to be answered; it holds no event. */
  readonly probe: { readonly status: number; readonly body: unknown } | undefined;
  /** What the sender calls this event, the same when it sends it again. */
  readonly key: string | undefined;
}

const nothing: WebhookSigns = { probe: undefined, key: undefined };

/** Bodies that are longer hold events; they are not looked into. */
const envelopeBytesMax = 1024 * 1024;

export function webhookSigns(
  auth: SourceAuthConfig,
  headers: IncomingHttpHeaders,
  content: Buffer,
): WebhookSigns {
  if (auth.kind === "github") return githubSigns(headers);
  return auth.kind === "slack" ? slackSigns(content) : nothing;
}

function githubSigns(headers: IncomingHttpHeaders): WebhookSigns {
  const probe =
    headers["x-github-event"] === "ping" ? { status: 202, body: { accepted: 0, malformed: 0 } } : undefined;
  const key = headers["x-github-delivery"];
  return { probe, key: typeof key === "string" ? key : undefined };
}

function slackSigns(content: Buffer): WebhookSigns {
  if (content.length > envelopeBytesMax) return nothing;
  let envelope: unknown;
  try {
    envelope = JSON.parse(content.toString());
  } catch {
    // Several records, or none: what they are is found as for any other sender.
    return nothing;
  }
  if (typeof envelope !== "object" || envelope === null) return nothing;
  const { type, challenge, event_id: key } = envelope as Readonly<Record<string, unknown>>;
  if (type === "url_verification" && typeof challenge === "string") {
    return { probe: { status: 200, body: { challenge } }, key: undefined };
  }
  return { probe: undefined, key: typeof key === "string" ? key : undefined };
}
