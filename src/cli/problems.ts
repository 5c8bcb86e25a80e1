import { relative } from "node:path";

import type { Problem } from "../core/errors.ts";
import { printable } from "../core/text.ts";

/** All problems, one a line as `file:line: message`, sorted by place, with a closing line that counts them. */
export function renderProblems(problems: readonly Problem[]): string {
  const lines = [...problems]
    .sort((left, right) => compare(left.file, right.file) || left.line - right.line)
    .map((problem) => `${place(problem)}: ${printable(problem.message)}`);
  const files = new Set(problems.map((problem) => problem.file)).size;
  lines.push(
    `${problems.length} problem${problems.length === 1 ? "" : "s"} in ${files} file${files === 1 ? "" : "s"}.`,
  );
  return `${lines.join("\n")}\n`;
}

function place({ file, line }: Problem): string {
  const fromHere = relative(process.cwd(), file);
  const shown = printable(fromHere.startsWith("..") || fromHere === "" ? file : fromHere);
  return line === 0 ? shown : `${shown}:${line}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
