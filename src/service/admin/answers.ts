import type { FastifyReply } from "fastify";

import type { ErrorCode } from "../../core/errors.ts";

/** Codes of the administration API besides those of docs/ERRORS.md. */
type AnswerCode =
  | "UNAUTHORIZED"
  | "WRONG_HOST"
  | "REQUEST_INVALID"
  | "REQUEST_TOO_LARGE"
  | "REQUEST_TIMEOUT"
  | "MEDIA_TYPE_UNSUPPORTED"
  | "UNEXPECTED";

/** Body of every answer that is not a success. */
export interface ErrorAnswer {
  readonly error: { readonly code: AnswerCode | ErrorCode; readonly message: string };
}

export function errorAnswer(code: AnswerCode | ErrorCode, message: string): ErrorAnswer {
  return { error: { code, message } };
}

export function sendUnauthorized(reply: FastifyReply): FastifyReply {
  return reply
    .code(401)
    .header("WWW-Authenticate", 'Bearer realm="stakeout"')
    .send(
      errorAnswer(
        "UNAUTHORIZED",
        "Send the admin token of the configuration as `Authorization: Bearer TOKEN`.",
      ),
    );
}

/** What a failure that has only a status is called. */
export function codeOfStatus(status: number): AnswerCode {
  if (status === 408) return "REQUEST_TIMEOUT";
  if (status === 413 || status === 431) return "REQUEST_TOO_LARGE";
  return status === 415 ? "MEDIA_TYPE_UNSUPPORTED" : "REQUEST_INVALID";
}
