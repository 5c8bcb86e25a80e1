import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";

import { StakeoutError } from "../../core/errors.ts";
import { printable } from "../../core/text.ts";
import type { CommandAnswer } from "../../engine/lane-messages.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { AdminService, DeliveryQuery, DeliverySelection } from "./admin-service.ts";
import { errorAnswer } from "./answers.ts";
import { ailmentsOf } from "./health.ts";

export interface RouteParts {
  readonly service: AdminService;
  readonly metrics: Metrics;
  /** Whether a request carries the token. */
  readonly isTrusted: (request: FastifyRequest) => boolean;
}

/** All routes. Whoever may not ask has been sent away before they are reached. */
export function addRoutes(server: FastifyInstance, parts: RouteParts): void {
  addHealth(server, parts);
  addReading(server, parts);
  addDeliveries(server, parts);
  addActions(server, parts);
}

function addHealth(server: FastifyInstance, { service, isTrusted }: RouteParts): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, reasons: readonly string[]): FastifyReply => {
    const status = reasons.length === 0 ? "ok" : "failing";
    // Who does not know the token learns nothing about what is inside.
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send(isTrusted(request) ? { status, reasons } : { status });
  };
  server.get("/healthz", (request, reply) => answer(request, reply, ailmentsOf(service.status())));
  server.get("/readyz", (request, reply) => {
    const { ready, reasons } = service.ready();
    return answer(request, reply, ready ? [] : reasons.length === 0 ? ["It is not ready."] : reasons);
  });
}

function addReading(server: FastifyInstance, { service, metrics }: RouteParts): void {
  server.get("/v1/status", (_, reply) => reply.send(service.status()));
  server.get("/metrics", async (_, reply) =>
    reply.header("Content-Type", metrics.contentType).send(await metrics.read()),
  );
}

const pageSizeMax = 1000;
const keysMax = 10_000;
const keyCharactersMax = 1024;

const name = z.string().min(1).max(keyCharactersMax);

const deliveryQuery = z.strictObject({
  abandoned: z.enum(["true", "false"]).default("false"),
  destination: name.optional(),
  limit: z.coerce.number().int().min(1).max(pageSizeMax).default(100),
  after: name.optional(),
});

const selection = z.union([
  z.strictObject({ keys: z.array(name).min(1).max(keysMax) }),
  z.strictObject({ destination: name }),
  z.strictObject({ all: z.literal(true) }),
]);

function addDeliveries(server: FastifyInstance, { service }: RouteParts): void {
  server.get("/v1/deliveries", async (request, reply) => {
    const query = deliveryQuery.safeParse(request.query);
    if (!query.success) return sendInvalid(reply, sentenceOf(query.error));
    return reply.send(await service.listDeliveries(queryOf(query.data)));
  });
  server.get<{ Params: { key: string } }>("/v1/deliveries/:key", async ({ params }, reply) => {
    const delivery = await service.findDelivery(params.key);
    return delivery === undefined ? sendNotFound(reply, `delivery ${params.key}`) : reply.send(delivery);
  });
  const change = (path: string, act: (chosen: DeliverySelection) => Promise<CommandAnswer>): void => {
    server.post(path, async ({ body }, reply) => {
      const chosen = selection.safeParse(body);
      if (chosen.success) return reply.send(await act(selectionOf(chosen.data)));
      return sendInvalid(
        reply,
        `Send one of {"keys":[…]}, with at most ${keysMax}, {"destination":"…"}, {"all":true}.`,
      );
    });
  };
  change("/v1/deliveries/retry", (chosen) => service.retryDeliveries(chosen));
  change("/v1/deliveries/drop", (chosen) => service.dropDeliveries(chosen));
}

function queryOf({ abandoned, destination, limit, after }: z.infer<typeof deliveryQuery>): DeliveryQuery {
  return { abandoned: abandoned === "true", destination, limit, after };
}

function selectionOf(chosen: z.infer<typeof selection>): DeliverySelection {
  if ("keys" in chosen) return { kind: "keys", keys: chosen.keys };
  if ("destination" in chosen) return { kind: "destination", destination: chosen.destination };
  return { kind: "all" };
}

function addActions(server: FastifyInstance, { service }: RouteParts): void {
  server.post("/v1/reload", async (_, reply) => {
    const { ok, problems } = await service.reload();
    if (ok) return reply.send({ ok, problems });
    const message = "The new rules or log types have problems; those that ran before go on.";
    return reply.code(422).send({ ...errorAnswer("RULES_INVALID", message), ok, problems });
  });
  addRuleActions(server, service);
  server.post<{ Params: { name: string } }>("/v1/destinations/:name/test", async ({ params }, reply) => {
    const outcome = await service.testDestination(params.name);
    return outcome === undefined
      ? sendNotFound(reply, `destination ${params.name}`)
      : reply.send({ outcome });
  });
}

function addRuleActions(server: FastifyInstance, service: AdminService): void {
  const actions: Readonly<Record<string, (id: string) => Promise<CommandAnswer | undefined>>> = {
    promote: (id) => service.promoteRule(id),
    stage: (id) => service.stageRule(id),
    resume: (id) => service.resumeRule(id),
  };
  for (const [action, act] of Object.entries(actions)) {
    server.post<{ Params: { id: string } }>(`/v1/rules/:id/${action}`, async ({ params }, reply) => {
      const answer = await act(params.id);
      return answer === undefined ? sendNotFound(reply, `rule ${params.id}`) : reply.send(answer);
    });
  }
}

function sendNotFound(reply: FastifyReply, what: string): FastifyReply {
  return reply.code(404).send(errorAnswer("NOT_FOUND", `There is no ${printable(what)}.`));
}

function sendInvalid(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(400).send(errorAnswer("REQUEST_INVALID", message));
}

function sentenceOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return "The query is wrong.";
  return `The query is wrong: ${printable([...issue.path.map(String), issue.message].join(": "))}.`;
}

/** The status of an answer to something that was thrown. */
export function statusOfError(error: unknown): number {
  return error instanceof StakeoutError && error.retryable ? 503 : 500;
}
