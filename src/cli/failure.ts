import type { ErrorCode } from "../core/errors.ts";
import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { isClosedPipe, paint, type CommandIo } from "./io.ts";

/** Errors of the call or of what people wrote; everything else went wrong while running. */
const usageCodes: ReadonlySet<ErrorCode> = new Set([
  "USAGE",
  "INPUT_NOT_FOUND",
  "RULES_INVALID",
  "LOG_TYPES_INVALID",
  "CONFIG_INVALID",
  "NODE_TOO_OLD",
]);

/**
 * Tells about what ended a command, and answers the exit status: 2 for usage errors and invalid rules, 1 for the rest. A
 * known error is one line, its stack only with `debug`; an unknown one is a defect, so its stack is always shown.
 */
export function reportFailure(error: unknown, io: CommandIo, debug: boolean): number {
  if (isClosedPipe(error)) return 0;
  if (!(error instanceof StakeoutError)) {
    io.stderr.write(`${paint(io.stderr, "red", "stakeout: unexpected error")}\n${traceOf(error)}\n`);
    return 1;
  }
  // A message may quote a key or a field of an event; its own line breaks stay.
  const message = error.message.split("\n").map(printable).join("\n");
  io.stderr.write(`${paint(io.stderr, "red", `stakeout: ${message}`)}\n`);
  if (debug) io.stderr.write(`${error.code}\n${traceOf(error)}\n`);
  return usageCodes.has(error.code) ? 2 : 1;
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const trace = error.stack ?? error.message;
  return error.cause === undefined ? trace : `${trace}\nCaused by: ${traceOf(error.cause)}`;
}
