/**
 * True when objects and arrays nest deeper than `levelsMax`; the value itself is level 1. Never recurses deeper than that,
 * so no record can exhaust the stack. Walks the parsed value because scanning the text costs ten times as much.
 */
export function isDeeperThan(value: object, levelsMax: number): boolean {
  if (levelsMax < 1) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const child: unknown = value[index];
      if (typeof child === "object" && child !== null && isDeeperThan(child, levelsMax - 1)) return true;
    }
    return false;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  // A parsed record inherits nothing enumerable, and for-in makes no array of the names.
  for (const name in fields) {
    const child = fields[name];
    if (typeof child === "object" && child !== null && isDeeperThan(child, levelsMax - 1)) return true;
  }
  return false;
}

/** The shortest text in bytes that can nest deeper than `levelsMax`: every level opens and closes with a byte. */
export function shortestBytesDeeperThan(levelsMax: number): number {
  return 2 * (levelsMax + 1);
}
