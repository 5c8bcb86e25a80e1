import type { ItemQuery } from "./store.ts";

/**
 * Compares two keys by their bytes in UTF-8, as a database does. JavaScript compares UTF-16 units instead, which puts
 * characters beyond U+FFFF before those from U+E000 on.
 */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Moves surrogates, which stand for characters beyond U+FFFF, behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Those of the keys that a query asks for, in order. */
export function selectKeys(keys: Iterable<string>, query: ItemQuery): string[] {
  const { prefix = "", after } = query;
  const selected: string[] = [];
  for (const key of keys) {
    if (key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0)) selected.push(key);
  }
  return selected.sort(compareKeys);
}
