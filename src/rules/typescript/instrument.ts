import { parse, type Program } from "acorn";
import { instrumentConditions } from "./instrument-conditions.ts";
import { Edits } from "./instrument-edits.ts";
import { referencesTo } from "./instrument-references.ts";
import type { ConditionTrace } from "./instrument-trace.ts";
import type { SourceFile } from "./source-file.ts";

/** What replaces imported names of one file, by the name that the file uses. */
export type MockTable = Record<string, ((...args: unknown[]) => unknown) | undefined>;

export interface InstrumentParts {
  readonly trace: ConditionTrace;
  /** Number of the file's mock table. */
  readonly mocks: number;
  /** Module that exports `mocks` and the functions of the trace. */
  readonly hooksUrl: string;
}

/** The functions of the trace that instrumented code calls. */
export const traceHooks = ["begin", "end", "frame", "part", "subject", "caseOf"] as const;

/**
 * A rule's file with every condition recorded and every imported name replaceable. Each token stays on its line, and the
 * code does what it did: same order, same values, same errors.
 */
export function instrumentFile(file: SourceFile, parts: InstrumentParts): SourceFile {
  const { trace, mocks, hooksUrl } = parts;
  const edits = new Edits(file.code);
  const prefix = unusedPrefix(file.code);
  instrumentConditions({ file, edits, trace, prefix });
  const names = importedNames(file.tree);
  for (const { node, shorthand, startsStatement } of referencesTo(new Set(names), file.tree)) {
    // A parenthesis at the start of a statement would continue the one before where that lacks its semicolon.
    const before = shorthand ? `${node.name}: ` : startsStatement ? " 0," : "";
    edits.wrap(node, `${before}(${prefix}mocks[${mocks}].${node.name} ?? `, ")");
  }
  const hooks = ["mocks", ...traceHooks].map((name) => `${name} as ${prefix}${name}`).join(", ");
  const code = `${edits.apply()}\n;import { ${hooks} } from "${hooksUrl}";`;
  // The tree has to be that of the code that runs: a call of defineRule is found by its column.
  return {
    ...file,
    code,
    tree: parse(code, { ecmaVersion: "latest", sourceType: "module", locations: true }),
  };
}

/** The names under which a file knows what it imports. What makes the file a rule cannot be replaced. */
export function importedNames(tree: Program): readonly string[] {
  return tree.body
    .filter((statement) => statement.type === "ImportDeclaration")
    .flatMap(({ specifiers }) => specifiers)
    .filter(
      (specifier) =>
        specifier.type !== "ImportSpecifier" ||
        specifier.imported.type !== "Identifier" ||
        specifier.imported.name !== "defineRule",
    )
    .map(({ local }) => local.name);
}

/** Begins no name of the file. */
function unusedPrefix(code: string): string {
  let prefix = "s$";
  while (code.includes(prefix)) prefix += "$";
  return prefix;
}
