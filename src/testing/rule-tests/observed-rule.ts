import type { Event } from "../../core/event.ts";
import { isThenable } from "../../core/json.ts";
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

/**
 * A rule that does what another one does, watched. It is asked whether or not it is enabled, and it cannot change the event
 * that it gets.
 */
export function observeRule(rule: LoadedRule, observer: RuleObserver): LoadedRule {
  const watch = (functionName: string, ask: () => unknown): unknown => {
    const answered = (value: unknown): unknown => {
      observer.answered(functionName, value);
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
  return {
    ...rule,
    manifest: { ...rule.manifest, enabled: true },
    rule: (event) => {
      observer.asked(event);
      freeze(event.fields);
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
