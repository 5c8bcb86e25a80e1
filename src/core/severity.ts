/** How urgent an alert is, least urgent first. Panther's names, in lower case. */
export const severities = ["info", "low", "medium", "high", "critical"] as const;

export type Severity = (typeof severities)[number];

/** True for one of the five names in lower case. */
export function isSeverity(value: unknown): value is Severity {
  return typeof value === "string" && (severities as readonly string[]).includes(value);
}
