import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Limits } from "../core/limits.ts";
import { describeArgument } from "./describe-argument.ts";

/** Who is told that an argument is wrong, and what applies. */
export interface Caller {
  readonly ruleId: string;
  readonly limits: Limits;
}

/** Throws `STATE_KEY_INVALID` for anything but a non-empty string within the limit. */
export function checkKey(caller: Caller, key: unknown): asserts key is string {
  const problem = keyProblem(key, caller.limits);
  if (problem === undefined) return;
  throw new StakeoutError(
    "STATE_KEY_INVALID",
    `Rule ${caller.ruleId}: a state key ${problem}. Check the event fields that the key is made of.`,
    { fields: { rule: caller.ruleId } },
  );
}

/** What is wrong with a key, as the end of a sentence that begins with it. */
export function keyProblem(key: unknown, limits: Limits): string | undefined {
  if (typeof key !== "string") return `must be a string, not ${describeArgument(key)}`;
  if (key === "") return "must not be empty";
  if (!key.isWellFormed()) return "must be valid Unicode, and this one holds half a surrogate pair";
  const limit = limits.keyBytesMax;
  // A UTF-16 unit never takes more than three bytes, so most keys need not be encoded to know.
  if (key.length * 3 <= limit) return undefined;
  const bytes = Buffer.byteLength(key);
  return bytes <= limit
    ? undefined
    : `must have at most ${limit} bytes (keyBytesMax), and this one has ${bytes}`;
}

/** Throws `STATE_VALUE_INVALID` for anything but a safe integer. */
export function checkAmount(caller: Caller, name: string, value: unknown): asserts value is number {
  if (Number.isSafeInteger(value)) return;
  throw valueInvalid(
    caller,
    `${name} must be a whole number within ±9007199254740991, not ${describeArgument(value)}`,
  );
}

/** Throws `STATE_VALUE_INVALID` for anything but a whole number from 1 on. */
export function checkThreshold(caller: Caller, value: unknown): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return;
  throw valueInvalid(caller, `threshold must be a whole number from 1 on, not ${describeArgument(value)}`);
}

/** The members as an array. One string is one member. Throws `STATE_VALUE_INVALID` or `STATE_LIMIT_EXCEEDED`. */
export function checkMembers(caller: Caller, members: unknown): readonly string[] {
  if (typeof members === "string") return [checkMember(caller, members)];
  if (!Array.isArray(members) && !(members instanceof Set)) {
    throw valueInvalid(
      caller,
      `members must be a string, an array or a Set of strings, not ${describeArgument(members)}`,
    );
  }
  return Array.from<unknown, string>(members, (member) => checkMember(caller, member));
}

function checkMember(caller: Caller, member: unknown): string {
  if (typeof member !== "string") {
    throw valueInvalid(caller, `members of a string set must be strings, not ${describeArgument(member)}`);
  }
  const limit = caller.limits.setMemberBytesMax;
  if (member.length * 3 <= limit) return member;
  const bytes = Buffer.byteLength(member);
  if (bytes <= limit) return member;
  throw new StakeoutError(
    "STATE_LIMIT_EXCEEDED",
    `Rule ${caller.ruleId}: a member of a string set has ${bytes} bytes; the limit setMemberBytesMax is ${limit}. ` +
      "Nothing was changed. Remember a hash of it instead, or raise the limit.",
    { fields: { rule: caller.ruleId, limit: "setMemberBytesMax", value: bytes } },
  );
}

/** Throws `STATE_VALUE_INVALID` for anything that would not come back from JSON as it is. */
export function checkDictionary(caller: Caller, value: unknown): asserts value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw valueInvalid(caller, `a dictionary must be an object, not ${describeArgument(value)}`);
  }
  checkJson({ caller, above: [] }, "", value);
}

interface Walk {
  readonly caller: Caller;
  /** The objects and arrays around the value. */
  readonly above: unknown[];
}

function checkJson(walk: Walk, path: string, value: unknown): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value !== "object") throw notJson(walk, path, describeArgument(value));
  if (walk.above.includes(value)) throw notJson(walk, path, "a reference to what contains it");
  if (walk.above.length >= walk.caller.limits.nestingMax) throw tooDeep(walk);
  walk.above.push(value);
  if (Array.isArray(value)) {
    // Not forEach: it would pass over holes, which JSON turns into null.
    for (let index = 0; index < value.length; index++) checkJson(walk, `${path}[${index}]`, value[index]);
  } else {
    checkFields(walk, path, value);
  }
  walk.above.pop();
}

function checkFields(walk: Walk, path: string, value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && !isRootPrototype(prototype)) throw notJson(walk, path, describeArgument(value));
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw notJson(walk, path, "an object with a symbol as field name");
  for (const [name, field] of Object.entries(value))
    checkJson(walk, path === "" ? name : `${path}.${name}`, field);
}

/** True for `Object.prototype`, also that of another realm. */
function isRootPrototype(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty");
}

function notJson(walk: Walk, path: string, what: string): StakeoutError {
  const place = path === "" ? "it" : `its field ${path}`;
  return valueInvalid(walk.caller, `a dictionary must hold only what JSON can, and ${place} is ${what}`);
}

function tooDeep({ caller }: Walk): StakeoutError {
  const limit = caller.limits.nestingMax;
  return new StakeoutError(
    "STATE_LIMIT_EXCEEDED",
    `Rule ${caller.ruleId}: a dictionary is nested deeper than the limit nestingMax of ${limit}. Nothing was changed.`,
    { fields: { rule: caller.ruleId, limit: "nestingMax", value: limit + 1 } },
  );
}

function valueInvalid(caller: Caller, problem: string): StakeoutError {
  return new StakeoutError("STATE_VALUE_INVALID", `Rule ${caller.ruleId}: ${problem}.`, {
    fields: { rule: caller.ruleId },
  });
}
