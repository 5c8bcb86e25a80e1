import { StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { defaultLimits, type Limits } from "../core/limits.ts";
import { checkDictionary, checkMembers, keyProblem } from "./arguments.ts";
import { bytesOf } from "./items.ts";
import { describeArgument } from "./describe-argument.ts";
import { type Item, NEVER } from "./store.ts";

const fieldNames = new Set(["key", "count", "strings", "dictionary", "expiresAt"]);

/** An item as one line of JSON, without the line end: what `state export` writes and `state import` reads. */
export function encodeItem(item: Item): string {
  return JSON.stringify({
    key: item.key,
    count: item.count ?? null,
    strings: item.strings ?? null,
    dictionary: item.dictionary ?? null,
    expiresAt: item.expiresAtMs === NEVER ? null : new Date(item.expiresAtMs).toISOString(),
  });
}

/**
 * The item of a line that `encodeItem` wrote, or that a person wrote like it: `count`, `strings` and `dictionary` may be left
 * out, `expiresAt` may not, so that nothing is kept for good by an oversight. Throws `STATE_IMPORT_INVALID`.
 */
export function decodeItem(line: string, limits: Limits = defaultLimits): Item {
  const fields = parseFields(line);
  const unknown = Object.keys(fields).find((name) => !fieldNames.has(name));
  if (unknown !== undefined) throw invalid(`has the unknown field ${describeArgument(unknown)}`);
  const { key, count = null, strings = null, dictionary = null, expiresAt } = fields;
  const problem = keyProblem(key, limits);
  if (problem !== undefined) throw invalid(`its key ${problem}`);
  return {
    key: key as string,
    count: count === null ? undefined : decodeCount(count),
    strings: strings === null ? undefined : decodeStrings(strings, limits),
    dictionary: dictionary === null ? undefined : decodeDictionary(dictionary, limits),
    expiresAtMs: decodeEnd(expiresAt),
  };
}

function parseFields(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw invalid("is not JSON", error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(`must be a JSON object, not ${describeArgument(value)}`);
}

function decodeCount(count: unknown): number {
  if (Number.isSafeInteger(count)) return count as number;
  throw invalid(`its count must be a whole number within ±9007199254740991, not ${describeArgument(count)}`);
}

function decodeStrings(strings: unknown, limits: Limits): readonly string[] {
  if (!Array.isArray(strings))
    throw invalid(`its strings must be an array, not ${describeArgument(strings)}`);
  if (strings.length > limits.setMembersMax) {
    throw invalid(`it has ${strings.length} strings; the limit setMembersMax is ${limits.setMembersMax}`);
  }
  const members = [...new Set(checked(() => checkMembers({ ruleId: "import", limits }, strings)))].sort();
  const bytes = bytesOf(members);
  if (bytes <= limits.setBytesMax) return members;
  throw invalid(`its strings have ${bytes} bytes; the limit setBytesMax is ${limits.setBytesMax}`);
}

function decodeDictionary(dictionary: unknown, limits: Limits): JsonObject {
  const value = checked((): JsonObject => {
    checkDictionary({ ruleId: "import", limits }, dictionary);
    return dictionary;
  });
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= limits.dictionaryBytesMax) return value;
  throw invalid(
    `its dictionary has ${bytes} bytes; the limit dictionaryBytesMax is ${limits.dictionaryBytesMax}`,
  );
}

function decodeEnd(expiresAt: unknown): number {
  if (expiresAt === null) return NEVER;
  const isTime = typeof expiresAt === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expiresAt);
  const endMs = isTime ? Date.parse(expiresAt) : Number.NaN;
  if (!Number.isNaN(endMs)) return endMs;
  throw invalid(
    `its expiresAt must be a time such as "2026-03-02T12:00:00.000Z", or null for no expiry, not ${describeArgument(expiresAt)}`,
  );
}

/** Says it as a problem of the line. */
function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof StakeoutError) throw invalid(error.message.replace(/^Rule import: /, ""), error);
    throw error;
  }
}

function invalid(problem: string, cause?: unknown): StakeoutError {
  return new StakeoutError("STATE_IMPORT_INVALID", problem, { cause });
}
