import type { RuleStatus } from "../../service/status.ts";

/** Orders in which rules can be shown: slowest first, or those with the most of something. */
export const rankings = ["time", "alerts", "matches", "errors"] as const;

export type Ranking = (typeof rankings)[number];

/** Microseconds that a rule takes over an event, of the events that were measured; `undefined` while none was. */
export function microsecondsPerEvent({ timedEvents, timedMicroseconds }: RuleStatus): number | undefined {
  return timedEvents === 0 ? undefined : timedMicroseconds / timedEvents;
}

const measures: Readonly<Record<Ranking, (rule: RuleStatus) => number>> = {
  time: (rule) => microsecondsPerEvent(rule) ?? -1,
  alerts: (rule) => rule.alerts,
  matches: (rule) => rule.matches,
  errors: (rule) => rule.ruleErrors,
};

/** The rules, those first that the ranking asks for; ties by id. */
export function rankRules(rules: readonly RuleStatus[], ranking: Ranking): readonly RuleStatus[] {
  const measure = measures[ranking];
  return [...rules].sort(
    (left, right) =>
      measure(right) - measure(left) || right.alerts - left.alerts || (left.id < right.id ? -1 : 1),
  );
}

/** The ranking that comes after one, around. */
export function nextRanking(ranking: Ranking): Ranking {
  return rankings[(rankings.indexOf(ranking) + 1) % rankings.length] ?? "time";
}
