import { type Duration, parseDurationMs } from "../core/durations.ts";
import type { Problem } from "../core/errors.ts";
import { isSeverity, severities, type Severity } from "../core/severity.ts";
import type { RuleDefinition } from "./define.ts";
import { describeValue } from "./describe-value.ts";
import type { RuleManifest } from "./manifest.ts";
import { nearest } from "./nearest.ts";
import { thrownText } from "./thrown.ts";

/** Where a definition stands, for problems and for the manifest. */
export interface DefinitionPlace {
  readonly file: string;
  readonly line: number;
  /** The line where a field is given, or the definition's line where that cannot be seen. */
  fieldLine(field: string): number;
}

export interface CheckedDefinition {
  /** With its defaults. Fields that are wrong have their defaults too, so use it only when there are no problems. */
  readonly manifest: RuleManifest;
  readonly problems: readonly Problem[];
}

type Field = keyof RuleDefinition;

/** Every field of a rule. A record, so that forgetting one does not compile. */
const fields: Readonly<Record<Field, true>> = {
  id: true,
  logTypes: true,
  severity: true,
  enabled: true,
  displayName: true,
  description: true,
  reference: true,
  runbook: true,
  tags: true,
  reports: true,
  dedupPeriod: true,
  threshold: true,
  budget: true,
  createAlert: true,
  staged: true,
  destinations: true,
  summaryAttributes: true,
  tests: true,
  rule: true,
  title: true,
  dedup: true,
  unique: true,
  alertContext: true,
};

const defaultDedupPeriod: Duration = "60m";

const budgetMaxMs = 3_600_000;

/** A date in UTC, or a time that says its zone. */
const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Stands for the severity of a rule that works it out in a function. */
const computedSeverity: Severity = "medium";

/** Checks a definition as the author wrote it, of whatever type, and fills in the defaults. Never throws. */
export function checkDefinition(definition: unknown, place: DefinitionPlace): CheckedDefinition {
  const check = new Check(definition, place);
  check.unknownFields();
  const budgetMs = check.budgetMs();
  const stagedUntilMs = check.stagedUntilMs();
  const manifest: RuleManifest = {
    id: check.id(),
    displayName: check.text("displayName"),
    enabled: check.flag("enabled"),
    createAlert: check.flag("createAlert"),
    logTypes: check.logTypes(),
    severity: check.severity(),
    description: check.textOrFunction("description"),
    reference: check.textOrFunction("reference"),
    runbook: check.textOrFunction("runbook"),
    tags: check.names("tags", (tag) => tag.toLowerCase()) ?? [],
    reports: check.reports(),
    dedupPeriodMs: check.dedupPeriodMs(),
    threshold: check.threshold(),
    ...(budgetMs === undefined ? {} : { budgetMs }),
    ...(stagedUntilMs === undefined ? {} : { stagedUntilMs }),
    destinations: check.isFunction("destinations") ? undefined : check.names("destinations"),
    summaryAttributes: check.names("summaryAttributes") ?? [],
    file: place.file,
    line: place.line,
  };
  check.functions();
  return { manifest, problems: check.problems };
}

class Check {
  readonly problems: Problem[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #place: DefinitionPlace;
  #name = "rule without id";

  constructor(definition: unknown, place: DefinitionPlace) {
    this.#place = place;
    const usable = typeof definition === "object" && definition !== null && !Array.isArray(definition);
    if (usable) this.#read(definition as Readonly<Record<string, unknown>>);
    if (!usable) this.#problem("", `defineRule must be given an object, not ${describeValue(definition)}`);
  }

  /** Takes each value once, because a field can be a getter that computes it, and may fail. */
  #read(definition: Readonly<Record<string, unknown>>): void {
    // The id first, so that every problem can name the rule.
    for (const field of new Set([...Object.keys(fields), ...Object.keys(definition)])) {
      try {
        const value = definition[field];
        this.#values.set(field, value);
        if (field === "id" && typeof value === "string") this.#name = `rule ${value}`;
      } catch (error) {
        this.#problem(field, `${field} cannot be read: ${thrownText(error)}`);
      }
    }
  }

  unknownFields(): void {
    for (const field of this.#values.keys()) {
      if (Object.hasOwn(fields, field)) continue;
      this.#problem(field, `unknown field ${field}${didYouMean(nearest(field, Object.keys(fields)))}`);
    }
  }

  id(): string {
    const id = this.#values.get("id");
    if (id === undefined) this.#problem("id", "id is missing");
    else if (typeof id !== "string") this.#problem("id", `id must be text, not ${describeValue(id)}`);
    else if (id.trim() === "") this.#problem("id", "id is empty");
    else if (/[<>&"%]/.test(id)) this.#problem("id", `id must not contain any of < > & " %`);
    return typeof id === "string" ? id : "";
  }

  logTypes(): readonly string[] {
    const logTypes = this.names("logTypes");
    if (this.#values.get("logTypes") === undefined) this.#problem("logTypes", "logTypes is missing");
    else if (logTypes?.length === 0)
      this.#problem("logTypes", "logTypes is empty; name at least one log type");
    return logTypes ?? [];
  }

  severity(): Severity {
    const severity = this.#values.get("severity");
    if (isSeverity(severity)) return severity;
    if (typeof severity === "function") return computedSeverity;
    if (severity === undefined)
      this.#problem("severity", `severity is missing; one of ${severities.join(", ")}`);
    else {
      const suggestion = typeof severity === "string" ? nearest(severity, severities) : undefined;
      const known = `it must be one of ${severities.join(", ")}, or a function`;
      this.#problem(
        "severity",
        `unknown severity ${describeValue(severity)}${didYouMean(suggestion)}; ${known}`,
      );
    }
    return computedSeverity;
  }

  flag(field: Field): boolean {
    const value = this.#values.get(field);
    if (value === undefined || typeof value === "boolean") return value ?? true;
    this.#problem(field, `${field} must be true or false, not ${describeValue(value)}`);
    return true;
  }

  text(field: Field): string | undefined {
    const value = this.#values.get(field);
    if (value === undefined || typeof value === "string") return value;
    this.#problem(field, `${field} must be text, not ${describeValue(value)}`);
    return undefined;
  }

  textOrFunction(field: Field): string {
    return this.isFunction(field) ? "" : (this.text(field) ?? "");
  }

  /** A list of texts, none empty and none twice; `same` says what counts as the same. */
  names(field: Field, same: (name: string) => string = (name) => name): readonly string[] | undefined {
    const list = this.#values.get(field);
    if (list === undefined) return undefined;
    if (!Array.isArray(list) || !list.every((name) => typeof name === "string")) {
      this.#problem(field, `${field} must be a list of texts, not ${describeValue(list)}`);
      return undefined;
    }
    const names: readonly string[] = list;
    const seen = new Set<string>();
    for (const name of names) {
      if (name.trim() === "") this.#problem(field, `${field} has an empty entry`);
      else if (seen.has(same(name))) this.#problem(field, `${field} names ${JSON.stringify(name)} twice`);
      seen.add(same(name));
    }
    return names;
  }

  reports(): Readonly<Record<string, readonly string[]>> {
    const reports = this.#values.get("reports");
    if (reports === undefined) return {};
    if (isReports(reports)) return reports;
    const example = `{ "MITRE ATT&CK": ["TA0006:T1110"] }`;
    this.#problem(
      "reports",
      `reports must be an object with a list of texts for each framework, such as ${example}`,
    );
    return {};
  }

  dedupPeriodMs(): number {
    const given = this.#values.get("dedupPeriod");
    const period = given === undefined ? defaultDedupPeriod : given;
    const periodMs = parseDurationMs(period);
    if (periodMs !== undefined && periodMs > 0) return periodMs;
    const usable = `it must be a number of seconds or text such as "15m" or "1h", longer than zero`;
    this.#problem("dedupPeriod", `dedupPeriod cannot be ${describeValue(period)}; ${usable}`);
    return 0;
  }

  threshold(): number {
    const threshold = this.#values.get("threshold");
    if (threshold === undefined) return 1;
    if (typeof threshold === "number" && Number.isSafeInteger(threshold) && threshold >= 1) return threshold;
    this.#problem(
      "threshold",
      `threshold must be a whole number of at least 1, not ${describeValue(threshold)}`,
    );
    return 1;
  }

  budgetMs(): number | undefined {
    const budget = this.#values.get("budget");
    if (budget === undefined) return undefined;
    const budgetMs = parseDurationMs(budget);
    if (budgetMs !== undefined && budgetMs >= 1 && budgetMs <= budgetMaxMs) return budgetMs;
    const usable = `it must be a number of seconds or text such as "30s", from 1 ms to 1 hour`;
    this.#problem("budget", `budget cannot be ${describeValue(budget)}; ${usable}`);
    return undefined;
  }

  stagedUntilMs(): number | undefined {
    const staged = this.#values.get("staged");
    if (staged === undefined || staged === false) return undefined;
    if (staged === true) return Number.POSITIVE_INFINITY;
    const untilMs = typeof staged === "string" && isoTime.test(staged) ? Date.parse(staged) : Number.NaN;
    if (Number.isFinite(untilMs)) return untilMs;
    const usable = `it must be true, false, or until when: "2026-12-24" or "2026-12-24T12:00:00Z"`;
    this.#problem("staged", `staged cannot be ${describeValue(staged)}; ${usable}`);
    return undefined;
  }

  functions(): void {
    if (this.#values.get("rule") === undefined) {
      this.#problem("rule", "the function rule is missing: rule(event) answers whether the event matches");
    }
    for (const field of ["rule", "title", "dedup", "unique", "alertContext"] as const) {
      const value = this.#values.get(field);
      if (value === undefined || typeof value === "function") continue;
      this.#problem(field, `${field} must be a function of the event, not ${describeValue(value)}`);
    }
  }

  isFunction(field: Field): boolean {
    return typeof this.#values.get(field) === "function";
  }

  #problem(field: string, message: string): void {
    const { file } = this.#place;
    this.problems.push({ file, line: this.#place.fieldLine(field), message: `${this.#name}: ${message}` });
  }
}

function isReports(value: unknown): value is Readonly<Record<string, readonly string[]>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (entries) => Array.isArray(entries) && entries.every((entry) => typeof entry === "string"),
  );
}

/** The end of a message about a name that is not known. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
}
