import type { Problem } from "../../core/errors.ts";
import { stackOf, thrownText } from "../thrown.ts";
import type { SourceFile } from "./source-file.ts";

/** What was thrown while a file ran, at the place in a rule file that threw it or else at the file as a whole. */
export function importProblem(
  thrown: unknown,
  file: SourceFile,
  files: ReadonlyMap<string, SourceFile>,
): Problem {
  const message = `cannot be loaded: ${thrownText(thrown)}`;
  return { ...(firstPlace(stackOf(thrown), files) ?? { file: file.path, line: 0 }), message };
}

/**
 * The first line of a rule file that a stack names. A frame has line and column after the URL; where a module lacks an
 * export, Node puts the URL and line of the import in front of the stack.
 */
function firstPlace(
  stack: string,
  files: ReadonlyMap<string, SourceFile>,
): Pick<Problem, "file" | "line"> | undefined {
  let first = { at: Number.POSITIVE_INFINITY, file: "", line: 0 };
  for (const { url, path } of files.values()) {
    const at = stack.indexOf(`${url}:`);
    const line = at === -1 ? Number.NaN : Number.parseInt(stack.slice(at + url.length + 1), 10);
    if (at !== -1 && at < first.at && line > 0) first = { at, file: path, line };
  }
  return first.line === 0 ? undefined : { file: first.file, line: first.line };
}
