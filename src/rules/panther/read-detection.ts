import { severities, type Severity } from "../../core/severity.ts";
import { didYouMean } from "../check-definition.ts";
import { describeValue } from "../describe-value.ts";
import type { RuleManifest } from "../manifest.ts";
import { nearest } from "../nearest.ts";
import type { DetectionBody, DetectionKind, DetectionSpec, PantherTest, SimpleExtras } from "./content.ts";
import type { ContentFile } from "./content-file.ts";
import { detectionKeys } from "./detection-keys.ts";
import { type Entry, Fields, type FieldsReport } from "./fields.ts";
import { isList } from "./json-kind.ts";
import { readTests } from "./read-tests.ts";

const severityByName: ReadonlyMap<string, Severity> = new Map(
  severities.map((severity) => [severity.slice(0, 1).toUpperCase() + severity.slice(1), severity]),
);

const defaultDedupPeriodMinutes = 60;
/** Panther raises shorter periods to this one. */
const dedupPeriodMinutesMin = 5;

/** Keys that only simple detections look at. */
const simpleKeys = ["AlertTitle", "AlertContext", "GroupBy", "DynamicSeverities"] as const;

/**
 * Reads a rule, scheduled rule or policy. `base` is the detection that `BaseDetection` names: it gives the body, and every
 * key that the file does not have itself.
 */
export function readDetection(
  file: ContentFile & { readonly type: DetectionKind },
  base: DetectionSpec | undefined,
  report: FieldsReport,
): Entry<DetectionSpec> {
  return new DetectionReader(file, base, report).read();
}

class DetectionReader {
  readonly #kind: DetectionKind;
  readonly #base: DetectionSpec | undefined;
  readonly #fields: Fields;
  readonly #hasTests: boolean;

  constructor(
    file: ContentFile & { readonly type: DetectionKind },
    base: DetectionSpec | undefined,
    report: FieldsReport,
  ) {
    this.#kind = file.type;
    this.#base = base;
    const isPolicy = file.type === "policy";
    const what = isPolicy ? { idKey: "PolicyID", noun: "policy" } : { idKey: "RuleID", noun: "rule" };
    this.#fields = new Fields(file, what, report);
    this.#hasTests = report.tests;
  }

  read(): Entry<DetectionSpec> {
    const fields = this.#fields;
    const isDerived = fields.has("BaseDetection");
    fields.unknownKeys(detectionKeys(this.#kind, isDerived));
    return fields.entry(() => {
      const manifest = this.#manifest();
      const { Tests: _, ...own } = fields.yaml.value;
      this.#checkUnused();
      return {
        kind: this.#kind,
        manifest,
        body: this.#body(),
        inlineFilters: fields.yaml.part("InlineFilters") ?? this.#base?.inlineFilters,
        tests: this.#tests(manifest) ?? this.#base?.tests ?? [],
        status: fields.text("Status") ?? this.#base?.status ?? "",
        fields: { ...this.#base?.fields, ...own },
      };
    });
  }

  #tests({ logTypes }: RuleManifest): readonly PantherTest[] | undefined {
    return this.#hasTests ? readTests(this.#fields, this.#kind, logTypes[0] ?? "") : [];
  }

  #manifest(): RuleManifest {
    const fields = this.#fields;
    const base = this.#base?.manifest;
    return {
      id: fields.id,
      displayName: fields.name("DisplayName") ?? base?.displayName,
      enabled: this.#own("Enabled", (key) => fields.flag(key)) ?? base?.enabled ?? true,
      createAlert: fields.flag("CreateAlert") ?? base?.createAlert ?? true,
      logTypes: base?.logTypes ?? this.#logTypes(),
      severity: this.#own("Severity", (key) => this.#severity(key)) ?? base?.severity ?? "medium",
      description: fields.text("Description") ?? base?.description ?? "",
      reference: fields.text("Reference") ?? base?.reference ?? "",
      runbook: fields.text("Runbook") ?? base?.runbook ?? "",
      tags: fields.names("Tags", (tag) => tag.toLowerCase()) ?? base?.tags ?? [],
      reports: this.#reports() ?? base?.reports ?? {},
      dedupPeriodMs: this.#dedupPeriodMs() ?? base?.dedupPeriodMs ?? defaultDedupPeriodMinutes * 60_000,
      threshold: fields.wholeNumber("Threshold", 1) ?? base?.threshold ?? 1,
      destinations: this.#destinations() ?? base?.destinations,
      summaryAttributes: fields.names("SummaryAttributes") ?? base?.summaryAttributes ?? [],
      file: fields.yaml.file,
      line: fields.line,
    };
  }

  /** A key that must be there unless a base has it. */
  #own<T>(key: string, read: (key: string) => T | undefined): T | undefined {
    return this.#fields.has("BaseDetection") ? read(key) : this.#fields.required(key, read);
  }

  #logTypes(): readonly string[] {
    const fields = this.#fields;
    if (fields.has("BaseDetection")) return [];
    if (this.#kind === "policy") {
      const resourceTypes = fields.names("ResourceTypes") ?? [];
      // Some resource types are called like log types (AWS.CloudTrail), and events of those are no resources.
      return (resourceTypes.length === 0 ? ["*"] : resourceTypes).map((type) => `Resource.${type}`);
    }
    fields.eitherOr("LogTypes", "ScheduledQueries");
    const key = fields.has("LogTypes") ? "LogTypes" : "ScheduledQueries";
    const names = fields.names(key) ?? [];
    if (fields.list(key)?.length === 0) fields.problem([key], `${key} is empty; name at least one`);
    if (names.includes("")) fields.problem([key], `${key} has an empty entry`);
    return names;
  }

  #severity(key: string): Severity | undefined {
    const value = this.#fields.yaml.value[key];
    if (value === undefined) return undefined;
    const severity = typeof value === "string" ? severityByName.get(value) : undefined;
    if (severity !== undefined) return severity;
    const names = [...severityByName.keys()];
    const suggestion = typeof value === "string" ? nearest(value, names) : undefined;
    const message = `unknown Severity ${describeValue(value)}${didYouMean(suggestion)}; it must be one of ${names.join(", ")}`;
    return this.#fields.problem([key], message);
  }

  /** Ids are often written as numbers (`1.10`), and count as the text that stands there. */
  #reports(): Readonly<Record<string, readonly string[]>> | undefined {
    const reports = this.#fields.object("Reports");
    if (reports === undefined) return undefined;
    const texts = Object.entries(reports).map(([framework, ids]): [string, readonly string[]] => {
      const path = ["Reports", framework];
      if (isList(ids)) return [framework, ids.map((id, index) => this.#reportId(id, [...path, index]))];
      this.#fields.problem(path, `Reports.${framework} must be a list, not ${describeValue(ids)}`);
      return [framework, []];
    });
    return Object.fromEntries(texts);
  }

  #reportId(id: unknown, path: readonly (string | number)[]): string {
    if (typeof id === "string") return id;
    const source = this.#fields.yaml.numberSourceOf(path);
    if (source === undefined) {
      const message = `Reports.${path[1]} must be a list of texts or numbers, not of ${describeValue(id)}`;
      this.#fields.problem(path, message);
    }
    return source ?? "";
  }

  #dedupPeriodMs(): number | undefined {
    const key = "DedupPeriodMinutes";
    const minutes = this.#fields.wholeNumber(key, 0);
    if (minutes === undefined) return undefined;
    if (minutes === 0) {
      const advice =
        "to raise an alert for each match, let dedup() answer something that differs, such as p_row_id";
      const message = `${key} 0 is ignored, as Panther does, and ${defaultDedupPeriodMinutes} used; ${advice}`;
      this.#fields.warning([key], message);
      return defaultDedupPeriodMinutes * 60_000;
    }
    if (minutes < dedupPeriodMinutesMin) {
      this.#fields.warning(
        [key],
        `${key} ${minutes} counts as ${dedupPeriodMinutesMin}, the least that Panther has`,
      );
    }
    return Math.max(minutes, dedupPeriodMinutesMin) * 60_000;
  }

  /** An empty list is what Panther writes for "as the severity says", which is the default routing. */
  #destinations(): readonly string[] | undefined {
    const names = this.#fields.names("OutputIds") ?? [];
    return names.length === 0 ? undefined : names;
  }

  #body(): DetectionBody {
    const fields = this.#fields;
    const base = this.#base?.body;
    if (base?.kind === "python") return base;
    if (base?.kind === "simple") {
      return { kind: "simple", detection: base.detection, extras: this.#extras(base.extras) };
    }
    const detection = fields.yaml.part("Detection");
    if (!fields.has("BaseDetection")) {
      if (this.#kind === "policy") fields.required("Filename", (key) => fields.text(key));
      else fields.eitherOr("Filename", "Detection");
    }
    if (detection !== undefined) return { kind: "simple", detection, extras: this.#extras(undefined) };
    return { kind: "python", file: fields.filename("Filename") ?? "" };
  }

  #extras(base: SimpleExtras | undefined): SimpleExtras {
    const { yaml } = this.#fields;
    return {
      alertTitle: this.#fields.text("AlertTitle") ?? base?.alertTitle,
      alertContext: yaml.part("AlertContext") ?? base?.alertContext,
      groupBy: yaml.part("GroupBy") ?? base?.groupBy,
      dynamicSeverities: yaml.part("DynamicSeverities") ?? base?.dynamicSeverities,
    };
  }

  /** Keys that say nothing to the engine, but must be right for Panther, and keys without effect on Python. */
  #checkUnused(): void {
    const fields = this.#fields;
    for (const key of ["CreatedBy", "AutoRemediationID"]) fields.text(key);
    for (const key of ["BaseVersion", "ActionDelaySeconds"]) fields.wholeNumber(key, 0);
    fields.flag("OnlyUseBaseRiskScore");
    fields.names("Suppressions");
    const isPython = this.#base === undefined ? fields.has("Filename") : this.#base.body.kind === "python";
    for (const key of isPython ? simpleKeys.filter((key) => fields.has(key)) : []) {
      fields.warning(
        [key],
        `${key} has no effect: it is for simple detections, and this one is written in Python`,
      );
    }
  }
}
