import type { Problem } from "../../core/errors.ts";
import { withoutRepeatedIds, withoutSharedLogTypes } from "./check-repeated.ts";
import type {
  CorrelationRuleSpec,
  DataModelSpec,
  GlobalSpec,
  LookupTableSpec,
  PackSpec,
  PantherContent,
} from "./content.ts";
import { type ContentFile, type ReadOptions, readContentFile, warnOfPassedOver } from "./content-file.ts";
import type { Entry, FieldsReport } from "./fields.ts";
import { findContent } from "./find-content.ts";
import { type DetectionFile, DetectionsReader } from "./read-detections.ts";
import { readLookupTable } from "./read-lookup-table.ts";
import { readCorrelationRule, readDataModel, readGlobal, readPack } from "./read-other-content.ts";

/**
 * Reads all Panther content below the files and folders (see `findContent` for which files that are). Never throws: what is
 * wrong is among the problems, all at once, and what has a problem is not in the lists. A YAML file without `AnalysisType`
 * belongs to somebody else and is no problem.
 */
export function readPantherContent(paths: readonly string[], options: ReadOptions): PantherContent {
  const report: FieldsReport = { problems: [], warnings: [], files: [], ...options };
  const reader = new ContentReader(report);
  const { files, passedOver } = findContent(paths, report.problems);
  for (const found of files) {
    const file = readContentFile(found, options, report);
    if (file !== undefined) reader.add(file);
  }
  warnOfPassedOver(passedOver, report);
  return reader.content();
}

/** Turns one file after another into what it defines, so that no more than one is held as YAML. */
class ContentReader {
  readonly #report: FieldsReport;
  readonly #detections: DetectionsReader;
  readonly #globals: Entry<GlobalSpec>[] = [];
  readonly #dataModels: Entry<DataModelSpec>[] = [];
  readonly #lookupTables: Entry<LookupTableSpec>[] = [];
  readonly #packs: Entry<PackSpec>[] = [];
  readonly #correlationRules: Entry<CorrelationRuleSpec>[] = [];

  constructor(report: FieldsReport) {
    this.#report = report;
    this.#detections = new DetectionsReader(report);
  }

  add(file: ContentFile): void {
    if (isDetection(file)) this.#detections.add(file);
    else if (file.type === "global") this.#globals.push(readGlobal(file, this.#report));
    else if (file.type === "datamodel") this.#dataModels.push(readDataModel(file, this.#report));
    else if (file.type === "lookup_table") this.#lookupTables.push(readLookupTable(file, this.#report));
    else if (file.type === "pack") this.#packs.push(readPack(file, this.#report));
    else if (file.type === "correlation_rule") {
      this.#correlationRules.push(readCorrelationRule(file, this.#report));
    }
  }

  content(): PantherContent {
    const { problems, warnings, files } = this.#report;
    const detections = this.#detections.finish();
    const correlationRules = this.#correlationRules;
    // One name space: packs and correlation rules name detections of every kind by their ids.
    const distinct = new Set(withoutRepeatedIds<unknown>([...detections, ...correlationRules], problems));
    const dataModels = withoutRepeatedIds(this.#dataModels, problems);
    return {
      detections: specs(detections.filter((entry) => distinct.has(entry))),
      globals: specs(withoutRepeatedIds(this.#globals, problems)),
      dataModels: specs(withoutSharedLogTypes(dataModels, problems)),
      lookupTables: specs(withoutRepeatedIds(this.#lookupTables, problems)),
      packs: specs(withoutRepeatedIds(this.#packs, problems)),
      correlationRules: specs(correlationRules.filter((entry) => distinct.has(entry))),
      files: [...new Set(files)].sort(),
      problems: inOrder(problems),
      warnings: inOrder(warnings),
    };
  }
}

function isDetection(file: ContentFile): file is DetectionFile {
  return file.type === "rule" || file.type === "scheduled_rule" || file.type === "policy";
}

/** What could be made of the entries, by id. */
function specs<T>(entries: readonly Entry<T>[]): readonly T[] {
  const sorted = [...entries].sort((left, right) => (left.id < right.id ? -1 : 1));
  return sorted.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
}

/** By file and line, none twice. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()].sort((left, right) =>
    left.file === right.file ? left.line - right.line : left.file < right.file ? -1 : 1,
  );
}
