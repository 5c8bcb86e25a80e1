import type { LoadedRule } from "./runtime.ts";

/** Which rules see an event. */
export interface Router {
  /** The enabled rules for a log type, in the fixed order of rules; the same list on every call. */
  rulesFor(logType: string): readonly LoadedRule[];
}

const noRules: readonly LoadedRule[] = [];

/** A router over these rules. The order of rules is by rule id, code unit by code unit, whatever the order given. */
export function createRouter(rules: readonly LoadedRule[]): Router {
  const byLogType = new Map<string, LoadedRule[]>();
  for (const rule of rules.filter(({ manifest }) => manifest.enabled).sort(byRuleId)) {
    for (const logType of rule.manifest.logTypes) {
      const routed = byLogType.get(logType);
      if (routed === undefined) byLogType.set(logType, [rule]);
      else routed.push(rule);
    }
  }
  return { rulesFor: (logType) => byLogType.get(logType) ?? noRules };
}

/** The fixed order of rules. Code units, because the order of a locale differs between machines. */
export function byRuleId(left: LoadedRule, right: LoadedRule): number {
  if (left.manifest.id === right.manifest.id) return 0;
  return left.manifest.id < right.manifest.id ? -1 : 1;
}
