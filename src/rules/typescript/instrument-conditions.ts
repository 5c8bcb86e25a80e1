/* oxlint-disable typescript/switch-exhaustiveness-check -- of the many kinds of syntax only a few need a case */
import type {
  AnyNode,
  CallExpression,
  ChainExpression,
  Expression,
  ReturnStatement,
  SwitchStatement,
} from "acorn";
import type { Edits } from "./instrument-edits.ts";
import type { ConditionTrace } from "./instrument-trace.ts";
import { childrenOf, lineOf, type SourceFile } from "./source-file.ts";

export interface ConditionParts {
  readonly file: SourceFile;
  readonly edits: Edits;
  /** Gets the places of conditions and parts; their numbers go into the code. */
  readonly trace: ConditionTrace;
  /** Begins the names under which the code finds the functions of the trace. */
  readonly prefix: string;
}

/**
 * Wraps every condition of a file, and the parts of each whose values are worth seeing, in calls that hand their value
 * through: tests, comparisons, `!`, `&&`, `||`, `??`, what `switch` looks at, and answers of functions that are boolean.
 * Expressions are only wrapped, never moved or repeated, so the code does the same in the same order.
 */
export function instrumentConditions(parts: ConditionParts): void {
  new Instrumentation(parts).visit(parts.file.tree);
}

/** How a condition is recorded. */
interface ConditionKind {
  readonly onlyBoolean?: boolean;
  /** Number of the condition that it is an operand of. */
  readonly within?: number;
  /** Its text, where that is not the source text. */
  readonly text?: string;
}

const comparisons = new Set(["==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "instanceof"]);
const constants = new Set(["undefined", "NaN", "Infinity"]);

/** Expressions that never come to a boolean, so that a function's answer need not be looked at. */
const neverBoolean = new Set([
  "ArrayExpression",
  "ArrowFunctionExpression",
  "ClassExpression",
  "FunctionExpression",
  "Literal",
  "NewExpression",
  "ObjectExpression",
  "TemplateLiteral",
]);

class Instrumentation {
  readonly #parts: ConditionParts;

  constructor(parts: ConditionParts) {
    this.#parts = parts;
  }

  /** Looks for conditions in code that is not part of one. */
  visit(node: AnyNode): void {
    if (isDecision(node)) return this.#condition(node);
    switch (node.type) {
      case "IfStatement":
      case "ConditionalExpression":
      case "WhileStatement":
      case "DoWhileStatement":
      case "ForStatement":
        for (const child of childrenOf(node)) {
          if (child === node.test) this.#condition(child);
          else this.visit(child);
        }
        return;
      case "SwitchStatement":
        return this.#switch(node);
      case "ReturnStatement":
        return this.#answer(node.argument, node);
      case "ArrowFunctionExpression":
        for (const parameter of node.params) this.visit(parameter);
        if (node.body.type === "BlockStatement") this.visit(node.body);
        else this.#answer(node.body);
        return;
      default:
        for (const child of childrenOf(node)) this.visit(child);
    }
  }

  /** What a function answers, which is a condition when it is boolean. */
  #answer(answer: Expression | null | undefined, statement?: ReturnStatement): void {
    if (answer === null || answer === undefined) return;
    const isBoolean = answer.type === "Literal" && typeof answer.value === "boolean";
    if (isBoolean && statement !== undefined) this.#condition(answer, { text: this.#text(statement) });
    else if (neverBoolean.has(answer.type)) this.visit(answer);
    else this.#condition(answer, { onlyBoolean: !isDecision(answer) });
  }

  #condition(node: AnyNode, kind: ConditionKind = {}): void {
    if (node.type === "Literal" && kind.text === undefined) return;
    const site = this.#addSite(node, kind);
    const { edits, prefix } = this.#parts;
    edits.wrap(node, ` ${prefix}end(${prefix}begin(${site}),(`, "))");
    if (node.type === "LogicalExpression") {
      this.#operand(node.left, node.operator, site);
      this.#operand(node.right, node.operator, site);
    } else if (node.type === "UnaryExpression" && node.operator === "!") {
      this.#operand(node.argument, "!", site);
    } else if (isDecision(node)) {
      for (const child of childrenOf(node)) this.#operand(child, "", site);
    } else this.#part(node, site);
  }

  /** Part of a condition; further operands of the same operator belong to the same condition. */
  #operand(node: AnyNode, operator: string, site: number): void {
    if (node.type === "LogicalExpression" && node.operator === operator) {
      this.#operand(node.left, operator, site);
      this.#operand(node.right, operator, site);
    } else if (node.type === "UnaryExpression" && node.operator === "!" && operator === "!") {
      this.#operand(node.argument, operator, site);
    } else this.#part(node, site);
  }

  #switch(node: SwitchStatement): void {
    const { edits, prefix } = this.#parts;
    const { discriminant } = node;
    const site = this.#addSite(discriminant, {});
    edits.wrap(discriminant, ` ${prefix}subject(${prefix}begin(${site}),(`, "))");
    this.#part(discriminant, site);
    for (const { test, consequent } of node.cases) {
      if (test !== null && test !== undefined) {
        const text = `${this.#text(discriminant)} === ${this.#text(test)}`;
        const caseSite = this.#addSite(test, { text });
        edits.wrap(test, ` ${prefix}caseOf(${prefix}frame(${site}),${caseSite},(`, "))");
        this.visit(test);
      }
      for (const statement of consequent) this.visit(statement);
    }
  }

  /** Wraps what is worth seeing in an operand of a condition. */
  #part(node: AnyNode, site: number): void {
    if (isDecision(node)) return this.#condition(node, { within: site });
    switch (node.type) {
      case "Identifier":
        if (!constants.has(node.name)) this.#wrap(node, site);
        return;
      case "ChainExpression":
      case "MemberExpression":
      case "CallExpression":
      case "TaggedTemplateExpression":
        this.#wrap(node, site);
        return this.#insides(node, site);
      case "AwaitExpression":
      case "YieldExpression":
        this.#wrap(node, site);
        if (node.argument) this.#insides(node.argument, site);
        return;
      case "AssignmentExpression":
        this.#wrap(node, site);
        return this.#part(node.right, site);
      case "UpdateExpression":
        return this.#wrap(node, site);
      case "UnaryExpression":
        if (node.operator === "typeof") this.#wrap(node, site);
        // A variable that does not exist may be asked for its type, and only there; `delete` needs the field itself.
        if (node.operator === "delete" || node.argument.type === "Identifier") return;
        return this.#part(node.argument, site);
      case "ConditionalExpression":
        this.#condition(node.test, { within: site });
        this.#part(node.consequent, site);
        return this.#part(node.alternate, site);
      default:
        this.#otherPart(node, site);
    }
  }

  /** An expression whose own value tells little: what it is made of is seen instead. */
  #otherPart(node: AnyNode, site: number): void {
    switch (node.type) {
      case "FunctionExpression":
      case "ArrowFunctionExpression":
      case "ClassExpression":
        return this.visit(node);
      case "Property":
        if (node.computed) this.#part(node.key, site);
        // The two of `{ name }` are one piece of text.
        if (!node.shorthand) this.#part(node.value, site);
        return;
      case "NewExpression":
        for (const argument of node.arguments) this.#part(argument, site);
        return;
      case "MetaProperty":
      case "ImportExpression":
        return;
      default:
        for (const child of childrenOf(node)) this.#part(child, site);
    }
  }

  /**
   * Wraps what is worth seeing inside of something that is wrapped as a whole or must not be: a function that is called is
   * left alone, because wrapping it would lose its object, and so is the inside of an optional chain.
   */
  #insides(node: AnyNode, site: number): void {
    switch (node.type) {
      case "ChainExpression":
        return this.#insides(node.expression, site);
      case "MemberExpression":
        this.#insides(node.object, site);
        if (node.computed) this.#part(node.property, site);
        return;
      case "CallExpression":
        this.#insides(node.callee, site);
        for (const argument of node.arguments) this.#part(argument, site);
        return;
      case "TaggedTemplateExpression":
        this.#insides(node.tag, site);
        return this.#part(node.quasi, site);
      case "Identifier":
      case "ThisExpression":
      case "Super":
        return;
      default:
        this.#part(node, site);
    }
  }

  #wrap(node: AnyNode, site: number): void {
    const { edits, prefix, trace } = this.#parts;
    const owner = ownerOf(node);
    const path = owner === undefined ? undefined : pathTo(owner);
    const seen =
      owner === undefined || path === undefined ? undefined : { text: this.#text(owner), path: path.names };
    const part = trace.parts.push({ text: this.#text(node), owner: seen }) - 1;
    edits.wrap(
      node,
      ` ${prefix}part(${prefix}frame(${site}),${part},(`,
      path === undefined ? "))" : `),${path.root})`,
    );
  }

  #addSite(node: AnyNode, { onlyBoolean = false, within, text }: ConditionKind): number {
    const { file, trace } = this.#parts;
    const site = { file: file.path, line: lineOf(node), text: text ?? this.#text(node), onlyBoolean, within };
    return trace.sites.push(site) - 1;
  }

  #text(node: AnyNode): string {
    return this.#parts.file.code.slice(node.start, node.end).replaceAll(/\s+/g, " ").replace(/;$/, "");
  }
}

/** True for an expression that decides something wherever it stands. */
function isDecision(node: AnyNode): boolean {
  if (node.type === "LogicalExpression") return true;
  if (node.type === "UnaryExpression") return node.operator === "!";
  return node.type === "BinaryExpression" && comparisons.has(node.operator);
}

/** The object whose method an expression calls, where that is a field of something. */
function ownerOf(node: AnyNode): AnyNode | undefined {
  const call = node.type === "ChainExpression" ? node.expression : node;
  if (call.type !== "CallExpression" || call.callee.type !== "MemberExpression") return undefined;
  const { object } = call.callee;
  return object.type === "MemberExpression" || object.type === "ChainExpression" ? object : undefined;
}

/** The variable, and the names of the fields, that a chain such as `event.userIdentity?.arn` goes along. */
function pathTo(
  node: CallExpression | ChainExpression | AnyNode,
): { readonly root: string; readonly names: readonly string[] } | undefined {
  if (node.type === "Identifier") return { root: node.name, names: [] };
  if (node.type === "ThisExpression") return { root: "this", names: [] };
  if (node.type === "ChainExpression") return pathTo(node.expression);
  if (node.type !== "MemberExpression") return undefined;
  const before = pathTo(node.object);
  const { property } = node;
  const name =
    !node.computed && property.type === "Identifier"
      ? property.name
      : property.type === "Literal"
        ? String(property.value)
        : undefined;
  return before === undefined || name === undefined
    ? undefined
    : { root: before.root, names: [...before.names, name] };
}
