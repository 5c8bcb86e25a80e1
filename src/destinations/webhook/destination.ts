import type { Alert } from "../../core/alert.ts";
import { StakeoutError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { alertLine } from "../alert-line.ts";
import { createHttpDestination, type HttpDestinationOptions } from "../http-destination.ts";
import type { RequestSurroundings } from "../http-request.ts";
import type { RemoteDestination } from "../remote.ts";
import { renderTemplate, templateProblems } from "../template.ts";
import { headerProblems } from "./headers.ts";
import { signatureOf } from "./signature.ts";

export interface WebhookOptions extends HttpDestinationOptions {
  /** Sent with every request, besides those that Stakeout sets itself. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs every request; `undefined` sends no signature. */
  readonly secret: string | undefined;
  /** What is sent, with `{{…}}` for fields of the alert; `undefined` sends the alert as it is. */
  readonly body: JsonValue | undefined;
}

/** A service of the user's own. Throws `CONFIG_INVALID` for options that `webhookProblems` finds something wrong with. */
export function createWebhookDestination(
  options: WebhookOptions,
  surroundings: RequestSurroundings,
): RemoteDestination {
  const problems = webhookProblems(options);
  if (problems.length > 0) throw new StakeoutError("CONFIG_INVALID", problems.join(" "));
  const { headers, secret, body: template } = options;
  return createHttpDestination(options, surroundings, {
    request({ alert }) {
      const body = bodyOf(template, alert);
      const timestamp = String(Math.floor(surroundings.clock.nowMs() / 1000));
      const signature =
        secret === undefined ? {} : { "X-Stakeout-Signature": signatureOf(secret, timestamp, body) };
      return { headers: { ...headers, "X-Stakeout-Timestamp": timestamp, ...signature }, body };
    },
    // It could repeat what it was sent, headers and all.
    explain: () => undefined,
  });
}

/** What is wrong with headers and template: sentences for people. */
export function webhookProblems({
  headers,
  body,
}: Pick<WebhookOptions, "headers" | "body">): readonly string[] {
  return [...headerProblems(headers), ...(body === undefined ? [] : templateProblems(body))];
}

function bodyOf(template: JsonValue | undefined, alert: Alert): string {
  return template === undefined
    ? alertLine(alert).trimEnd()
    : JSON.stringify(renderTemplate(template, alert));
}
