import { type AnyNode, type LogicalExpression, parse } from "acorn";

import { lineOf, nodesOf } from "../../rules/typescript/source-file.ts";
import type { ScriptCoverage } from "./session.ts";

/** Which lines of a rule's functions ran. What stands outside of functions runs when the file is loaded and is left out. */
export interface LineCoverage {
  /** Lines on which something begins that can run, in ascending order. */
  readonly lines: readonly number[];
  /** Those of which nothing ran. */
  readonly notReached: readonly number[];
  /** Those of which a part ran and another did not, such as a condition without what it guards. */
  readonly partlyReached: readonly number[];
}

/**
 * `source`: the text that V8 ran, with each token on the line where the file has it. `script`: what V8 counted in it;
 * `undefined` where nothing of it ran.
 */
export function coverLines(source: string, script: ScriptCoverage | undefined): LineCoverage {
  const reachedByLine = new Map<number, boolean[]>();
  for (const node of runnableNodes(source)) {
    const reached = script !== undefined && countAt(script, node.start) > 0;
    const line = lineOf(node);
    const seen = reachedByLine.get(line);
    if (seen === undefined) reachedByLine.set(line, [reached]);
    else seen.push(reached);
  }
  const lines = [...reachedByLine.keys()].sort((left, right) => left - right);
  const some = (line: number): boolean => reachedByLine.get(line)?.includes(true) === true;
  const all = (line: number): boolean => reachedByLine.get(line)?.includes(false) === false;
  return {
    lines,
    notReached: lines.filter((line) => !some(line)),
    partlyReached: lines.filter((line) => some(line) && !all(line)),
  };
}

/** Numbers as ranges for people: `12-14, 20`. Lines between two of them that cannot run do not split a range. */
export function lineRanges(wanted: readonly number[], lines: readonly number[]): string {
  const isWanted = new Set(wanted);
  const ranges: [number, number][] = [];
  let open = false;
  for (const line of lines) {
    if (!isWanted.has(line)) {
      open = false;
      continue;
    }
    const last = ranges.at(-1);
    if (open && last !== undefined) last[1] = line;
    else ranges.push([line, line]);
    open = true;
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}

/** What can run or not run on its own within functions: statements, the bodies of arrow functions, and branches of expressions. */
function runnableNodes(source: string): ReadonlySet<AnyNode> {
  const tree = parse(source, { ecmaVersion: "latest", sourceType: "module", locations: true });
  const runnable = new Set<AnyNode>();
  for (const { body } of nodesOf(tree).filter(isFunction)) {
    if (body.type !== "BlockStatement") runnable.add(body);
    for (const node of nodesOf(body)) {
      if (isStatement(node)) runnable.add(node);
      if (node.type === "ConditionalExpression") runnable.add(node.consequent).add(node.alternate);
      if (node.type === "LogicalExpression" && !isMockable(source, node)) runnable.add(node.right);
    }
  }
  return runnable;
}

/** True for what tests put in place of an imported name: the mock, if there is one, or else the import. */
function isMockable(source: string, { left }: LogicalExpression): boolean {
  return /^s\$+mocks\[\d+\]\./.test(source.slice(left.start, left.end));
}

type FunctionNode = Extract<AnyNode, { readonly params: readonly unknown[] }>;

function isFunction(node: AnyNode): node is FunctionNode {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

function isStatement({ type }: AnyNode): boolean {
  return (
    type === "VariableDeclaration" ||
    (type.endsWith("Statement") && type !== "BlockStatement" && type !== "EmptyStatement")
  );
}

/** How often the character at this offset ran: what the smallest range around it says. */
function countAt(script: ScriptCoverage, offset: number): number {
  let count = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const { ranges } of script.functions) {
    for (const range of ranges) {
      const length = range.endOffset - range.startOffset;
      if (range.startOffset > offset || range.endOffset <= offset || length > smallest) continue;
      count = range.count;
      smallest = length;
    }
  }
  return count;
}
