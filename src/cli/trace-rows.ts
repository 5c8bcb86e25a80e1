import type { JsonValue } from "../core/json.ts";
import type { TracedCondition } from "../testing/rule-tests/model.ts";

/** A condition that stands for itself, with everything that its operands saw. */
export interface TraceRow {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly value: JsonValue;
  readonly parts: TracedCondition["parts"];
  /** It decides something by an operator, so it can be an operand of another condition. */
  readonly byOperator: boolean;
  /** How often it came to the same with the same values; shown where it did so first. */
  readonly times: number;
}

/**
 * The conditions of one event as people read them: `a > 1 && b` is one row that shows `a` and `b`, although each operand was
 * recorded as a condition of its own; and a `return false` is no row where its own line says it already.
 */
export function traceRows(conditions: readonly TracedCondition[]): readonly TraceRow[] {
  const rows: TraceRow[] = [];
  for (const condition of conditions) {
    const last = rows.at(-1);
    const sameLine = last?.file === condition.file && last.line === condition.line;
    if (sameLine && condition.parts.length === 0 && condition.text.startsWith("return ")) continue;
    rows.push(withOperands(condition, rows));
  }
  return merged(rows);
}

/** A function that several conditions call decides the same each time. */
function merged(rows: readonly TraceRow[]): readonly TraceRow[] {
  const groups = Map.groupBy(rows, ({ file, line, text, value, parts }) =>
    JSON.stringify([file, line, text, value, parts]),
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [Object.assign(first, { times: 1 + others.length })],
  );
}

/** Takes the rows of the condition's operands off the list and puts what they saw into the condition's own. */
function withOperands(condition: TracedCondition, rows: TraceRow[]): TraceRow {
  const { file, line, text, value } = condition;
  const parts = condition.parts.flatMap((part) => {
    const at = rows.findLastIndex((row) => row.byOperator && row.file === file && row.text === part.text);
    const [operand] = at === -1 ? [] : rows.splice(at, 1);
    return operand === undefined || operand.parts.length === 0 ? [part] : operand.parts;
  });
  const distinct = new Map(parts.map((part) => [part.text, part]));
  // A variable or call that is tested by itself is a part of itself.
  const byOperator = !distinct.delete(text);
  return { file, line, text, value, parts: [...distinct.values()], byOperator, times: 1 };
}
