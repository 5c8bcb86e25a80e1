/** Something is not as the model says, or as the engine promises. */
export class Violation extends Error {}

/** Throws a violation that names the first difference. */
export function expectSame(what: string, expected: unknown, actual: unknown): void {
  const difference = firstDifference(what, expected, actual);
  if (difference !== undefined) throw new Violation(difference);
}

function firstDifference(path: string, expected: unknown, actual: unknown): string | undefined {
  if (Object.is(expected, actual)) return undefined;
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return `${path} is ${shown(actual)}, and must be ${shown(expected)}`;
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const difference = firstDifference(`${path}.${name}`, expected[name], actual[name]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, 500);
}
