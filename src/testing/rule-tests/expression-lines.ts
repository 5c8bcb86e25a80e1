import type { AnyNode, VariableDeclaration } from "acorn";

import { lineOf, nodesOf, type SourceFile } from "../../rules/typescript/source-file.ts";

/**
 * Finds the lines of what is written in a TypeScript file as lists and objects. A path is followed as far as the text shows
 * it, through constants and functions at the top of the file; what else a call or a spread makes has the line of that.
 */
export class ExpressionLines {
  readonly #start: AnyNode | undefined;
  readonly #constants = new Map<string, AnyNode>();
  /** What functions answer at their end. */
  readonly #answers = new Map<string, AnyNode>();
  readonly #otherwise: number;

  /** @param otherwise The line of what cannot be seen. */
  constructor(file: SourceFile, start: AnyNode | undefined, otherwise: number) {
    this.#start = start;
    this.#otherwise = otherwise;
    for (const statement of file.tree.body) {
      const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
      if (declaration?.type === "VariableDeclaration") this.#addConstants(declaration);
      if (declaration?.type === "FunctionDeclaration" && declaration.id !== null) {
        const answer = declaration.body.body.findLast(({ type }) => type === "ReturnStatement");
        if (answer?.type === "ReturnStatement" && answer.argument) {
          this.#answers.set(declaration.id.name, answer.argument);
        }
      }
    }
  }

  #addConstants({ declarations }: VariableDeclaration): void {
    for (const { id, init } of declarations) {
      if (id.type === "Identifier" && init) this.#constants.set(id.name, init);
    }
  }

  lineOf(path: readonly PropertyKey[]): number {
    let node = this.#start;
    if (node === undefined) return this.#otherwise;
    let line = lineOf(node);
    for (const key of path) {
      const resolved = this.#resolve(node);
      if (resolved !== node) line = lineOf(resolved);
      const child = childOf(resolved, key);
      if (child === undefined) break;
      line = lineOf(child);
      node = child.type === "Property" ? child.value : child;
    }
    return line;
  }

  /** What a name of the file's top stands for, or a call of a function there. */
  #resolve(node: AnyNode): AnyNode {
    if (node.type === "Identifier") return this.#constants.get(node.name) ?? node;
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier") return node;
    return this.#answers.get(node.callee.name) ?? node;
  }
}

function childOf(node: AnyNode, key: PropertyKey): AnyNode | undefined {
  if (node.type === "ArrayExpression" && typeof key === "number") {
    // After a spread nobody can tell which member is which.
    const before = node.elements.slice(0, key + 1);
    return before.some((element) => element?.type === "SpreadElement")
      ? undefined
      : (before[key] ?? undefined);
  }
  if (node.type !== "ObjectExpression") return undefined;
  return node.properties.find((property) => property.type === "Property" && nameOf(property) === key);
}

function nameOf(property: AnyNode): string | undefined {
  if (property.type !== "Property" || property.computed) return undefined;
  const { key } = property;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** The expression after `export default`. */
export function defaultExport(file: SourceFile): AnyNode | undefined {
  for (const statement of file.tree.body) {
    if (statement.type === "ExportDefaultDeclaration") return statement.declaration;
  }
  return undefined;
}

/** The value of `tests` in the rule that is defined at a line. */
export function testsOfRule(file: SourceFile, line: number): AnyNode | undefined {
  for (const node of nodesOf(file.tree)) {
    if (node.type !== "CallExpression" || lineOf(node) > line) continue;
    const [definition] = node.arguments;
    if (definition?.type !== "ObjectExpression") continue;
    const tests = childOf(definition, "tests");
    if (tests?.type === "Property") return tests.value;
  }
  return undefined;
}
