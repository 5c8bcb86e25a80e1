/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. Field names are data: `__proto__` and `constructor` are ordinary own properties. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A value that may be there at once or later; await it only when it is a promise (an await costs eight calls). */
export type MaybePromise<T> = T | Promise<T>;

/** True when a value must be awaited: a promise, or any object with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
