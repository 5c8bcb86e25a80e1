import { messageOf, StakeoutError } from "../../core/errors.ts";
import { type HostFunction, type HostValue, pythonRealm } from "./lockdown-realm.ts";

const refused = answerError(
  new TypeError("only numbers, text, booleans and None can be handed to the engine"),
);

/**
 * Makes a function that Python may hold: one of Python's realm, frozen and without a prototype, through which nothing of
 * the engine can be reached. Every function that is given to Python goes through here.
 *
 * Numbers, text, booleans and None (`undefined`) cross; a call with anything else does not reach `fn`. The made function
 * never throws: what `fn` throws, and arguments or answers that may not cross, are answered as the text
 * `{"error": {"code", "message"}}`.
 */
export function toHostFunction(fn: HostFunction): HostFunction {
  const guarded: HostFunction = (...values) => {
    try {
      return fn(...values);
    } catch (error) {
      return answerError(error);
    }
  };
  return pythonRealm().hostFunction(guarded, refused);
}

function answerError(error: unknown): HostValue {
  const code = error instanceof StakeoutError ? error.code : "HOST_FUNCTION_FAILED";
  return JSON.stringify({ error: { code, message: messageOf(error) } });
}
