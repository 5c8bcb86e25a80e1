import type { Delivery } from "./destination.ts";
import {
  HttpPoster,
  outcomeOf,
  type PostRequest,
  type RequestSurroundings,
  type RequestTarget,
} from "./http-request.ts";
import type { RemoteDestination } from "./remote.ts";

export interface HttpDestinationOptions extends RequestTarget {
  readonly name: string;
}

/** What makes one kind of destination different from another. */
export interface HttpDestinationKind {
  /** Headers besides `Content-Type`, `User-Agent` and `Idempotency-Key`, and a body of JSON. */
  request(delivery: Delivery): PostRequest;
  /** A cause in the body of an answer that is not a success, without secrets. */
  readonly explain: (body: string) => string | undefined;
}

/** A destination to which every delivery is one POST of JSON. Throws `CONFIG_INVALID`. */
export function createHttpDestination(
  options: HttpDestinationOptions,
  surroundings: RequestSurroundings,
  kind: HttpDestinationKind,
): RemoteDestination {
  const poster = new HttpPoster(options, surroundings);
  return {
    name: options.name,
    async send(delivery, signal) {
      const { headers, body } = kind.request(delivery);
      const common = { "Content-Type": "application/json", "Idempotency-Key": delivery.idempotencyKey };
      return outcomeOf(await poster.post({ headers: { ...headers, ...common }, body }, signal), kind.explain);
    },
    close: () => poster.close(),
  };
}
