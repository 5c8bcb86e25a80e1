import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { HttpSourceConfig } from "../../../config/service-config.ts";
import type { Outcome } from "../answer.ts";
import { type Intake, unauthorized } from "../intake.ts";
import { elasticAnswer, elasticRefusal } from "./answers.ts";
import { BulkReceiver } from "./bulk.ts";
import { type Probe, probes } from "./probes.ts";

/** Answers one request. */
export type RouteHandler = (request: FastifyRequest, reply: FastifyReply) => Outcome | Promise<Outcome>;

/** A handler as fastify calls it. */
export type FastifyHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

interface ElasticParams {
  readonly source?: string;
  readonly index?: string;
}

/**
 * Adds what clients of Elasticsearch use: below `/`, where the token tells the source, and below `/es/{source}/` for clients
 * that take a path before their own.
 */
export function addElasticRoutes(
  app: FastifyInstance,
  intake: Intake,
  wrap: (handler: RouteHandler) => FastifyHandler,
): void {
  const receiver = new BulkReceiver(intake);
  const bulk = wrap((request, reply) => {
    const allowed = allowedSources(intake, request);
    const { index } = request.params as ElasticParams;
    return allowed.length === 0 ? refuse(request) : receiver.receive({ request, reply, allowed, index });
  });
  for (const prefix of ["/", "/es/:source/"]) {
    for (const path of ["_bulk", ":index/_bulk"]) {
      app.route({ method: ["POST", "PUT"], url: prefix + path, handler: bulk });
    }
    for (const { method, path, answer } of probes) {
      app.route({ method, url: prefix + path, handler: wrap(probing(intake, answer)) });
    }
  }
}

function probing(intake: Intake, answer: Probe["answer"]): RouteHandler {
  return (request) => {
    const allowed = allowedSources(intake, request);
    if (allowed.length === 0) return refuse(request);
    const { localAddress = "", localPort = 0 } = request.raw.socket;
    const address = `${localAddress.includes(":") ? `[${localAddress}]` : localAddress}:${localPort}`;
    return {
      sources: allowed.length === 1 ? allowed.map(({ name }) => name) : [],
      answer: elasticAnswer(200, answer({ address }), request.headers),
    };
  };
}

/** Sources that a request may send to, by its path or its token. Those with signatures are named in a path only. */
function allowedSources(intake: Intake, request: FastifyRequest): readonly HttpSourceConfig[] {
  const { source: name } = request.params as ElasticParams;
  if (name === undefined) return intake.authenticator.sourcesFor(request.headers);
  const source = intake.sources.get(name);
  return intake.authenticator.admits(source, request.headers) && source !== undefined ? [source] : [];
}

function refuse({ headers }: FastifyRequest): Outcome {
  return { sources: [], answer: elasticRefusal(unauthorized(), headers) };
}
