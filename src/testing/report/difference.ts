import { diff } from "node:util";

import type { JsonValue } from "../../core/json.ts";

/** A line of a comparison: in both, only expected, or only what came. */
export interface DifferenceLine {
  readonly kind: "same" | "expected" | "actual";
  readonly text: string;
}

/** Longer values are shown one after the other: comparing them line by line takes time with the square of their length. */
const linesMax = 2000;

/** Lines around a difference that show where it is. */
const contextLines = 3;

/** Two values as indented JSON, line by line; stretches that are equal are cut down to what shows the place. */
export function difference(expected: JsonValue, actual: JsonValue): readonly DifferenceLine[] {
  const [expectedLines, actualLines] = [linesOf(expected), linesOf(actual)];
  if (expectedLines.length + actualLines.length > linesMax) {
    return [
      ...expectedLines.map((text): DifferenceLine => ({ kind: "expected", text })),
      ...actualLines.map((text): DifferenceLine => ({ kind: "actual", text })),
    ];
  }
  // Node marks with 1 what only the first list has, with -1 what only the second has.
  const lines = diff(expectedLines, actualLines).map(([operation, text]): DifferenceLine => ({
    kind: operation === 0 ? "same" : operation === 1 ? "expected" : "actual",
    text,
  }));
  return withoutLongStretches(lines);
}

function linesOf(value: JsonValue): string[] {
  return JSON.stringify(value, withSortedFields, 2).split("\n");
}

/** The order of fields says nothing, so it must make no difference. */
function withSortedFields(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function withoutLongStretches(lines: readonly DifferenceLine[]): readonly DifferenceLine[] {
  const near = new Set<number>();
  lines.forEach(({ kind }, index) => {
    if (kind === "same") return;
    for (let at = index - contextLines; at <= index + contextLines; at++) near.add(at);
  });
  const shown: DifferenceLine[] = [];
  lines.forEach((line, index) => {
    if (near.has(index)) shown.push(line);
    else if (shown.at(-1)?.text !== "…") shown.push({ kind: "same", text: "…" });
  });
  return shown;
}
