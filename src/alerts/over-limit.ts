import type { Match } from "../core/alert.ts";

/**
 * The match as the alert shows it that stands for all further ones of a rule in this hour. It goes where the alert of the
 * match would have gone, but never nowhere, unless the rule is staged: that would hide what others are missing.
 */
export function matchOverLimit(match: Match, alertsPerHourMax: number): Match {
  const { rule, destinations, staged = false } = match;
  return {
    ...match,
    rule: { ...rule, threshold: 1, summaryAttributes: [] },
    title: `Too many alerts: more than ${alertsPerHourMax.toLocaleString("en-US")} in this hour`,
    dedup: "alertsPerHourMax",
    description:
      "The rule has raised as many alerts as it may in one hour (the limit alertsPerHourMax). What would have raised " +
      "further ones until the end of the hour is counted here as matches.",
    reference: "",
    runbook:
      "Look for what the matches have in common, give the rule a dedup key for that, or raise the limit.",
    destinations: destinations?.length === 0 && !staged ? undefined : destinations,
    context: {},
    distinct: false,
    unique: undefined,
    // Not copied with the other fields where it belongs to a class.
    event: () => match.event(),
  };
}
