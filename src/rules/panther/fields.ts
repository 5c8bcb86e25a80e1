import { statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";

import type { Problem } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { didYouMean } from "../check-definition.ts";
import { describeValue } from "../describe-value.ts";
import { nearest } from "../nearest.ts";
import type { ContentFile, ReadOptions, Report } from "./content-file.ts";
import { isList, isObject } from "./json-kind.ts";
import type { YamlFile } from "./yaml-file.ts";

/** With what the keys are checked. */
export interface FieldsReport extends Report, ReadOptions {}

/** What a file defines, by the id that must be its alone. */
export interface Entry<T> {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** `undefined` when something is wrong with it. */
  readonly spec: T | undefined;
}

type Path = readonly (string | number)[];

/** What Panther allows in ids and display names. */
const nameCharacters = /^[^<>&"%]+$/;

/** The top-level keys of a content file, checked one by one. A key with a wrong value counts as one that is not there. */
export class Fields {
  readonly yaml: YamlFile;
  /** Empty where it is missing or wrong. */
  readonly id: string;
  readonly line: number;
  readonly #report: FieldsReport;
  readonly #root: string;
  readonly #name: string;
  #failed = false;

  /** `idKey` is the key that names the thing, `noun` what messages call it. */
  constructor(
    file: ContentFile,
    what: { readonly idKey: string; readonly noun: string },
    report: FieldsReport,
  ) {
    const { idKey, noun } = what;
    this.yaml = file.yaml;
    this.#report = report;
    this.#root = file.root;
    const id = file.yaml.value[idKey];
    this.#name = typeof id === "string" && id !== "" ? `${noun} ${id}` : noun;
    this.line = file.yaml.lineOf([idKey]);
    this.id = this.required(idKey, (key) => this.name(key)) ?? "";
  }

  /** The entry of what was made, which is left out when anything was wrong. */
  entry<T>(make: () => T): Entry<T> {
    const spec = make();
    const { id, line } = this;
    return { id, file: this.yaml.file, line, spec: this.#failed ? undefined : spec };
  }

  has(key: string): boolean {
    return Object.hasOwn(this.yaml.value, key);
  }

  /** The value of a key, read by one of the functions below; a problem where the key is missing. */
  required<T>(key: string, read: (key: string) => T | undefined): T | undefined {
    if (!this.has(key)) this.problem([], `${key} is missing`);
    return read(key);
  }

  text(key: string): string | undefined {
    const value = this.yaml.value[key];
    if (value === undefined || typeof value === "string") return value;
    return this.#mustBe(key, "text", value);
  }

  /** An id or a display name. */
  name(key: string): string | undefined {
    const name = this.text(key);
    if (name === undefined || nameCharacters.test(name)) return name;
    const message = name === "" ? `${key} is empty` : `${key} must not contain any of < > & " %`;
    return this.problem([key], message);
  }

  flag(key: string): boolean | undefined {
    const value = this.yaml.value[key];
    if (value === undefined || typeof value === "boolean") return value;
    return this.#mustBe(key, "true or false", value);
  }

  wholeNumber(key: string, min: number): number | undefined {
    const value = this.yaml.value[key];
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
    return this.#mustBe(key, `a whole number of at least ${min}`, value);
  }

  list(key: string): readonly JsonValue[] | undefined {
    const value = this.yaml.value[key];
    if (value === undefined || isList(value)) return value;
    return this.#mustBe(key, "a list", value);
  }

  object(key: string): JsonObject | undefined {
    const value = this.yaml.value[key];
    if (value === undefined || isObject(value)) return value;
    return this.#mustBe(key, "a mapping", value);
  }

  /** A list of texts, none twice; `same` says what counts as the same. */
  names(key: string, same: (name: string) => string = (name) => name): readonly string[] | undefined {
    const list = this.list(key);
    return list && this.namesIn(list, [key], same);
  }

  /** The same for a list further down. */
  namesIn(
    list: readonly JsonValue[],
    path: Path,
    same: (name: string) => string = (name) => name,
  ): readonly string[] {
    const seen = new Set<string>();
    for (const [index, name] of list.entries()) {
      if (typeof name !== "string") continue;
      const twice = `${path.at(-1)} names ${JSON.stringify(name)} twice`;
      if (seen.has(same(name))) this.problem([...path, index], twice);
      seen.add(same(name));
    }
    return this.textsIn(list, path);
  }

  /** The texts of a list further down, which may hold nothing else. */
  textsIn(list: readonly JsonValue[], path: Path): readonly string[] {
    const other = list.findIndex((value) => typeof value !== "string");
    if (other !== -1) {
      const message = `${path.at(-1)} must be a list of texts, not of ${describeValue(list[other])}`;
      this.problem([...path, other], message);
    }
    return list.filter((value) => typeof value === "string");
  }

  /** One of two keys must be there, and not both. */
  eitherOr(first: string, second: string): void {
    if (this.has(first) && this.has(second)) {
      this.problem([second], `it has both ${first} and ${second}; give one of them`);
    } else if (!this.has(first) && !this.has(second)) {
      this.problem([], `it has neither ${first} nor ${second}; give one of them`);
    }
  }

  /** The absolute path of a file that the YAML names, which must be there. */
  filename(key: string): string | undefined {
    const name = this.text(key);
    if (name === undefined) return undefined;
    const path = resolve(dirname(this.yaml.file), name);
    const fromRoot = relative(this.#root, path);
    if (fromRoot === ".." || fromRoot.startsWith(`..${sep}`) || isAbsolute(fromRoot)) {
      return this.problem([key], `${key} ${name} leaves the folder ${this.#root}`);
    }
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
      return this.problem([key], `${key} ${name}: there is no such file beside it`);
    }
    this.#report.files.push(path);
    return path;
  }

  /** Keys that are not known, in the whole file or further down. */
  unknownKeys(known: readonly string[], path: Path = [], value: JsonObject = this.yaml.value): void {
    if (this.#report.ignoreExtraKeys) return;
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const suggestion = nearest(
        key,
        known.filter((key) => !Object.hasOwn(value, key)),
      );
      this.problem([...path, key], `unknown key ${[...path, key].join(".")}${didYouMean(suggestion)}`);
    }
  }

  /** Something is wrong at a path; an empty one stands for the whole. */
  problem(path: Path, message: string): undefined {
    this.#failed = true;
    this.#report.problems.push(this.#about(path, message));
  }

  /** Something is wrong in a file that the YAML names. */
  problemIn(file: string, line: number, message: string): void {
    this.#failed = true;
    this.#report.problems.push({ file, line, message: `${this.#name}: ${message}` });
  }

  warning(path: Path, message: string): void {
    this.#report.warnings.push(this.#about(path, message));
  }

  #mustBe(key: string, what: string, value: JsonValue): undefined {
    return this.problem([key], `${key} must be ${what}, not ${describeValue(value)}`);
  }

  #about(path: Path, message: string): Problem {
    const line = path.length === 0 ? this.line : this.yaml.lineOf(path);
    return { file: this.yaml.file, line, message: `${this.#name}: ${message}` };
  }
}
