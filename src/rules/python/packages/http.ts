import { setTimeout as waitMs } from "node:timers/promises";

import type { Clock } from "../../../core/clock.ts";
import { messageOf, StakeoutError } from "../../../core/errors.ts";

export interface HttpOptions {
  /** Reads a `Retry-After` that is a date. */
  readonly clock: Clock;
  /** Resolves after so many milliseconds; default: a timer. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Longest silence of a server before the try counts as failed; default 30 s. */
  readonly silenceMsMax?: number;
  /** Name and password, sent to one origin only. */
  readonly credentials?: Credentials | undefined;
}

export interface Credentials {
  /** Such as `https://packages.example.com`. */
  readonly origin: string;
  /** The `Authorization` header. */
  readonly authorization: string;
}

export interface HttpRequest {
  readonly url: string;
  /** The `Accept` header; default anything. */
  readonly accept?: string;
  /** Most bytes that the answer may have. */
  readonly bytesMax: number;
}

export interface HttpAnswer {
  /** Where the answer came from in the end: relative addresses in it start here. */
  readonly url: string;
  readonly contentType: string;
  /** Bytes as the server announces them; `undefined` where it does not. */
  readonly length: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const triesMax = 4;
const firstWaitMs = 500;
const waitMsMax = 60_000;
const retriedStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that may pass. */
class PassingFailure extends Error {
  readonly retryAfter: string | undefined;

  constructor(message: string, retryAfter?: string) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** Fetches over http and https, again when a failure may pass, within limits of time and size. */
export class HttpClient {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Hands the answer to `consume`, from the beginning for every try. Answers `undefined` when there is no such page (404
   * or 410). Throws `PACKAGE_INDEX_UNREACHABLE`, and `PACKAGE_UNUSABLE` when there are more bytes than allowed.
   */
  async fetch<T>(request: HttpRequest, consume: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined> {
    const shown = withoutCredentials(request.url);
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#try(request, consume);
      } catch (error) {
        if (!(error instanceof PassingFailure)) throw error;
        const delayMs = this.#delayMs(error, tried);
        if (tried === triesMax || delayMs > waitMsMax) throw unreachable(shown, error.message);
        await (this.#options.wait ?? waitMs)(delayMs);
      }
    }
  }

  async #try<T>(request: HttpRequest, consume: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined> {
    using silence = new Silence(this.#options.silenceMsMax ?? 30_000);
    const response = await fetch(withoutCredentials(request.url), {
      headers: this.#headers(request),
      signal: silence.signal,
    }).catch((error: unknown) => {
      throw new PassingFailure(reasonOf(error));
    });
    const found = await checkResponse(request, response);
    if (!found) return undefined;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    return await consume({
      url: response.url,
      contentType: response.headers.get("content-type") ?? "",
      length: Number.isSafeInteger(length) && !response.headers.has("content-encoding") ? length : undefined,
      chunks: readChunks(request, response, silence),
    });
  }

  #headers({ url, accept }: HttpRequest): Record<string, string> {
    const { credentials } = this.#options;
    return {
      "user-agent": "stakeout",
      accept: accept ?? "*/*",
      ...(credentials?.origin === new URL(url).origin ? { authorization: credentials.authorization } : {}),
    };
  }

  #delayMs({ retryAfter }: PassingFailure, tried: number): number {
    const ownMs = firstWaitMs * 2 ** (tried - 1);
    if (retryAfter === undefined) return ownMs;
    const askedMs = /^\d+$/.test(retryAfter.trim())
      ? Number(retryAfter) * 1000
      : Date.parse(retryAfter) - this.#options.clock.nowMs();
    return Number.isFinite(askedMs) ? Math.max(0, askedMs) : ownMs;
  }
}

/** An address without name and password, for messages and files. */
export function withoutCredentials(url: string): string {
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  return plain.href;
}

/** Aborts when nothing was heard for a while. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(msMax: number) {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`no answer for ${msMax / 1000} s`));
    }, msMax);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

/** False when there is no such page. */
async function checkResponse(request: HttpRequest, response: Response): Promise<boolean> {
  const { status } = response;
  if (status !== 200) await response.body?.cancel().catch(() => {});
  if (status === 404 || status === 410) return false;
  if (retriedStatuses.has(status)) {
    throw new PassingFailure(`it answers ${status}`, response.headers.get("retry-after") ?? undefined);
  }
  const shown = withoutCredentials(request.url);
  if (status === 401 || status === 403) {
    throw unreachable(shown, `it answers ${status}: put name and password into the address of the index`);
  }
  if (status !== 200) throw unreachable(shown, `it answers ${status}`);
  if (request.url.startsWith("https:") && !response.url.startsWith("https:")) {
    throw unreachable(shown, "it leads to an address without https");
  }
  return true;
}

async function* readChunks(
  request: HttpRequest,
  response: Response,
  silence: Silence,
): AsyncGenerator<Uint8Array> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  let bytes = 0;
  for (;;) {
    const { value, done } = await (
      reader?.read() ?? Promise.resolve({ value: undefined, done: true as const })
    ).catch((error: unknown) => {
      throw new PassingFailure(reasonOf(error));
    });
    if (done) return;
    silence.heard();
    bytes += value.length;
    if (bytes > request.bytesMax) throw tooLarge(request);
    yield value;
  }
}

function tooLarge({ url, bytesMax }: HttpRequest): StakeoutError {
  return new StakeoutError(
    "PACKAGE_UNUSABLE",
    `${withoutCredentials(url)} has more than ${bytesMax} bytes, which is the limit.`,
    { fields: { url: withoutCredentials(url), bytesMax } },
  );
}

function unreachable(url: string, why: string): StakeoutError {
  return new StakeoutError("PACKAGE_INDEX_UNREACHABLE", `Cannot fetch ${url}: ${why}.`, { fields: { url } });
}

/** `fetch` hides what went wrong in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join("; ");
  return cause instanceof Error ? cause.message : error.message;
}
