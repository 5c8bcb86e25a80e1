import { didYouMean } from "../check-definition.ts";
import { describeValue } from "../describe-value.ts";
import { nearest } from "../nearest.ts";
import type { DetectionKind, DetectionSpec } from "./content.ts";
import type { ContentFile } from "./content-file.ts";
import type { Entry, FieldsReport } from "./fields.ts";
import { readDetection } from "./read-detection.ts";

export type DetectionFile = ContentFile & { readonly type: DetectionKind };

/** Reads rules, scheduled rules and policies, each after the detection that its `BaseDetection` names. */
export class DetectionsReader {
  readonly #report: FieldsReport;
  readonly #entries: Entry<DetectionSpec>[] = [];
  /** What was read, by id; of several with the same id the first. */
  readonly #read = new Map<string, Entry<DetectionSpec>>();
  readonly #derived: DetectionFile[] = [];
  /** Ids of derived detections whose base is being read, the last one at the end. */
  readonly #chain: string[] = [];

  constructor(report: FieldsReport) {
    this.#report = report;
  }

  /** Takes a file; one that is derived waits until all files are there. */
  add(file: DetectionFile): void {
    if (Object.hasOwn(file.yaml.value, "BaseDetection")) this.#derived.push(file);
    else this.#keep(readDetection(file, undefined, this.#report));
  }

  /** Everything that was read, after the last file was added. */
  finish(): readonly Entry<DetectionSpec>[] {
    for (let file = this.#derived.shift(); file !== undefined; file = this.#derived.shift()) {
      this.#readDerived(file);
    }
    return this.#entries;
  }

  #readDerived(file: DetectionFile): void {
    this.#chain.push(idOf(file));
    const base = this.#baseOf(file);
    const entry = readDetection(file, base, this.#report);
    this.#keep(base === undefined ? { ...entry, spec: undefined } : entry);
    this.#chain.pop();
  }

  #keep(entry: Entry<DetectionSpec>): void {
    this.#entries.push(entry);
    if (!this.#read.has(entry.id)) this.#read.set(entry.id, entry);
  }

  /** The detection that a file is derived from; a problem where there is none that can be used. */
  #baseOf(file: DetectionFile): DetectionSpec | undefined {
    const id = file.yaml.value["BaseDetection"];
    if (typeof id !== "string") return this.#problem(file, `it must be an id, not ${describeValue(id)}`);
    if (this.#chain.includes(id)) {
      const ids = [...this.#chain.slice(this.#chain.indexOf(id)), id];
      return this.#problem(file, `a detection cannot be derived from itself: ${ids.join(" → ")}`);
    }
    const waiting = this.#read.has(id) ? -1 : this.#derived.findIndex((other) => idOf(other) === id);
    for (const derived of waiting === -1 ? [] : this.#derived.splice(waiting, 1)) this.#readDerived(derived);
    const base = this.#read.get(id);
    if (base === undefined) {
      return this.#problem(file, `there is no detection ${id}${didYouMean(nearest(id, this.#read.keys()))}`);
    }
    if (base.spec === undefined) return this.#problem(file, `${id} in ${base.file} cannot be used itself`);
    if (base.spec.kind === file.type) return base.spec;
    return this.#problem(file, `${id} is a ${base.spec.kind}, and this is a ${file.type}`);
  }

  #problem(file: DetectionFile, message: string): undefined {
    const line = file.yaml.lineOf(["BaseDetection"]);
    const text = `rule ${idOf(file)}: BaseDetection: ${message}`;
    this.#report.problems.push({ file: file.path, line, message: text });
  }
}

/** Empty where it is missing or no text. */
function idOf({ type, yaml }: DetectionFile): string {
  const id = yaml.value[type === "policy" ? "PolicyID" : "RuleID"];
  return typeof id === "string" ? id : "";
}
