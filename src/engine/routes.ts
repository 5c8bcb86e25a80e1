import { createRouter } from "../rules/router.ts";
import type { LoadedRule } from "../rules/runtime.ts";

/** The enabled rules of one log type, in their fixed order. */
export interface Route {
  readonly rules: readonly LoadedRule[];
  /** True when one of them can name a standard field. */
  readonly standardFields: boolean;
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
    const route = { rules: routed, standardFields: routed.some((rule) => rule.usesStandardFields) };
    // A log type without rules comes from the data (`p_log_type`), so remembering it would let events fill the memory.
    if (routed.length > 0) routes.set(logType, route);
    return route;
  };
  return { of: (logType) => routes.get(logType) ?? build(logType) };
}
