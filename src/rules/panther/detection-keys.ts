import type { DetectionKind } from "./content.ts";

const common = [
  "AnalysisType",
  "Enabled",
  "Severity",
  "DisplayName",
  "Description",
  "Reference",
  "Runbook",
  "OutputIds",
  "Tags",
  "Reports",
  "Status",
  "OnlyUseBaseRiskScore",
  "CreatedBy",
  "BaseVersion",
  "Tests",
];

const derived = [
  ...common.filter((key) => key !== "CreatedBy"),
  "RuleID",
  "BaseDetection",
  "DedupPeriodMinutes",
  "Threshold",
  "CreateAlert",
  "InlineFilters",
  "SummaryAttributes",
  "AlertTitle",
  "AlertContext",
  "GroupBy",
  "DynamicSeverities",
];

const rule = [
  ...derived.filter((key) => key !== "BaseDetection"),
  "CreatedBy",
  "Filename",
  "Detection",
  "LogTypes",
  "ScheduledQueries",
];

const policy = [
  ...common,
  "PolicyID",
  "Filename",
  "ResourceTypes",
  "Suppressions",
  "ActionDelaySeconds",
  "AutoRemediationID",
  "AutoRemediationParameters",
];

/** The top-level keys that a detection may have. */
export function detectionKeys(kind: DetectionKind, isDerived: boolean): readonly string[] {
  if (kind === "policy") return policy;
  return isDerived ? derived : rule;
}

/** Those of a correlation rule. */
export const correlationKeys: readonly string[] = [
  ...common,
  "RuleID",
  "Detection",
  "CreateAlert",
  "SummaryAttributes",
];

/** Every key that a detection of any kind may have, for filters. */
export const allDetectionKeys: readonly string[] = [...new Set([...rule, ...policy])];
