import { createServer as createPlainServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

import { onTestFinished } from "vitest";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver does with a request. */
export type Reaction =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Ends the connection without an answer. */
  | "reset"
  /** Never answers. */
  | "hang"
  /** Answers 200, and never ends the body. */
  | "hang-in-body"
  /** Answers 200 and half of a body, and ends the connection. */
  | "reset-in-body"
  /** Answers 200 and a body that goes on for as long as anybody reads. */
  | "endless"
  /** Answers with something that is not HTTP. */
  | "garbage";

export interface Receiver {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  readonly connections: () => number;
  /** Resolves when so many requests have come. */
  readonly received: (count: number) => Promise<void>;
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** A local server that reacts to each request; it ends with the test. */
export async function startReceiver(
  react: (request: ReceivedRequest) => Reaction,
  tls?: Tls,
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString("utf8") };
      requests.push(received);
      for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
      const reaction = react(received);
      if (reaction === "reset") request.socket.destroy();
      else if (reaction === "hang") return;
      else if (reaction === "garbage") request.socket.end("this is not HTTP\r\n\r\n");
      else if (reaction === "hang-in-body") response.writeHead(200).write("o");
      else if (reaction === "reset-in-body") {
        response.writeHead(200, { "Content-Length": "100" }).write("half", () => request.socket.destroy());
      } else if (reaction === "endless") {
        response.writeHead(200);
        const piece = Buffer.alloc(16 * 1024, "x");
        const more = (): void => {
          while (!response.destroyed && response.write(piece));
        };
        response.on("drain", more);
        more();
      } else response.writeHead(reaction.status, reaction.headers).end(reaction.body ?? "");
    });
  };
  const server = tls === undefined ? createPlainServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    received: (count) =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
  };
}
