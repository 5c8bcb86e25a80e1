import { messageOf, StakeoutError } from "../core/errors.ts";
import { isThenable, type JsonObject } from "../core/json.ts";
import { describeValue } from "./describe-value.ts";
import { limitText } from "./limit-text.ts";
import { thrownShown } from "./thrown.ts";

/** Most characters (UTF-16 code units) of an alert context as JSON text. */
const contextCharactersMax = 204_800;

/**
 * An alert context as JSON text of an object within the limits: what a runtime answers that has checked it already. Most
 * matches belong to an alert that is open, so that nobody looks at their context.
 */
export class ContextText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): JsonObject {
    return JSON.parse(this.#text) as JsonObject;
  }
}

/**
 * The alert context that an answer of `alertContext` makes: a copy, so that nothing the rule does later changes it. Throws
 * `RULE_RESULT_INVALID` when it is not an object, holds something that JSON cannot, or is too large.
 */
export function toContext(answer: unknown, ruleId: string): JsonObject {
  const text = toJsonText(answer, ruleId);
  if (text.length > contextCharactersMax) {
    throw invalid(
      `alert_context size is [${text.length}] characters, bigger than maximum of [${contextCharactersMax}] characters`,
      ruleId,
    );
  }
  const context: unknown = JSON.parse(text);
  if (isObject(context)) return context as JsonObject;
  throw invalid(
    `alertContext() must answer an object, not one that becomes ${describeValue(context)}.`,
    ruleId,
  );
}

/** The context that stands for one that could not be made. */
export function errorContext(thrown: unknown): JsonObject {
  return { _error: limitText(thrown instanceof StakeoutError ? messageOf(thrown) : thrownShown(thrown)) };
}

function toJsonText(answer: unknown, ruleId: string): string {
  if (!isObject(answer)) {
    throw invalid(`alertContext() must answer an object, not ${describeValue(answer)}.`, ruleId);
  }
  try {
    return JSON.stringify(answer, toJsonValue) ?? "null";
  } catch (error) {
    throw invalid(`alertContext() answered what JSON cannot hold: ${messageOf(error)}.`, ruleId, error);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string, ruleId: string, cause?: unknown): StakeoutError {
  return new StakeoutError("RULE_RESULT_INVALID", message, {
    fields: { rule: ruleId, function: "alertContext" },
    cause,
  });
}

/** What JSON would lose without a word is kept, or refused with the name of its field. */
function toJsonValue(field: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  const kind = unspeakable(value);
  if (kind === undefined) return value;
  throw new TypeError(`field ${JSON.stringify(field)} is ${kind}`);
}

function unspeakable(value: unknown): string | undefined {
  if (value instanceof Map) return "a Map (answer an object instead)";
  if (isThenable(value)) return "a promise (await it)";
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : undefined;
}
