import type { Event } from "../../core/event.ts";
import { isThenable } from "../../core/json.ts";
import { ContextText } from "../../rules/context.ts";
import type { LoadedRule } from "../../rules/runtime.ts";

/** Learns what a rule is asked and what it answers. */
export interface RuleObserver {
  /** The rule is about to be asked about an event. */
  asked(event: Event): void;
  /** A function of the rule answered, promises awaited. */
  answered(functionName: string, answer: unknown): void;
  /** A function of the rule threw, or answered a promise that was rejected. */
  threw(functionName: string, error: unknown): void;
}

export interface ObserveOptions {
  /** The log types that events of the test have, for a test whose events come to the rule whatever theirs is. */
  readonly logTypes?: readonly string[] | undefined;
  /** True for a test in Panther's form. */
  readonly isPanther: boolean;
}

/**
 * A rule that does what another one does, watched. It is asked whether or not it is enabled, and it cannot change the event
 * that it gets. In Panther's form it gets no standard fields, and of a rule that raises no alerts, `alertContext` is asked too.
 */
export function observeRule(rule: LoadedRule, observer: RuleObserver, options: ObserveOptions): LoadedRule {
  const watch = (functionName: string, ask: () => unknown): unknown => {
    const answered = (value: unknown): unknown => {
      observer.answered(functionName, value instanceof ContextText ? value.parse() : value);
      return value;
    };
    const threw = (error: unknown): never => {
      observer.threw(functionName, error);
      throw error;
    };
    try {
      const answer = ask();
      if (isThenable(answer)) return answer.then(answered, threw);
      return answered(answer);
    } catch (error) {
      return threw(error);
    }
  };
  // Asked together with others, the rule would not be seen.
  const { prepareScan: _, ...single } = rule;
  const { manifest, functions } = rule;
  const { isPanther, logTypes = manifest.logTypes } = options;
  const contextOnly = isPanther && !manifest.createAlert;
  return {
    ...single,
    manifest: { ...manifest, enabled: true, logTypes, createAlert: manifest.createAlert || isPanther },
    functions: contextOnly ? new Set([...functions].filter((name) => name === "alertContext")) : functions,
    usesStandardFields: rule.usesStandardFields && !isPanther,
    rule: (event) => {
      observer.asked(event);
      // What gets the record itself cannot reach the fields.
      if (event.record === undefined) freeze(event.fields);
      return watch("rule", () => rule.rule(event));
    },
    call: (name, event) => watch(name, () => rule.call(name, event)),
  };
}

/** Freezes parsed JSON. The parser's limit on nesting is also one on this recursion. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) freeze(inner);
  Object.freeze(value);
}
