import type { IncomingMessage } from "node:http";
import type { Holding } from "./held-bytes.ts";
import { Pieces } from "./pieces.ts";
import { Refusal } from "./refusal.ts";

export interface BodyOptions {
  readonly bodyBytesMax: number;
  /** Takes what is read. */
  readonly holding: Holding;
}

/** The whole body as it was sent, in pieces. */
export async function readBody(
  request: IncomingMessage,
  options: BodyOptions,
): Promise<readonly Buffer[] | Refusal> {
  const { bodyBytesMax } = options;
  const tooLong = new Refusal(
    "BODY_TOO_LONG",
    `the body has more than ${bodyBytesMax} bytes; send fewer events at a time, or raise bodyBytesMax`,
  );
  const incomplete = new Refusal("REQUEST_INCOMPLETE", "the body ended before it was whole");
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) return tooLong;
  if (request.destroyed) return incomplete;
  const pieces = new Pieces();
  let bytes = 0;
  return new Promise((resolve) => {
    const end = (outcome: readonly Buffer[] | Refusal): void => {
      request.off("data", take).off("end", complete).off("close", cut);
      resolve(outcome);
    };
    const take = (piece: Buffer): void => {
      bytes += piece.length;
      const refusal = bytes > bodyBytesMax ? tooLong : options.holding.take(piece.length);
      if (refusal === undefined) pieces.push(piece);
      else end(refusal);
    };
    const complete = (): void => end(pieces.end());
    const cut = (): void => end(incomplete);
    // The stream tells of a lost connection as an error first; that it closes is all that matters here.
    request.on("error", () => undefined);
    request.on("data", take).on("end", complete).on("close", cut);
  });
}

/**
 * Passes over what is still to come of a body that was refused, so that the client gets to read the answer. A client that
 * goes on for longer than any body may be is cut off.
 */
export function discardBody(request: IncomingMessage, bodyBytesMax: number): void {
  let bytes = 0;
  request.on("error", () => undefined);
  request.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > bodyBytesMax) request.destroy();
  });
  request.resume();
}
