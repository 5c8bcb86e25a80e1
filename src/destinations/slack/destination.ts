import { createHttpDestination, type HttpDestinationOptions } from "../http-destination.ts";
import type { RequestSurroundings } from "../http-request.ts";
import type { RemoteDestination } from "../remote.ts";
import { slackMessage } from "./message.ts";

/** A channel of Slack, by the address of an incoming webhook. Throws `CONFIG_INVALID`. */
export function createSlackDestination(
  options: HttpDestinationOptions,
  surroundings: RequestSurroundings,
): RemoteDestination {
  return createHttpDestination(options, surroundings, {
    request: ({ alert }) => ({ headers: {}, body: JSON.stringify(slackMessage(alert)) }),
    explain: explainAnswer,
  });
}

/** Slack answers with the name of an error, such as `invalid_payload`. Anything else is not repeated. */
function explainAnswer(body: string): string | undefined {
  const name = body.trim();
  return /^[a-z_]{1,60}$/.test(name) ? name : undefined;
}
