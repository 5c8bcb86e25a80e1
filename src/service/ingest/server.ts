import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { HttpSourceConfig, IngestConfig } from "../../config/service-config.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { messageOf, StakeoutError } from "../../core/errors.ts";
import type { Spool } from "../../sources/spool/spool.ts";
import { type Outcome, refusalAnswer } from "./answer.ts";
import { Authenticator } from "./auth.ts";
import { discardBody } from "./body.ts";
import { type IngestStatus, type IngestTotals, RequestCounter, SourceCounters } from "./counters.ts";
import { addElasticRoutes, type FastifyHandler, type RouteHandler } from "./elastic/routes.ts";
import { receiveEvents } from "./events.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { Intake } from "./intake.ts";
import { createListener, refuseConnection } from "./listener.ts";
import { Joiner } from "./pieces.ts";
import { type IngestLog, RefusalLog } from "./refusal-log.ts";
import { Refusal } from "./refusal.ts";
import { ContentSplitter } from "./split.ts";

export interface IngestServerOptions {
  readonly config: IngestConfig;
  /** Names unique. */
  readonly sources: readonly HttpSourceConfig[];
  readonly spool: Pick<Spool, "append">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: IngestLog;
}

/** Takes events over HTTP, and acknowledges them once the spool has them. */
export interface IngestServer {
  /** Begins to listen. Throws `LISTEN_FAILED`. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** What was accepted for a source, by name. Called often. */
  status(source: string): IngestStatus;
  /** What belongs to no source. Called often. */
  totals(): IngestTotals;
  /**
   * Refuses new requests, and waits up to `drainMs` for those under way before it cuts them off. Called any number of times,
   * also without `listen`: the shortest wait counts.
   */
  close(drainMs: number): Promise<void>;
}

/** Throws `LISTEN_FAILED` where the certificate or the key cannot be used. */
export function createIngestServer(options: IngestServerOptions): IngestServer {
  return new FastifyIngestServer(options);
}

/** How long a client is asked to wait for a service that stops, most likely to start again. */
const drainingRetryAfterMs = 5000;

class FastifyIngestServer implements IngestServer {
  readonly #options: IngestServerOptions;
  readonly #intake: Intake;
  readonly #app: FastifyInstance;
  readonly #counters: ReadonlyMap<string, SourceCounters>;
  readonly #unattributed = new RequestCounter();
  #connections = 0;
  #droppedConnections = 0;
  #draining = false;

  constructor(options: IngestServerOptions) {
    const { config, sources, spool, clock, log } = options;
    this.#options = options;
    this.#counters = new Map(sources.map(({ name }) => [name, new SourceCounters()]));
    this.#intake = {
      config,
      sources: new Map(sources.map((source) => [source.name, source])),
      authenticator: new Authenticator(sources),
      spool,
      clock,
      held: new HeldBytes(config.heldBytesMax),
      joiner: new Joiner(),
      splitter: new ContentSplitter(),
      counters: this.#counters,
      refusalLog: new RefusalLog(log, clock),
    };
    this.#app = this.#createApp();
  }

  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port } = this.#options.config;
    try {
      await this.#app.listen({ host, port });
    } catch (error) {
      const message = `cannot listen for events on ${host}:${port}: ${messageOf(error)}`;
      throw new StakeoutError("LISTEN_FAILED", message, { cause: error });
    }
    const address = this.#app.server.address();
    return address === null || typeof address === "string"
      ? { host, port }
      : { host: address.address, port: address.port };
  }

  status(source: string): IngestStatus {
    const counters = this.#counters.get(source) ?? new SourceCounters();
    return counters.status();
  }

  totals(): IngestTotals {
    return {
      requests: { ...this.#unattributed.requests },
      connections: this.#connections,
      droppedConnections: this.#droppedConnections,
      heldBytes: this.#intake.held.bytes,
    };
  }

  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    const cancel = this.#options.timer.after(drainMs, () => this.#app.server.closeAllConnections());
    try {
      await this.#app.close();
    } finally {
      cancel();
    }
  }

  #createApp(): FastifyInstance {
    const { config } = this.#options;
    const app = fastify({
      logger: false,
      // The answer says the same in the form of all other refusals.
      return503OnClosing: false,
      forceCloseConnections: "idle",
      routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
      serverFactory: (onRequest) => createListener(config, onRequest),
      clientErrorHandler: (error, socket) => {
        const status = refuseConnection(error, socket);
        if (status !== undefined) this.#count(status, []);
      },
      frameworkErrors: (_error, request, reply) => {
        const refusal = new Refusal("REQUEST_MALFORMED", "the path of the request cannot be read");
        this.#send(request, reply, { sources: [], answer: refusalAnswer(refusal) });
      },
    });
    app.server.on("connection", (socket) => {
      this.#connections++;
      socket.once("close", () => this.#connections--);
    });
    app.server.on("drop", () => this.#droppedConnections++);
    // Bodies are read by the handlers, once they know who sends them.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    this.#addRoutes(app);
    return app;
  }

  #addRoutes(app: FastifyInstance): void {
    const wrap = (handler: RouteHandler): FastifyHandler => this.#wrap(handler);
    app.post(
      "/v1/events/:source",
      wrap((request, reply) => receiveEvents(this.#intake, request, reply)),
    );
    addElasticRoutes(app, this.#intake, wrap);
    app.setNotFoundHandler(wrap((request) => ({ sources: [], answer: refusalAnswer(noRoute(request)) })));
    app.setErrorHandler((error, request, reply) => {
      const refusal = this.#refusalOf(error);
      return this.#send(request, reply, { sources: [], answer: refusalAnswer(refusal) });
    });
  }

  #wrap(handler: RouteHandler): FastifyHandler {
    return async (request, reply) => {
      if (!this.#draining) return this.#send(request, reply, await handler(request, reply));
      const refusal = new Refusal("DRAINING", "the service stops; send this again later", {
        retryAfterMs: drainingRetryAfterMs,
      });
      return this.#send(request, reply, { sources: [], answer: refusalAnswer(refusal) });
    };
  }

  #send(request: FastifyRequest, reply: FastifyReply, { sources, answer }: Outcome): FastifyReply {
    this.#count(answer.status, sources);
    void reply.code(answer.status).headers(answer.headers);
    // A connection that rests would keep the server from closing.
    if (this.#draining) void reply.header("connection", "close");
    if (!request.raw.complete) this.#finishBody(request, reply);
    // As bytes, or fastify would add to the content type.
    return reply.send(Buffer.from(answer.body));
  }

  #count(status: number, sources: readonly string[]): void {
    if (sources.length === 0) this.#unattributed.count(status);
    for (const source of sources) this.#counters.get(source)?.count(status);
    if (status >= 400) this.#intake.refusalLog.refused(status, sources[0]);
  }

  #finishBody(request: FastifyRequest, reply: FastifyReply): void {
    const isAwaited = request.headers.expect === undefined || request.raw.readableFlowing !== null;
    if (isAwaited) discardBody(request.raw, this.#options.config.bodyBytesMax);
    // A client that asked first and was refused sends no body: what comes next would be taken for it.
    else void reply.header("connection", "close");
  }

  #refusalOf(error: unknown): Refusal {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 415) {
      return new Refusal("CONTENT_TYPE_UNSUPPORTED", "the header Content-Type cannot be read");
    }
    this.#intake.refusalLog.failed(error);
    return new Refusal("INTERNAL", "the request failed unexpectedly; the log of the service says why");
  }
}

function noRoute({ method, url }: FastifyRequest): Refusal {
  const path = url.split("?", 1)[0] ?? "";
  if (/^\/v1\/events\/[^/]+$/.test(path) && method !== "POST") {
    return new Refusal("METHOD_NOT_ALLOWED", "send events with POST", { headers: { allow: "POST" } });
  }
  if (/(^|\/)_bulk$/.test(path)) {
    return new Refusal("METHOD_NOT_ALLOWED", "send events with POST", { headers: { allow: "POST, PUT" } });
  }
  return new Refusal("NOT_FOUND", "there is nothing here; send events to /v1/events/SOURCE or to _bulk");
}
