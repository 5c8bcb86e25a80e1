import { isNode, LineCounter, parseDocument } from "yaml";
import type { Problem } from "../../../../src/core/errors.ts";
import type { JsonObject, JsonValue } from "../../../../src/core/json.ts";
import type { SimpleExtras, YamlPart } from "../../../../src/rules/panther/content.ts";
import {
  compileFilter,
  compileSimple,
  type CompiledSimple,
} from "../../../../src/rules/panther/detection/compile.ts";

/** A part of a YAML file; its first line is line 1. */
export function yamlPart(text: string): YamlPart {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  return {
    file: "/rules/simple.yml",
    value: document.toJS() as JsonValue,
    lineOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node)) return lineCounter.linePos(node.range?.[0] ?? 0).line;
      }
      return 1;
    },
  };
}

/** A part whose values need no lines. */
export function valuePart(value: JsonValue): YamlPart {
  return { file: "/rules/simple.yml", value, lineOf: () => 1 };
}

const noExtras: SimpleExtras = {
  alertTitle: undefined,
  alertContext: undefined,
  groupBy: undefined,
  dynamicSeverities: undefined,
};

/** A detection that always matches, with these keys beside it. */
export function compileExtras(extras: Partial<SimpleExtras>): CompiledSimple {
  const problems: Problem[] = [];
  const always = valuePart([{ Condition: "AlwaysTrue" }]);
  return usable(compileSimple(always, { ...noExtras, ...extras }, problems), problems);
}

/** Problems of the keys beside a detection, as `line: message`. */
export function problemsOfExtras(extras: Partial<SimpleExtras>): readonly string[] {
  const problems: Problem[] = [];
  compileSimple(valuePart([{ Condition: "AlwaysTrue" }]), { ...noExtras, ...extras }, problems);
  return listed(problems);
}

/** Whether a detection of these expressions matches. */
export function matches(expressions: JsonValue, event: JsonObject): boolean {
  const problems: Problem[] = [];
  return usable(compileSimple(valuePart(expressions), noExtras, problems), problems).rule(event);
}

/** Whether filters let an event pass. */
export function passes(filters: JsonValue, event: JsonObject): boolean {
  const problems: Problem[] = [];
  return usable(compileFilter(valuePart(filters), problems), problems)(event);
}

/** Problems of a detection in YAML, as `line: message`. Nothing when it compiles, which is checked to be consistent. */
export function problemsOf(text: string): readonly string[] {
  const problems: Problem[] = [];
  const compiled = compileSimple(yamlPart(text), noExtras, problems);
  if ((compiled === undefined) !== problems.length > 0) throw new Error("Problems and result disagree.");
  return listed(problems);
}

/** The same for `InlineFilters`. */
export function problemsOfFilter(text: string): readonly string[] {
  const problems: Problem[] = [];
  const compiled = compileFilter(yamlPart(text), problems);
  if ((compiled === undefined) !== problems.length > 0) throw new Error("Problems and result disagree.");
  return listed(problems);
}

function listed(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ line, message }) => `${line}: ${message}`);
}

function usable<T>(compiled: T | undefined, problems: readonly Problem[]): T {
  if (compiled === undefined) throw new Error(listed(problems).join("\n"));
  return compiled;
}
