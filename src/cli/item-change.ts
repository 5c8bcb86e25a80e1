import { parseDurationMs } from "../core/durations.ts";
import { messageOf, StakeoutError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { decodeItem, encodeItem } from "../state/item-codec.ts";
import { DEFAULT_LIFETIME_MS, NEVER, type Item } from "../state/store.ts";

/** What `state set` was asked to change, as text from the command line. */
export interface ItemChange {
  readonly key: string;
  readonly count?: string;
  /** Members one by one. */
  readonly string?: readonly string[];
  /** Members between commas. */
  readonly strings?: string;
  readonly dictionary?: string;
  /** A duration, `never`, or a time in ISO 8601. */
  readonly expires?: string;
}

/** The item after the change: what is not given stays; a new item lives 90 days. Throws `USAGE` for what cannot be. */
export function changeItem(item: Item | undefined, change: ItemChange, nowMs: number): Item {
  const { key, expires } = change;
  const members = membersOf(change);
  const columns = [change.count, members, change.dictionary].some((value) => value !== undefined);
  if (!columns && expires === undefined) {
    throw usage("Say what to set: --count, --string, --strings, --dictionary or --expires.");
  }
  if (!columns && item === undefined) {
    throw usage(
      "There is no such key whose end could be moved; give --count, --string, --strings or --dictionary too.",
    );
  }
  return checkItem({
    key,
    count: change.count === undefined ? item?.count : parseInteger(change.count),
    strings: members === undefined ? item?.strings : members,
    dictionary: change.dictionary === undefined ? item?.dictionary : parseDictionary(change.dictionary),
    expiresAtMs:
      expires === undefined
        ? (item?.expiresAtMs ?? nowMs + DEFAULT_LIFETIME_MS)
        : parseExpiry(expires, nowMs),
  });
}

/** The item, when import would take it too: keys and values within the limits that hold for rules. */
function checkItem(item: Item): Item {
  try {
    return decodeItem(encodeItem(item));
  } catch (error) {
    throw usage(`This cannot be state, because ${messageOf(error)}.`, error);
  }
}

function membersOf({ string: single, strings: joined }: ItemChange): readonly string[] | undefined {
  if (single === undefined && joined === undefined) return undefined;
  const split = joined === undefined || joined === "" ? [] : joined.split(",");
  return [...new Set([...(single ?? []), ...split])].sort();
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw usage(`--count must be a whole number that JavaScript holds exactly, not "${text}".`);
}

function parseDictionary(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usage("--dictionary must be a JSON object; this is not JSON.", error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usage("--dictionary must be a JSON object, such as '{\"first\":1}'.");
}

function parseExpiry(text: string, nowMs: number): number {
  if (text === "never") return NEVER;
  const lifetimeMs = parseDurationMs(text);
  const atMs = lifetimeMs === undefined ? parseTime(text) : nowMs + lifetimeMs;
  if (atMs === undefined || !Number.isSafeInteger(atMs)) {
    throw usage(
      `--expires must be a duration such as 1h, never, or a time such as 2026-03-02T12:00:00Z, not "${text}".`,
    );
  }
  if (atMs <= nowMs) {
    throw usage(
      `--expires ${text} is not after the engine clock, ${new Date(nowMs).toISOString()}; to forget the key, delete it.`,
    );
  }
  return atMs;
}

/** A time with its date and offset from UTC: what leaves them out would mean something else on another machine. */
function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function usage(message: string, cause?: unknown): StakeoutError {
  return new StakeoutError("USAGE", message, { cause });
}
