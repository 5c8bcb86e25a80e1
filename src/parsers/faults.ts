import { messageOf } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { RecordFault } from "../core/record.ts";

/** Why a record is no event. */
export type ParseFault = Pick<RecordFault, "reason" | "message">;

export function tooLong(bytes: number, bytesMax: number): ParseFault {
  return {
    reason: "too-long",
    message: `The record has ${bytes} bytes, more than the limit of ${bytesMax}.`,
  };
}

export function tooDeep(levelsMax: number): ParseFault {
  return {
    reason: "too-deep",
    message: `The record nests objects and arrays deeper than ${levelsMax} levels.`,
  };
}

export const notUtf8: ParseFault = { reason: "invalid-utf8", message: "The record is not valid UTF-8." };

export const notAnObject: ParseFault = {
  reason: "not-an-object",
  message: "The record is a bare JSON value; an event is an object.",
};

/** `undefined` when there is no NUL byte in the text. */
export function nulByte(text: string): ParseFault | undefined {
  const at = text.indexOf("\0");
  if (at < 0) return undefined;
  const message = `The record has a NUL byte at byte ${byteOffset(text, at)}; UTF-16 must be converted to UTF-8.`;
  return { reason: "nul-byte", message };
}

/** What `JSON.parse` threw for a text. */
export function brokenJson(error: unknown, text: string): ParseFault {
  const nul = nulByte(text);
  if (nul !== undefined) return nul;
  const [, what, at] = /^(.*?) in JSON at position (\d+)/s.exec(messageOf(error)) ?? [];
  const message =
    what === undefined ? messageOf(error) : `${what} at byte ${byteOffset(text, Number(at))} of the record`;
  return { reason: "invalid-json", message: `Broken JSON: ${message}.` };
}

export function patternMismatch(logType: string, mismatch: string): ParseFault {
  return { reason: "pattern-mismatch", message: `As text of log type ${logType} the record ${mismatch}.` };
}

/** Neither JSON nor text that any of these log types fits. */
export function unknownText(textTypes: readonly string[]): ParseFault {
  return {
    reason: "pattern-mismatch",
    message:
      `The record is not JSON, and it fits the pattern of no log type for text (${textTypes.join(", ")}). ` +
      "Name its log type with --log-type, or describe it in a log type file.",
  };
}

export function unknownLogType(fields: JsonObject): ParseFault {
  const names = Object.keys(fields);
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 40)));
  const list = names.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
  return {
    reason: "unknown-log-type",
    message:
      `No log type recognises the record (fields: ${list === "" ? "none" : list}). ` +
      "Name its log type with --log-type, or describe it in a log type file.",
  };
}

function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}
