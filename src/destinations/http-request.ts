import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { STATUS_CODES } from "node:http";
import type { LookupFunction } from "node:net";

import { Agent } from "undici";

import type { Clock, Timer } from "../core/clock.ts";
import { checkUrl } from "./destination-url.ts";
import { createAddressGuard, type AddressGuard } from "./private-addresses.ts";
import type { DeliveryOutcome } from "./remote.ts";
import { PrivateAddressError, reasonOf } from "./request-failure.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Where requests go. */
export interface RequestTarget {
  /** http or https. */
  readonly url: string;
  /** How long one attempt may take, from looking up the name to the end of the answer. */
  readonly timeoutMs: number;
  /** Private networks that may be reached (CIDR). */
  readonly privateNetworks: readonly string[];
}

/** What requests need of their surroundings. */
export interface RequestSurroundings {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Of Stakeout, for `User-Agent`. */
  readonly version: string;
  /** Finds the addresses of a host name. Default: the system's. */
  readonly resolve?: Resolve;
}

export type Resolve = (
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type PostResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** The beginning of it. */
      readonly body: string;
      readonly retryAfterMs: number | undefined;
    }
  | Exclude<DeliveryOutcome, { readonly kind: "delivered" }>;

/** As much is read of an answer. */
const answerBytesMax = 64 * 1024;

/**
 * Posts to one address, each request over a connection of this object's own. A name is looked up for each connection, and only
 * addresses that were checked are connected to, so a name that changes its address gains nothing. Redirects are not followed;
 * certificates are always checked. No text that it answers holds more of the address than the host.
 */
export class HttpPoster {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #surroundings: RequestSurroundings;
  readonly #agent: Agent;

  /** Throws `CONFIG_INVALID` for an address that requests cannot or must not go to. */
  constructor({ url, timeoutMs, privateNetworks }: RequestTarget, surroundings: RequestSurroundings) {
    const guard = createAddressGuard(privateNetworks);
    this.#url = checkUrl(url, guard);
    this.#timeoutMs = timeoutMs;
    this.#surroundings = surroundings;
    this.#agent = new Agent({
      connect: {
        timeout: timeoutMs,
        // Said, because an environment variable could turn it off.
        rejectUnauthorized: true,
        lookup: guardedLookup(guard, surroundings.resolve ?? resolveBySystem),
      },
      allowH2: false,
      // One time limit holds for the whole attempt.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Makes one attempt, which `signal` ends. Never rejects. */
  async post(request: PostRequest, signal: AbortSignal): Promise<PostResult> {
    const limit = new AbortController();
    const cancel = this.#surroundings.timer.after(this.#timeoutMs, () => limit.abort());
    try {
      return await this.#send(request, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (limit.signal.aborted) {
        return { kind: "failed", reason: `${this.#url.host} did not answer within ${this.#timeoutMs} ms.` };
      }
      if (signal.aborted) return { kind: "failed", reason: "The attempt was ended because Stakeout stops." };
      return { kind: "failed", reason: reasonOf(error, this.#url.host) };
    } finally {
      cancel();
    }
  }

  /** Called when no request is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send({ headers, body }: PostRequest, signal: AbortSignal): Promise<PostResult> {
    const answering = this.#agent.request({
      origin: this.#url.origin,
      path: this.#url.pathname + this.#url.search,
      method: "POST",
      headers: { ...headers, "User-Agent": `stakeout/${this.#surroundings.version}` },
      body,
      signal,
    });
    // Undici heeds the signal only once it is connected.
    const answer = await Promise.race([answering, rejectionOf(signal)]);
    return {
      kind: "answered",
      status: answer.statusCode,
      retryAfterMs: retryAfterMs(answer.headers["retry-after"], this.#surroundings.clock.nowMs()),
      body: await readBeginning(answer.body),
    };
  }
}

/** What an answer means for a delivery. `explain` may find a cause in its body, without secrets. */
export function outcomeOf(
  result: PostResult,
  explain: (body: string) => string | undefined = () => undefined,
): DeliveryOutcome {
  if (result.kind !== "answered") return result;
  const { status, body } = result;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status >= 300 && status < 400) {
    const advice = "which is not followed: configure the address that it leads to";
    return { kind: "refused", reason: `The receiver answered ${status}, a redirect, ${advice}.` };
  }
  const cause = explain(body);
  const name = STATUS_CODES[status];
  const text = `The receiver answered ${status}${name === undefined ? "" : ` ${name}`}`;
  const reason = cause === undefined ? `${text}.` : `${text}: ${cause}.`;
  if (status < 500 && !retryableStatuses.has(status)) return { kind: "refused", reason };
  return { kind: "failed", reason, retryAfterMs: result.retryAfterMs };
}

/** Rejects when the signal is given. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(new Error("The request was ended."));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return promise;
}

const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

const resolveBySystem: Resolve = (hostname, callback) => systemLookup(hostname, { all: true }, callback);

/** A lookup that hides addresses which must not be connected to. */
function guardedLookup(guard: AddressGuard, resolve: Resolve): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname, (error, found) => {
      if (error !== null) return callback(error, "");
      const [first, ...others] = found.filter(({ address }) => guard.allows(address));
      if (first === undefined) return callback(new PrivateAddressError(hostname, found[0]?.address), "");
      if (all === true) return callback(null, [first, ...others]);
      callback(null, first.address, first.family);
    });
  };
}

/** The status decides; an answer that breaks off, or never ends, is still one. */
async function readBeginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytesMax) break;
    }
  } catch {
    // What came before is all there is.
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString("utf8");
}
