import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

import {
  fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";

import type { AdminConfig } from "../../config/service-config.ts";
import { messageOf, StakeoutError } from "../../core/errors.ts";
import { printable } from "../../core/text.ts";
import type { Log } from "../log.ts";
import { createMetrics } from "../metrics/metrics.ts";
import type { AdminService } from "./admin-service.ts";
import { codeOfStatus, errorAnswer, sendUnauthorized } from "./answers.ts";
import { createHostCheck, createTokenCheck } from "./guard.ts";
import { addRoutes, statusOfError } from "./routes.ts";

export interface AdminServerOptions {
  readonly config: AdminConfig;
  readonly service: AdminService;
  readonly log: Log;
}

export interface AdminServer {
  /** Answers where it listens. Throws `LISTEN_FAILED`. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Ends connections at once, those with a request under way included. */
  close(): Promise<void>;
}

const bodyBytesMax = 1024 * 1024;
const connectionsMax = 256;
/** A request is a few lines, so whoever takes longer is not one of ours. */
const requestMs = 10_000;

const openPaths: ReadonlySet<string | undefined> = new Set(["/healthz", "/readyz"]);

/**
 * The administration API: status, metrics, health, deliveries, rules, destinations, reload. docs/operations.md describes it.
 * Throws `LISTEN_FAILED` when the certificate or its key cannot be read.
 */
export function createAdminServer({ config, service, log }: AdminServerOptions): AdminServer {
  const server = createInstance(config);
  const isTrustedToken = createTokenCheck(config.token);
  const isTrusted = (request: FastifyRequest): boolean => isTrustedToken(request.headers.authorization);
  guard(server, { config, log, isTrusted });
  answerErrors(server, log);
  addRoutes(server, { service, isTrusted, metrics: createMetrics({ read: () => service.status() }) });
  return {
    async listen() {
      const { host, port } = config;
      try {
        await server.listen({ host, port });
      } catch (error) {
        const message = `The administration cannot listen on ${host} port ${port}: ${messageOf(error)}`;
        throw new StakeoutError("LISTEN_FAILED", message, { cause: error, fields: { host, port } });
      }
      return { host, port: (server.server.address() as AddressInfo).port };
    },
    close: () => server.close(),
  };
}

function createInstance(config: AdminConfig): FastifyInstance {
  const options: ServerOptions = {
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    keepAliveTimeout: 60_000,
    connectionsCheckingInterval: 1000,
  };
  const tls = readTls(config);
  const server = fastify({
    bodyLimit: bodyBytesMax,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 4096 },
    // Its type leaves open what a reply may hold, so that nothing fits it.
    frameworkErrors: (_, __, reply) => sendWrongAddress(reply as unknown as FastifyReply),
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawAnswer(error.code));
    },
    serverFactory: (handler): Server =>
      tls === undefined
        ? createHttpServer(options, handler)
        : createHttpsServer({ ...options, ...tls }, handler),
  });
  server.server.maxConnections = connectionsMax;
  // Every body is JSON: a form of some page cannot send it without asking first.
  server.removeContentTypeParser("text/plain");
  return server;
}

function sendWrongAddress(reply: FastifyReply): void {
  void reply.code(400).send(errorAnswer("REQUEST_INVALID", "The address of the request is wrong."));
}

function readTls({ tls }: AdminConfig): { cert: Buffer; key: Buffer } | undefined {
  if (tls === undefined) return undefined;
  try {
    return { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) };
  } catch (error) {
    throw new StakeoutError(
      "LISTEN_FAILED",
      `Cannot read the administration's certificate: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

interface GuardParts {
  readonly config: AdminConfig;
  readonly log: Log;
  readonly isTrusted: (request: FastifyRequest) => boolean;
}

/** Keeps everybody out who is not allowed in, and leaves a trace of what those do who are. */
function guard(server: FastifyInstance, { config, log, isTrusted }: GuardParts): void {
  const isForUs = createHostCheck(config.host);
  let refused = 0;
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    if (!isForUs(request.headers.host)) {
      const message = "This listens on a loopback address, and answers only when asked under one.";
      return reply.code(421).send(errorAnswer("WRONG_HOST", message));
    }
    const isOpen = config.openHealth && openPaths.has(request.routeOptions.url);
    if (isOpen || isTrusted(request)) return undefined;
    refused += 1;
    // At the first, second, fourth, eighth one and so on, so that nobody can fill the log.
    if (Number.isInteger(Math.log2(refused))) {
      log.warn({ from: request.ip, refused }, "Requests of the administration have no token or a wrong one.");
    }
    return sendUnauthorized(reply);
  });
  server.addHook("onSend", async ({ method, url, ip }, { statusCode }) => {
    if (method !== "POST" || statusCode === 401 || statusCode === 421) return;
    log.info({ path: url, from: ip, status: statusCode }, "The administration was asked to do something.");
  });
}

const headers = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

function answerErrors(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler(({ method, url }, reply) => {
    const path = printable(url.split("?", 1)[0] ?? "");
    return reply.code(404).send(errorAnswer("NOT_FOUND", `There is no ${method} ${path}.`));
  });
  server.setErrorHandler<FastifyError>((error, request, reply) =>
    answerError(error, { request, reply, log }),
  );
}

interface Failed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly log: Log;
}

function answerError(error: FastifyError | StakeoutError, { request, reply, log }: Failed): FastifyReply {
  if (error instanceof StakeoutError) {
    log.warn({ error, path: request.url }, "A request of the administration failed.");
    return reply.code(statusOfError(error)).send(errorAnswer(error.code, error.message));
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return reply.code(status).send(errorAnswer(codeOfStatus(status), error.message));
  log.error({ error, path: request.url }, "A request of the administration failed unexpectedly.");
  return reply.code(500).send(errorAnswer("UNEXPECTED", "This went wrong unexpectedly; the log says more."));
}

/** The answer to what is not a request at all. */
function rawAnswer(code: string): string {
  const status = code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  const body = JSON.stringify(
    errorAnswer(codeOfStatus(status), "This is not a request of HTTP, or it took too long."),
  );
  return `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
