import type { CallExpression } from "acorn";
import type { DefinitionPlace } from "../check-definition.ts";
import type { DefinitionCall } from "../define.ts";
import { lineOf, nodesOf, type SourceFile } from "./source-file.ts";

/**
 * Where a rule stands that `file` exports: at its call of `defineRule`, or, when the call is in a function of another
 * file, at the export.
 */
export function placeOfRule(file: SourceFile, call: DefinitionCall): DefinitionPlace {
  if (call.script !== file.url) {
    const line = exportLine(file);
    return { file: file.path, line, fieldLine: () => line };
  }
  const lines = fieldLines(file, call);
  return { file: file.path, line: call.line, fieldLine: (field) => lines.get(field) ?? call.line };
}

function exportLine(file: SourceFile): number {
  const statement = file.tree.body.find(({ type }) => type === "ExportDefaultDeclaration");
  return statement === undefined ? 1 : lineOf(statement);
}

/** The line of each field that the call's argument spells out. */
function fieldLines(file: SourceFile, call: DefinitionCall): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const found = nodesOf(file.tree).find((node) => node.type === "CallExpression" && isAt(node, call));
  const definition = found?.type === "CallExpression" ? found.arguments[0] : undefined;
  if (definition?.type !== "ObjectExpression") return lines;
  for (const property of definition.properties) {
    if (property.type !== "Property" || property.computed) continue;
    const { key } = property;
    if (key.type === "Identifier") lines.set(key.name, lineOf(key));
    else if (key.type === "Literal") lines.set(String(key.value), lineOf(key));
  }
  return lines;
}

/** V8 says where the called name begins: for `stakeout.defineRule(…)` that is the part after the dot. */
function isAt({ callee }: CallExpression, { line, column }: DefinitionCall): boolean {
  const start = (callee.type === "MemberExpression" ? callee.property : callee).loc?.start;
  return start !== undefined && start.line === line && start.column === column - 1;
}
