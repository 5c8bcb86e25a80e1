import type { JsonValue } from "../../../core/json.ts";
import { describeValue } from "../../describe-value.ts";
import { nearest } from "../../nearest.ts";
import { conditions, type Condition, type Scalar } from "./conditions.ts";
import { compileKey, keySpecifiers } from "./key-specifier.ts";
import { isList, present, type Selection, type Test } from "./selection.ts";
import type { YamlNode } from "./yaml-node.ts";

/** Whether an expression holds. The root is the event, or the element of a list that the expression is about. */
export type Predicate = (root: JsonValue) => boolean;

/** Where an expression stands: filters know fewer forms and let events pass that lack the field they ask for. */
export type Setting = "detection" | "filter";

/** Deepest nesting of combinators and `Expressions`. */
const expressionNestingMax = 50;

const specifiers = [...keySpecifiers, "Enrichment"] as const;
const operandKeys = ["Value", "Values"] as const;

type Combine = (predicates: readonly Predicate[]) => Predicate;

const combinators: ReadonlyMap<string, Combine> = new Map<string, Combine>([
  ["All", (predicates) => (root) => predicates.every((predicate) => predicate(root))],
  ["Any", (predicates) => (root) => predicates.some((predicate) => predicate(root))],
  ["OnlyOne", (predicates) => (root) => holdsOnce(predicates, (predicate) => predicate(root))],
  ["None", (predicates) => (root) => !predicates.some((predicate) => predicate(root))],
]);

const filterCombinators = ["All", "Any"];

/** What a condition asks of the elements of a list. */
type Quantify = (elements: readonly JsonValue[] | undefined, holds: Predicate) => boolean;

const quantifiers: ReadonlyMap<string, Quantify> = new Map<string, Quantify>([
  ["AnyElement", (elements, holds) => elements !== undefined && elements.some(holds)],
  ["AllElements", (elements, holds) => elements !== undefined && elements.every(holds)],
  ["OnlyOneElement", (elements, holds) => elements !== undefined && holdsOnce(elements, holds)],
  ["NoElement", (elements, holds) => elements === undefined || !elements.some(holds)],
]);

const absolutes: ReadonlyMap<string, Predicate> = new Map<string, Predicate>([
  ["AlwaysTrue", () => true],
  ["AlwaysFalse", () => false],
]);

function holdsOnce<T>(members: readonly T[], holds: (member: T) => boolean): boolean {
  let found = false;
  for (const member of members) {
    if (!holds(member)) continue;
    if (found) return false;
    found = true;
  }
  return found;
}

/** All of a list of expressions. `undefined` after reports. */
export function compileExpressions(node: YamlNode, setting: Setting): Predicate | undefined {
  const predicates = new Compiler(setting).list(node, 1);
  if (predicates === undefined) return undefined;
  const [only] = predicates;
  if (only !== undefined && predicates.length === 1) return only;
  return (root) => predicates.every((predicate) => predicate(root));
}

class Compiler {
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  list(node: YamlNode, depth: number): readonly Predicate[] | undefined {
    const items = node.items();
    if (items === undefined) {
      node.report(`This must be a list of expressions, not ${describeValue(node.value)}.`);
      return undefined;
    }
    if (depth > expressionNestingMax) {
      node.report(`Expressions are nested more than ${expressionNestingMax} deep.`);
      return undefined;
    }
    const predicates = items.map((item) => this.#expression(item, depth));
    const usable = predicates.filter((predicate) => predicate !== undefined);
    return usable.length === predicates.length ? usable : undefined;
  }

  #expression(node: YamlNode, depth: number): Predicate | undefined {
    const combinator = node.keys().find((key) => combinators.has(key));
    if (combinator !== undefined) return this.#combination(node, combinator, depth);
    const conditionNode = node.get("Condition");
    if (conditionNode === undefined) {
      node.report(
        `An expression is ${this.#combinatorNames().join(", ")} with a list, or it has a Condition; this has neither.`,
      );
      return undefined;
    }
    const name = conditionNode.value;
    if (typeof name === "string" && this.#setting === "detection") {
      const absolute = absolutes.get(name);
      if (absolute !== undefined) return this.#absolute(node, absolute);
      const quantify = quantifiers.get(name);
      if (quantify !== undefined) return this.#elements(node, quantify, depth);
    }
    const condition = typeof name === "string" ? conditions.get(name) : undefined;
    if (condition === undefined) {
      this.#reportUnknown(conditionNode);
      return undefined;
    }
    return this.#condition(node, condition);
  }

  #combination(node: YamlNode, combinator: string, depth: number): Predicate | undefined {
    const allowed = this.#combinatorNames();
    const inner = node.get(combinator);
    if (!allowed.includes(combinator)) {
      inner?.report(`InlineFilters combine with ${allowed.join(" and ")} only, not with ${combinator}.`);
      return undefined;
    }
    node.allowKeys([combinator], `an expression that starts with ${combinator}`);
    const predicates = inner && this.list(inner, depth + 1);
    if (predicates === undefined) return undefined;
    if (predicates.length === 0 && (combinator === "Any" || combinator === "OnlyOne")) {
      inner?.report(`${combinator} without expressions never holds. Give it expressions or remove it.`);
    }
    return combinators.get(combinator)?.(predicates);
  }

  #absolute(node: YamlNode, predicate: Predicate): Predicate {
    node.allowKeys(["Condition"], "an expression that always holds or never does");
    return predicate;
  }

  #elements(node: YamlNode, quantify: Quantify, depth: number): Predicate | undefined {
    node.allowKeys([...specifiers, "Condition", "Expressions"], "an expression on the elements of a list");
    const selection = compileKey(node, specifiers);
    const expressions = node.get("Expressions");
    if (expressions === undefined) node.report("A condition on elements needs Expressions, a list.");
    const predicates = expressions && this.list(expressions, depth + 1);
    if (selection === undefined || predicates === undefined) return undefined;
    const holds: Predicate = (element) => predicates.every((predicate) => predicate(element));
    return (root) => quantify(elementsOf(selection, root), holds);
  }

  #condition(node: YamlNode, condition: Condition): Predicate | undefined {
    const hasKey = specifiers.some((specifier) => node.get(specifier) !== undefined);
    const values = node.get("Values")?.items();
    const comparesKeys = values?.some(({ value }) => typeof value === "object") ?? false;
    if (!hasKey && comparesKeys && this.#setting === "detection") return twoKeys(node, condition);
    node.allowKeys([...specifiers, "Condition", ...operandKeys], "an expression");
    const selection = compileKey(node, specifiers);
    const test = testOf(node, condition);
    if (selection === undefined || test === undefined) return undefined;
    const holds: Predicate = (root) => selection.some(root, test) !== condition.inverse;
    if (this.#setting === "detection" || (condition.operand === "nothing" && condition.asksPresence)) {
      return holds;
    }
    return (root) => holds(root) || !selection.some(root, present);
  }

  #combinatorNames(): readonly string[] {
    return this.#setting === "filter" ? filterCombinators : [...combinators.keys()];
  }

  #reportUnknown(node: YamlNode): void {
    const { value } = node;
    const known = [...conditions.keys(), ...quantifiers.keys(), ...absolutes.keys()];
    if (typeof value === "string" && known.includes(value)) {
      node.report(`InlineFilters cannot use ${value}: they look at single values of the event only.`);
      return;
    }
    const meant = typeof value === "string" ? nearest(value, known) : undefined;
    const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
    node.report(`There is no condition ${describeValue(value)}.${hint}`);
  }
}

/** The elements of the list that a key leads to, or of all the lists; `undefined` where it leads to none. */
function elementsOf(selection: Selection, root: JsonValue): readonly JsonValue[] | undefined {
  const lists: (readonly JsonValue[])[] = [];
  selection.some(root, (value) => {
    if (isList(value)) lists.push(value);
    return false;
  });
  return lists.length > 1 ? lists.flat() : lists[0];
}

/** A condition between the values of two keys: it holds when a value of the first and one of the second pass. */
function twoKeys(node: YamlNode, condition: Condition): Predicate | undefined {
  node.allowKeys(["Condition", "Values"], "an expression that compares two keys");
  const keys = node.get("Values")?.items() ?? [];
  if (condition.operand !== "value" || keys.length !== 2) {
    node.report(
      keys.length === 2
        ? "This condition cannot compare two keys. Use one that compares, such as Equals or IsLessThan."
        : `A comparison of keys needs exactly two in Values, not ${keys.length}.`,
    );
    return undefined;
  }
  const [left, right] = keys.map((key) => {
    key.allowKeys(keySpecifiers, "a key specifier");
    return compileKey(key, keySpecifiers);
  });
  if (left === undefined || right === undefined) return undefined;
  if (left.many && right.many) {
    node.report(
      "Only one of two keys that are compared may lead to several values. Use an index for the other.",
    );
    return undefined;
  }
  const { compare, inverse } = condition;
  return (root) => left.some(root, (value) => right.some(root, (other) => compare(value, other))) !== inverse;
}

/** The test that a condition and its operand make. `undefined` after a report. */
function testOf(node: YamlNode, condition: Condition): Test | undefined {
  const given = operandKeys.filter((key) => node.get(key) !== undefined);
  if (condition.operand === "nothing") {
    for (const key of given) node.get(key)?.report(`This condition looks at the value alone. Remove ${key}.`);
    return given.length === 0 ? condition.test : undefined;
  }
  const wanted = condition.operand === "networks" ? operandKeys : [operandNames[condition.operand]];
  const [key] = given;
  const operand = key === undefined ? undefined : node.get(key);
  if (key === undefined || operand === undefined || given.length > 1 || !wanted.includes(key)) {
    const found = given.length === 0 ? "it has neither" : `it has ${given.join(" and ")}`;
    node.report(`This condition needs ${wanted.join(" or ")}, and ${found}.`);
    return undefined;
  }
  if (condition.operand === "value") return comparingTest(operand, condition);
  const operands = key === "Value" ? [operand] : operand.items();
  if (operands === undefined || operands.length === 0) {
    operand.report(`Values must be a list that is not empty, not ${describeValue(operand.value)}.`);
    return undefined;
  }
  return condition.operand === "values"
    ? membershipTest(operands, condition)
    : networkTest(operands, condition);
}

const operandNames = { value: "Value", values: "Values" } as const;

function comparingTest(
  operand: YamlNode,
  condition: Extract<Condition, { operand: "value" }>,
): Test | undefined {
  const { value } = operand;
  if (isScalar(value) && condition.types.some((type) => typeof value === type)) {
    return condition.testOf(value);
  }
  const kinds = condition.types.map((type) => scalarNames[type]).join(" or ");
  operand.report(`Value must be ${kinds} for this condition, not ${describeValue(value)}.`);
  return undefined;
}

const scalarNames = { string: "a text", number: "a number", boolean: "true or false" } as const;

function membershipTest(
  operands: readonly YamlNode[],
  condition: Extract<Condition, { operand: "values" }>,
): Test | undefined {
  const values: Scalar[] = [];
  for (const operand of operands) {
    const { value } = operand;
    if (isScalar(value)) values.push(value);
    else
      operand.report(`Each of Values must be a text, a number, true or false, not ${describeValue(value)}.`);
  }
  return values.length === operands.length ? condition.testOf(values) : undefined;
}

function networkTest(
  operands: readonly YamlNode[],
  condition: Extract<Condition, { operand: "networks" }>,
): Test | undefined {
  const texts: string[] = [];
  for (const operand of operands) {
    const { value } = operand;
    if (typeof value === "string" && condition.testOf([value]) !== undefined) texts.push(value);
    else operand.report(`This must be ${condition.form}, not ${describeValue(value)}.`);
  }
  return texts.length === operands.length ? condition.testOf(texts) : undefined;
}

function isScalar(value: JsonValue): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
