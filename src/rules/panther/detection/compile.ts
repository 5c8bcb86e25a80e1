import type { Problem } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { AuxiliaryFunction } from "../../runtime.ts";
import type { SimpleExtras, YamlPart } from "../content.ts";
import {
  compileContext,
  compileGroupBy,
  compileSeverities,
  compileTitle,
  type Answer,
} from "./alert-fields.ts";
import { compileExpressions } from "./expressions.ts";
import { YamlNode } from "./yaml-node.ts";

/** A simple detection, ready to be asked. It never throws and keeps nothing between events. */
export interface CompiledSimple {
  /**
   * True when all expressions of `Detection` hold.
   *
   * Names of fields are found as in Panther's events: the exact name, then the first that is the same in lower case.
   * Standard fields (`p_…`) count as fields, what every JavaScript object inherits does not. A condition holds when one of
   * the values that its key leads to passes: one at most, or several with `[*]`. An inverse condition (`DoesNot…`, `IsNot…`
   * of membership and networks, `IsNull`, `IsNullOrEmpty`) holds exactly when the condition that it turns round does not, so
   * also where the field is missing. Values of different types are neither equal nor in any order.
   */
  rule(event: JsonObject): boolean;
  /** `title`, `severity`, `dedup` and `alertContext`, as far as the detection defines them. */
  readonly functions: ReadonlySet<AuxiliaryFunction>;
  /** What one of `functions` answers; `undefined` for any other. */
  call(name: AuxiliaryFunction, event: JsonObject): unknown;
}

/** Compiles `Detection` and the keys beside it. `undefined` when it added problems; it adds all there are. */
export function compileSimple(
  detection: YamlPart,
  extras: SimpleExtras,
  problems: Problem[],
): CompiledSimple | undefined {
  const before = problems.length;
  const node = YamlNode.root(detection, problems);
  if (node.items()?.length === 0) {
    node.report("Detection is empty. For a rule that matches every event, write Condition: AlwaysTrue.");
  }
  const rule = compileExpressions(node, "detection");
  const answers = compileExtras(detection, extras, problems);
  if (rule === undefined || problems.length > before) return undefined;
  return {
    rule,
    functions: new Set(answers.keys()),
    call: (name, event) => answers.get(name)?.(event),
  };
}

function compileExtras(
  detection: YamlPart,
  extras: SimpleExtras,
  problems: Problem[],
): ReadonlyMap<AuxiliaryFunction, Answer> {
  const { alertTitle, alertContext, groupBy, dynamicSeverities } = extras;
  const answers = new Map<AuxiliaryFunction, Answer>();
  const add = (name: AuxiliaryFunction, answer: Answer | undefined): void => {
    if (answer !== undefined) answers.set(name, answer);
  };
  const within = (part: YamlPart | undefined, compile: (node: YamlNode) => Answer | undefined) =>
    part && compile(YamlNode.root(part, problems));
  if (alertTitle !== undefined) {
    const report = (message: string): void => {
      problems.push({ file: detection.file, line: 0, message });
    };
    add("title", compileTitle(alertTitle, report));
  }
  add("severity", within(dynamicSeverities, compileSeverities));
  add("dedup", within(groupBy, compileGroupBy));
  add("alertContext", within(alertContext, compileContext));
  return answers;
}

/**
 * Compiles `InlineFilters`, to be asked before a rule: an event that they answer false for does not reach it. `undefined`
 * when it added problems; it adds all there are.
 *
 * Filters know the conditions on a key, `All` and `Any`. They differ from a detection in one point: a filter on a field that
 * the event does not have lets it pass, because a rule may have several log types; only a filter that asks whether there
 * is a value (`Exists`, `IsNull`, `IsNotNullOrEmpty` and the like) judges that. An empty list lets every event pass.
 */
export function compileFilter(
  filters: YamlPart,
  problems: Problem[],
): ((event: JsonObject) => boolean) | undefined {
  const before = problems.length;
  const filter = compileExpressions(YamlNode.root(filters, problems), "filter");
  return problems.length > before ? undefined : filter;
}
