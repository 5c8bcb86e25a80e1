import { formatDuration } from "../core/durations.ts";
import { StakeoutError } from "../core/errors.ts";
import type { RuleManifest } from "../rules/manifest.ts";
import { nearest } from "../rules/nearest.ts";

/** One `--filter`: a field of rules, and the values that it must have one of, or none of. */
export interface RuleFilter {
  readonly text: string;
  /** False for `KEY!=VALUE`. */
  readonly wanted: boolean;
  /** In lower case. An empty one stands for a field that is not set. */
  readonly values: ReadonlySet<string>;
  readonly valuesOf: (manifest: RuleManifest) => readonly string[];
}

type FieldValues = (manifest: RuleManifest) => readonly string[];

const one =
  (read: (manifest: RuleManifest) => string | number | boolean | undefined): FieldValues =>
  (manifest) => [String(read(manifest) ?? "")];

/** An empty list is a field that is not set, and so is none at all. */
const many =
  (read: (manifest: RuleManifest) => readonly string[] | undefined): FieldValues =>
  (manifest) => {
    const values = read(manifest) ?? [];
    return values.length === 0 ? [""] : values;
  };

/** What can be filtered by: our names, and Panther's where they are others. */
const fields: Readonly<Record<string, FieldValues>> = {
  id: one((manifest) => manifest.id),
  displayName: one((manifest) => manifest.displayName),
  enabled: one((manifest) => manifest.enabled),
  createAlert: one((manifest) => manifest.createAlert),
  logTypes: many((manifest) => manifest.logTypes),
  severity: one((manifest) => manifest.severity),
  description: one((manifest) => manifest.description),
  reference: one((manifest) => manifest.reference),
  runbook: one((manifest) => manifest.runbook),
  tags: many((manifest) => manifest.tags),
  reports: many((manifest) => Object.keys(manifest.reports)),
  // As a rule can write it: in seconds, or with units.
  dedupPeriod: ({ dedupPeriodMs }) => [
    String(dedupPeriodMs / 1000),
    formatDuration(dedupPeriodMs).replaceAll(" ", ""),
  ],
  threshold: one((manifest) => manifest.threshold),
  destinations: many((manifest) => manifest.destinations),
  summaryAttributes: many((manifest) => manifest.summaryAttributes),
  AnalysisType: () => ["rule"],
  RuleID: one((manifest) => manifest.id),
  OutputIds: many((manifest) => manifest.destinations),
  DedupPeriodMinutes: one((manifest) => manifest.dedupPeriodMs / 60_000),
};

/** By name in lower case, so that `severity` and Panther's `Severity` are the same. */
const fieldsByName = new Map(Object.entries(fields).map(([name, values]) => [name.toLowerCase(), values]));

/** Reads `KEY=VALUE[,VALUE…]` or `KEY!=VALUE[,VALUE…]`. Throws `USAGE` for anything else, and for an unknown key. */
export function parseFilter(text: string): RuleFilter {
  const [, key = "", not, list = ""] = /^([^=!]+)(!)?=([^=]*)$/.exec(text) ?? [];
  if (key === "") {
    throw new StakeoutError(
      "USAGE",
      `--filter ${text}: write KEY=VALUE or KEY!=VALUE, several values with commas between them; a value cannot contain =.`,
    );
  }
  const valuesOf = fieldsByName.get(key.trim().toLowerCase());
  if (valuesOf === undefined) throw unknownKey(text, key.trim());
  const values = new Set(list.split(",").map((value) => withoutQuotes(value.trim()).toLowerCase()));
  return { text, wanted: not === undefined, values, valuesOf };
}

/** True when a rule passes every filter. */
export function passesFilters(manifest: RuleManifest, filters: readonly RuleFilter[]): boolean {
  return filters.every(({ wanted, values, valuesOf }) => {
    const found = valuesOf(manifest).some((value) => values.has(value.toLowerCase()));
    return found === wanted;
  });
}

/** `Severity=Critical,""` is how Panther's documents write an empty value; a shell leaves the quotes in. */
function withoutQuotes(value: string): string {
  return value === '""' || value === "''" ? "" : value;
}

function unknownKey(text: string, key: string): StakeoutError {
  const names = Object.keys(fields);
  const meant = nearest(key, names);
  const advice = meant === undefined ? `Known are ${names.join(", ")}.` : `Did you mean ${meant}?`;
  return new StakeoutError("USAGE", `--filter ${text}: rules have no field ${key}. ${advice}`);
}
