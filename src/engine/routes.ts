import { createRouter } from "../rules/router.ts";
import type { LoadedRule, RuleScan } from "../rules/runtime.ts";

/** The enabled rules of one log type, in their fixed order. */
export interface Route {
  /** One after another they are all the rules. */
  readonly sections: readonly RouteSection[];
  /** True when one of them can name a standard field. */
  readonly standardFields: boolean;
  /** True when one of them wants the bytes of the record. */
  readonly records: boolean;
}

/** Rules in a row that are asked in the same way. */
export interface RouteSection {
  readonly rules: readonly LoadedRule[];
  /** `undefined` where each rule is called by itself. */
  readonly scan: RuleScan | undefined;
  /** The only rule, where it has a budget of its own: the main thread must see when it is asked. */
  readonly budgeted: LoadedRule | undefined;
}

export interface Routes {
  of(logType: string): Route;
}

/** Rules by log type, with what has to be prepared for them. */
export function createRoutes(rules: readonly LoadedRule[]): Routes {
  const router = createRouter(rules);
  const routes = new Map<string, Route>();
  const build = (logType: string): Route => {
    const routed = router.rulesFor(logType);
    const route = {
      sections: toSections(routed),
      standardFields: routed.some((rule) => rule.usesStandardFields),
      records: routed.some((rule) => rule.readsRecord === true),
    };
    // A log type without rules comes from the data (`p_log_type`), so remembering it would let events fill the memory.
    if (routed.length > 0) routes.set(logType, route);
    return route;
  };
  return { of: (logType) => routes.get(logType) ?? build(logType) };
}

function toSections(rules: readonly LoadedRule[]): readonly RouteSection[] {
  const runs: LoadedRule[][] = [];
  for (const rule of rules) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && areAskedAlike(run[0], rule)) run.push(rule);
    else runs.push([rule]);
  }
  return runs.map((run) => ({
    rules: run,
    scan: run[0]?.prepareScan?.(run),
    budgeted: run[0]?.manifest.budgetMs === undefined ? undefined : run[0],
  }));
}

function areAskedAlike(left: LoadedRule, right: LoadedRule): boolean {
  const budgeted = left.manifest.budgetMs !== undefined || right.manifest.budgetMs !== undefined;
  return left.prepareScan === right.prepareScan && !budgeted;
}
