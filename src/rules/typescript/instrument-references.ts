/* oxlint-disable typescript/switch-exhaustiveness-check -- of the many kinds of syntax only a few need a case */
import type { AnyNode, Identifier, Program } from "acorn";
import { childrenOf } from "./source-file.ts";

/** A place where a name of the module is read. */
export interface Reference {
  readonly node: Identifier;
  /** The name stands alone in an object literal, for both the field and its value. */
  readonly shorthand: boolean;
  /** A statement begins with the name. */
  readonly startsStatement: boolean;
}

/**
 * Every place where one of these names is read and means what the module itself declares, not a variable or parameter
 * further inside that hides it. Where a name is assigned to is no reading.
 */
export function referencesTo(names: ReadonlySet<string>, tree: Program): readonly Reference[] {
  const search = new Search();
  search.walk(tree, names);
  return search.found;
}

class Search {
  readonly found: Reference[] = [];
  #statementStart = -1;

  walk(node: AnyNode, names: ReadonlySet<string>): void {
    const hidden = declaredBy(node);
    const visible = hidden.size === 0 ? names : new Set([...names].filter((name) => !hidden.has(name)));
    if (visible.size === 0) return;
    if (node.type === "ExpressionStatement") this.#statementStart = node.start;
    if (node.type === "Identifier") this.#take(node, visible, false);
    else if (node.type === "Property" && node.shorthand && node.value.type === "Identifier") {
      this.#take(node.value, visible, true);
    } else for (const child of readBy(node)) this.walk(child, visible);
  }

  #take(node: Identifier, visible: ReadonlySet<string>, shorthand: boolean): void {
    if (!visible.has(node.name)) return;
    this.found.push({ node, shorthand, startsStatement: node.start === this.#statementStart });
  }
}

/** The parts of a node in which an identifier is a variable that is read, or hidden by a declaration. */
function readBy(node: AnyNode): readonly AnyNode[] {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? [node.object, node.property] : [node.object];
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return childrenOf(node).filter((child) => child !== node.key || node.computed);
    case "AssignmentExpression":
      return [...readByTarget(node.left), node.right];
    case "UpdateExpression":
      return readByTarget(node.argument);
    case "ForInStatement":
    case "ForOfStatement": {
      const left = node.left.type === "VariableDeclaration" ? [node.left] : readByTarget(node.left);
      return [...left, node.right, node.body];
    }
    case "LabeledStatement":
      return [node.body];
    case "ExportNamedDeclaration":
      return node.declaration === null || node.declaration === undefined ? [] : [node.declaration];
    case "BreakStatement":
    case "ContinueStatement":
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "MetaProperty":
      return [];
    default:
      return childrenOf(node);
  }
}

/** An import cannot be assigned to, so a pattern of targets is left as it is. */
function readByTarget(target: AnyNode): readonly AnyNode[] {
  return target.type === "MemberExpression" ? [target] : [];
}

/** The names that this node declares for what is inside it. */
function declaredBy(node: AnyNode): ReadonlySet<string> {
  const names = new Set<string>();
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      if (node.type !== "ArrowFunctionExpression" && node.id) names.add(node.id.name);
      for (const parameter of node.params) addBound(parameter, names);
      addVars(node.body, names);
      break;
    case "ClassExpression":
    case "ClassDeclaration":
      if (node.id) names.add(node.id.name);
      break;
    case "CatchClause":
      if (node.param) addBound(node.param, names);
      break;
    case "StaticBlock":
      addVars(node, names);
      addDeclared(node.body, names);
      break;
    case "BlockStatement":
      addDeclared(node.body, names);
      break;
    case "SwitchStatement":
      for (const { consequent } of node.cases) addDeclared(consequent, names);
      break;
    case "ForStatement":
      if (node.init) addDeclared([node.init], names);
      break;
    case "ForInStatement":
    case "ForOfStatement":
      addDeclared([node.left], names);
      break;
    default:
  }
  return names;
}

/** What these statements declare themselves, those inside them left out. */
function addDeclared(statements: readonly AnyNode[], names: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration") {
      for (const { id } of statement.declarations) addBound(id, names);
    } else if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") {
      if (statement.id !== null) names.add(statement.id.name);
    }
  }
}

/** `var` declares for the whole function, wherever in it the declaration stands. */
function addVars(node: AnyNode, names: Set<string>): void {
  if (node.type === "VariableDeclaration" && node.kind === "var") addDeclared([node], names);
  for (const child of childrenOf(node)) {
    if (!("params" in child)) addVars(child, names);
  }
}

function addBound(pattern: AnyNode, names: Set<string>): void {
  if (pattern.type === "Identifier") names.add(pattern.name);
  else if (pattern.type === "AssignmentPattern") addBound(pattern.left, names);
  else if (pattern.type === "Property") addBound(pattern.value, names);
  else for (const child of childrenOf(pattern)) addBound(child, names);
}
