import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { Agent, request, type Dispatcher } from "undici";

import { loadServiceConfig } from "../config/service-file/read-service-config.ts";
import type { AdminConfig } from "../config/service-config.ts";
import { messageOf, StakeoutError } from "../core/errors.ts";

/** Which service a command speaks to: the one of a configuration, unless address and token say otherwise. */
export interface ServiceOptions {
  /** Configuration file. */
  readonly config: string;
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface ServiceRequest {
  readonly method?: "GET" | "POST";
  /** Begins with `/`; its parts are encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take. Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
}

const defaultTimeoutMs = 10_000;
/** More than the status of a service with ten thousand rules takes. */
const answerBytesMax = 64 * 1024 * 1024;

/** Opens the way to a running service for one command, and closes it whatever happens. */
export async function withService<T>(
  options: ServiceOptions,
  use: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const client = new ServiceClient(resolveAddress(options));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

interface ServiceAddress {
  readonly origin: string;
  readonly token: string;
  /** The only certificate to be taken, in PEM; `undefined` takes those of known authorities. */
  readonly certificate: string | undefined;
}

/** The administration API of a running service. */
export class ServiceClient {
  /** Where the service is, for people. */
  readonly origin: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor({ origin, token, certificate }: ServiceAddress) {
    this.origin = origin;
    this.#token = token;
    // Whoever holds the key of the configured certificate is the service, whatever name the certificate is made for.
    const connect =
      certificate === undefined
        ? {}
        : { ca: certificate, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
    this.#agent = new Agent({ connect, maxResponseSize: answerBytesMax, connections: 1 });
  }

  /**
   * The body of a successful answer. Throws `SERVICE_UNREACHABLE`; `NOT_FOUND` for something that the service does not know;
   * `SERVICE_REFUSED` for everything else that is no success.
   */
  async ask<T>(asked: ServiceRequest): Promise<T> {
    const { status, body } = await this.send(asked);
    if (status >= 200 && status < 300) return body as T;
    throw this.refusal(status, body);
  }

  /** The answer whatever its status is; a refused token and what is no answer of Stakeout are thrown all the same. */
  async send({
    method = "GET",
    path,
    body,
    timeoutMs = defaultTimeoutMs,
    signal,
  }: ServiceRequest): Promise<ServiceAnswer> {
    const { statusCode, text } = await this.#exchange(path, {
      method,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (statusCode === 401) {
      const message =
        `The service at ${this.origin} refuses the token. Use the configuration that it was started with (-c), ` +
        "or name a file with its token (--token-file).";
      throw new StakeoutError("SERVICE_REFUSED", message);
    }
    return { status: statusCode, body: this.#parse(text) };
  }

  /** What a refused request is for whoever asked. */
  refusal(status: number, body: unknown): StakeoutError {
    const { error } = body as { error?: { code?: unknown; message?: unknown } };
    const message = typeof error?.message === "string" ? error.message : `It answers with status ${status}.`;
    if (error?.code === "NOT_FOUND") return new StakeoutError("NOT_FOUND", message);
    return new StakeoutError("SERVICE_REFUSED", `The service at ${this.origin} refused: ${message}`, {
      fields: { status },
    });
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #exchange(
    path: string,
    options: Omit<Dispatcher.RequestOptions, "path" | "origin">,
  ): Promise<{ statusCode: number; text: string }> {
    try {
      const { statusCode, body } = await request(this.origin + path, { ...options, dispatcher: this.#agent });
      return { statusCode, text: await body.text() };
    } catch (error) {
      const message =
        `Cannot reach the service at ${this.origin}: ${messageOf(error)}. ` +
        "Is `stakeout serve` running, and is this the address of its administration (-c or --url)?";
      throw new StakeoutError("SERVICE_UNREACHABLE", message, { cause: error });
    }
  }

  #parse(text: string): unknown {
    try {
      const body: unknown = JSON.parse(text);
      if (typeof body === "object" && body !== null) return body;
    } catch {
      // Told below, with what is not an object.
    }
    const message = `What answers at ${this.origin} is not the administration of Stakeout. Check the address (-c or --url).`;
    throw new StakeoutError("SERVICE_REFUSED", message);
  }
}

/** Throws `USAGE`, `INPUT_NOT_FOUND` and what reading the configuration throws. */
function resolveAddress({ config, url, tokenFile }: ServiceOptions): ServiceAddress {
  const given = tokenFile === undefined ? undefined : readToken(tokenFile);
  const origin = url === undefined ? undefined : originOf(url);
  if (origin !== undefined && given !== undefined) return { origin, token: given, certificate: undefined };
  const { admin } = loadServiceConfig(config, process.env).config;
  const token = given ?? admin.token;
  // A certificate of the configuration says nothing about who answers at another address.
  if (origin !== undefined) return { origin, token, certificate: undefined };
  return { origin: configuredOrigin(admin), token, certificate: certificateOf(admin) };
}

function originOf(url: string): string {
  const parsed = URL.parse(url);
  if (
    parsed !== null &&
    /^https?:$/.test(parsed.protocol) &&
    parsed.pathname === "/" &&
    parsed.search === ""
  ) {
    return parsed.origin;
  }
  throw new StakeoutError("USAGE", "--url must be an address such as http://127.0.0.1:8481.");
}

function configuredOrigin({ host, port, tls }: AdminConfig): string {
  if (port === 0) {
    throw new StakeoutError(
      "USAGE",
      "The administration listens on any free port; name its address with --url.",
    );
  }
  // A listener on all addresses is asked on this machine's own.
  const name = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `${tls === undefined ? "http" : "https"}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function certificateOf({ tls }: AdminConfig): string | undefined {
  if (tls === undefined) return undefined;
  try {
    // Of a chain only the first is the service's own.
    return new X509Certificate(readFileSync(tls.certFile)).toString();
  } catch (error) {
    throw new StakeoutError(
      "INPUT_NOT_FOUND",
      `Cannot read the certificate ${tls.certFile}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new StakeoutError("INPUT_NOT_FOUND", `Cannot read the token file ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new StakeoutError("USAGE", `The token file ${file} must hold the admin token and nothing else.`);
}
