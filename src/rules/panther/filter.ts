import { formatDuration } from "../../core/durations.ts";
import { StakeoutError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { RuleManifest } from "../manifest.ts";
import { nearest } from "../nearest.ts";
import type { PantherContent } from "./content.ts";
import { allDetectionKeys } from "./detection-keys.ts";
import { isList, isObject } from "./json-kind.ts";

/** What a filter looks at: a rule in any language. */
export interface FilteredRule {
  readonly manifest: RuleManifest;
  /** The keys of a Panther detection as written; `undefined` for rules in other formats. */
  readonly fields: JsonObject | undefined;
}

/** One `--filter`: a field of rules, and the values that it must have one of, or none of. */
export interface RuleFilter {
  readonly text: string;
  /** False for `KEY!=VALUE`. */
  readonly wanted: boolean;
  /** In lower case. An empty one stands for a field that is not set. */
  readonly values: ReadonlySet<string>;
  readonly valuesOf: (rule: FilteredRule) => readonly string[];
}

type ManifestValues = (manifest: RuleManifest) => JsonValue | undefined;

/** Our names of fields, and those of Panther's that rules in other formats have too. */
const manifestFields: Readonly<Record<string, ManifestValues>> = {
  id: ({ id }) => id,
  displayName: ({ displayName }) => displayName,
  enabled: ({ enabled }) => enabled,
  createAlert: ({ createAlert }) => createAlert,
  logTypes: ({ logTypes }) => logTypes,
  severity: ({ severity }) => severity,
  description: ({ description }) => description,
  reference: ({ reference }) => reference,
  runbook: ({ runbook }) => runbook,
  tags: ({ tags }) => tags,
  reports: ({ reports }) => Object.keys(reports),
  // As a rule can write it: in seconds, or with units.
  dedupPeriod: ({ dedupPeriodMs }) => [
    dedupPeriodMs / 1000,
    formatDuration(dedupPeriodMs).replaceAll(" ", ""),
  ],
  threshold: ({ threshold }) => threshold,
  destinations: ({ destinations }) => destinations,
  summaryAttributes: ({ summaryAttributes }) => summaryAttributes,
  AnalysisType: () => "rule",
  RuleID: ({ id }) => id,
  OutputIds: ({ destinations }) => destinations,
  DedupPeriodMinutes: ({ dedupPeriodMs }) => dedupPeriodMs / 60_000,
};

/** By name in lower case, so that `severity` and Panther's `Severity` are the same. */
const manifestFieldsByName = byLowerCase(Object.keys(manifestFields));
const pantherKeysByName = byLowerCase(allDetectionKeys);

/** The keys that are true or false, for which Panther takes other words too. */
const flags: ReadonlySet<string> = new Set(["enabled", "createalert"]);
const flagWords: ReadonlyMap<string, string> = new Map([
  ...["y", "yes", "t", "on", "1"].map((word) => [word, "true"] as const),
  ...["n", "no", "f", "off", "0"].map((word) => [word, "false"] as const),
]);

/**
 * Reads `KEY=VALUE[,VALUE…]` or `KEY!=VALUE[,VALUE…]`. A Panther detection is asked for the key as its file has it, any
 * other rule for the field of its manifest that means the same. Throws `USAGE` for anything else, and for an unknown key.
 */
export function parseFilter(text: string): RuleFilter {
  const [, before = "", not, list = ""] = /^([^=!]+)(!)?=([^=]*)$/.exec(text) ?? [];
  if (before === "") {
    throw new StakeoutError(
      "USAGE",
      `--filter ${text}: write KEY=VALUE or KEY!=VALUE, several values with commas between them; a value cannot contain =.`,
    );
  }
  const key = before.trim().toLowerCase();
  const values = list.split(",").map((value) => withoutQuotes(value.trim()).toLowerCase());
  const words = flags.has(key) ? values.map((value) => flagWords.get(value) ?? value) : values;
  return { text, wanted: not === undefined, values: new Set(words), valuesOf: valuesOf(text, before.trim()) };
}

/** True when a rule passes every filter. */
export function passesFilters(rule: FilteredRule, filters: readonly RuleFilter[]): boolean {
  return filters.every(({ wanted, values, valuesOf }) => {
    const found = valuesOf(rule).some((value) => values.has(value.toLowerCase()));
    return found === wanted;
  });
}

/** The ids that a pack names. Throws `USAGE` for a pack that is not there. */
export function packFilter({ packs }: Pick<PantherContent, "packs">, packId: string): ReadonlySet<string> {
  const pack = packs.find(({ id }) => id === packId);
  if (pack !== undefined) return new Set(pack.ids);
  const ids = packs.map(({ id }) => id);
  throw new StakeoutError("USAGE", `There is no pack ${packId}. ${advice(packId, ids)}`);
}

function valuesOf(text: string, key: string): RuleFilter["valuesOf"] {
  const manifestField = manifestFieldsByName.get(key.toLowerCase());
  const pantherKey = pantherKeysByName.get(key.toLowerCase());
  if (manifestField === undefined && pantherKey === undefined) {
    const names = new Set([...Object.keys(manifestFields), ...allDetectionKeys]);
    throw new StakeoutError(
      "USAGE",
      `--filter ${text}: rules have no field ${key}. ${advice(key, [...names])}`,
    );
  }
  return ({ manifest, fields }) => {
    if (fields !== undefined && pantherKey !== undefined) return texts(fields[pantherKey]);
    return texts(manifestField === undefined ? undefined : manifestFields[manifestField]?.(manifest));
  };
}

/** What a value is compared as. An empty list is a field that is not set, and so is none at all. */
function texts(value: JsonValue | undefined): readonly string[] {
  if (isList(value) && value.length > 0) return value.flatMap(texts);
  if (isObject(value)) return texts(Object.keys(value));
  return value === undefined || value === null || isList(value) ? [""] : [String(value)];
}

function byLowerCase(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name.toLowerCase(), name]));
}

/** `Severity=Critical,""` is how Panther's documents write an empty value; a shell leaves the quotes in. */
function withoutQuotes(value: string): string {
  return value === '""' || value === "''" ? "" : value;
}

function advice(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? `Known are ${known.join(", ")}.` : `Did you mean ${meant}?`;
}
