import { printable } from "../../core/text.ts";
import { cut } from "../cut.ts";
import { createHttpDestination, type HttpDestinationOptions } from "../http-destination.ts";
import type { RequestSurroundings } from "../http-request.ts";
import type { RemoteDestination } from "../remote.ts";
import { pagerDutyEvent } from "./event.ts";

export interface PagerDutyOptions extends HttpDestinationOptions {
  /** Integration key of the service. */
  readonly routingKey: string;
}

/** A service of PagerDuty, by its Events API v2. Throws `CONFIG_INVALID`. */
export function createPagerDutyDestination(
  options: PagerDutyOptions,
  surroundings: RequestSurroundings,
): RemoteDestination {
  const { routingKey } = options;
  return createHttpDestination(options, surroundings, {
    request: ({ alert }) => ({ headers: {}, body: JSON.stringify(pagerDutyEvent(alert, routingKey)) }),
    explain: (body) => explainAnswer(body.replaceAll(routingKey, "…")),
  });
}

const explanationLengthMax = 300;

/** PagerDuty answers `{"status": …, "message": …, "errors": […]}`. */
function explainAnswer(body: string): string | undefined {
  const answer = parse(body);
  if (typeof answer !== "object" || answer === null) return undefined;
  const { message, errors } = answer as { readonly message?: unknown; readonly errors?: unknown };
  const texts = [message, ...(Array.isArray(errors) ? (errors as readonly unknown[]) : [])].filter(
    (text) => typeof text === "string",
  );
  return texts.length === 0
    ? undefined
    : cut(printable(texts.join("; ").replace(/\.$/, "")), explanationLengthMax);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
