import type { Alert } from "../core/alert.ts";
import type { Severity } from "../core/severity.ts";

/** Which alerts a destination gets. Conditions that are left out hold always. */
export interface AlertRoute {
  /** Name of the destination. */
  readonly name: string;
  readonly severities?: readonly Severity[] | undefined;
  /** `*` stands for any characters. */
  readonly logTypes?: readonly string[] | undefined;
  /** One of them is enough; `*` stands for any characters. */
  readonly tags?: readonly string[] | undefined;
  /** False: only alerts of rules that name the destination. */
  readonly enabled: boolean;
  /** Whether it is told when an alert's dedup window has passed. */
  readonly closed: boolean;
}

/**
 * Decides where alerts go. As in Panther, destinations that a rule names stand before all conditions, and an empty list is the
 * rule's wish that nobody is notified. Where a rule names only destinations that are not there, the conditions decide: an
 * alert must not be lost over a name.
 */
export class AlertRouting {
  readonly #routes: ReadonlyMap<string, CompiledRoute>;
  readonly #warn: (message: string) => void;
  readonly #warned = new Set<string>();

  /** `warn` takes sentences for people, each once. */
  constructor(routes: readonly AlertRoute[], warn: (message: string) => void) {
    this.#routes = new Map(routes.map((route) => [route.name, compile(route)]));
    this.#warn = warn;
  }

  /** Names of the destinations that get an alert. */
  destinationsOf(alert: Alert): readonly string[] {
    const named = this.#named(alert);
    return [...this.#routes.values()]
      .filter(({ route, accepts }) => {
        if (alert.status === "closed" && !route.closed) return false;
        return named === undefined ? route.enabled && accepts(alert) : named.has(route.name);
      })
      .map(({ route }) => route.name);
  }

  /** What the rule named; `undefined` where conditions decide. */
  #named({ destinations, ruleId }: Alert): ReadonlySet<string> | undefined {
    if (destinations === null) return undefined;
    const known = destinations.filter((name) => this.#routes.has(name));
    for (const name of destinations) if (!this.#routes.has(name)) this.#warnUnknown(ruleId, name);
    return destinations.length > 0 && known.length === 0 ? undefined : new Set(known);
  }

  #warnUnknown(ruleId: string, name: string): void {
    const pair = `${ruleId}\n${name}`;
    // Names may come from events.
    if (this.#warned.has(pair) || this.#warned.size >= warningsMax) return;
    this.#warned.add(pair);
    this.#warn(`Rule ${ruleId} names the destination ${name.slice(0, 100)}, which is not configured.`);
  }
}

const warningsMax = 1000;

interface CompiledRoute {
  readonly route: AlertRoute;
  readonly accepts: (alert: Alert) => boolean;
}

function compile(route: AlertRoute): CompiledRoute {
  const severities = route.severities && new Set(route.severities);
  const logTypes = route.logTypes && anyOf(route.logTypes);
  const tags = route.tags && anyOf(route.tags);
  return {
    route,
    accepts: (alert) =>
      (severities?.has(alert.severity) ?? true) &&
      (logTypes?.(alert.logType) ?? true) &&
      (tags === undefined || alert.tags.some((tag) => tags(tag))),
  };
}

/** Whether a text is one of some names, in which `*` stands for any characters. */
export function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const compiled = patterns.map((pattern) => {
    const literal = pattern.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&");
    return new RegExp(`^${literal.replaceAll("*", ".*")}$`, "s");
  });
  return (text) => compiled.some((pattern) => pattern.test(text));
}
