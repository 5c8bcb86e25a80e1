import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { IngestConfig, TlsConfig } from "../../config/service-config.ts";
import { messageOf, StakeoutError } from "../../core/errors.ts";
import { refusalAnswer } from "./answer.ts";
import { Refusal } from "./refusal.ts";

/** How long a client may take to send the headers of a request, or to begin its first one. */
const headersMsMax = 15_000;
/** How long a connection may rest between two requests. */
const keepAliveMs = 75_000;
/** Bytes of the headers of a request. */
const headerBytesMax = 16 * 1024;

/** The server below fastify. Throws `LISTEN_FAILED` where the certificate or the key cannot be used. */
export function createListener(config: IngestConfig, onRequest: RequestListener): Server {
  const headersTimeout = Math.min(headersMsMax, config.requestMs);
  const options: ServerOptions = {
    maxHeaderSize: headerBytesMax,
    requestTimeout: config.requestMs,
    headersTimeout,
    keepAliveTimeout: keepAliveMs,
    // How exactly the two times above are kept.
    connectionsCheckingInterval: Math.max(100, Math.min(2000, Math.floor(headersTimeout / 4))),
  };
  const server =
    config.tls === undefined ? createServer(options, onRequest) : createTls(config.tls, options, onRequest);
  server.maxConnections = config.connectionsMax;
  // A client that asks before it sends a body is answered by what refuses or reads it.
  server.on("checkContinue", onRequest);
  return server;
}

function createTls(
  { certFile, keyFile }: TlsConfig,
  options: ServerOptions,
  onRequest: RequestListener,
): Server {
  try {
    const credentials = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    return createTlsServer({ ...options, ...credentials, handshakeTimeout: headersMsMax }, onRequest);
  } catch (error) {
    const message = `cannot use the certificate and the key of the listener for events: ${messageOf(error)}`;
    throw new StakeoutError("LISTEN_FAILED", message, { cause: error });
  }
}

/** Answers what is no HTTP request, or did not come in time, and ends its connection. Answers the status. */
export function refuseConnection(
  error: Error & { readonly code?: string },
  socket: Duplex,
): number | undefined {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const refusal = refusalFor(error.code);
  const { status, headers, body } = refusalAnswer(refusal);
  const lines = [
    `HTTP/1.1 ${status} ${refusal.code}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  return status;
}

function refusalFor(code: string | undefined): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new Refusal("REQUEST_TIMEOUT", "the request did not come in time");
  if (code === "HPE_HEADER_OVERFLOW") {
    return new Refusal("HEADERS_TOO_LONG", `the headers have more than ${headerBytesMax} bytes`);
  }
  return new Refusal("REQUEST_MALFORMED", "this is no valid HTTP request");
}
