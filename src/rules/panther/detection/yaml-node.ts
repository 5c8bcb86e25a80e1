import type { Problem } from "../../../core/errors.ts";
import type { JsonValue } from "../../../core/json.ts";
import { nearest } from "../../nearest.ts";
import type { YamlPart } from "../content.ts";

/** One value inside a part of a YAML file. What is wrong with it is reported with its line. */
export class YamlNode {
  readonly value: JsonValue;
  readonly #part: YamlPart;
  readonly #path: readonly (string | number)[];
  readonly #problems: Problem[];

  private constructor(place: Place) {
    this.value = place.value;
    this.#part = place.part;
    this.#path = place.path;
    this.#problems = place.problems;
  }

  static root(part: YamlPart, problems: Problem[]): YamlNode {
    return new YamlNode({ value: part.value, part, path: [], problems });
  }

  report(message: string): void {
    this.#problems.push({ file: this.#part.file, line: this.#part.lineOf(this.#path), message });
  }

  /** The keys of an object; none for any other value. */
  keys(): readonly string[] {
    const { value } = this;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** What stands under a key of an object; `undefined` where there is no such key. */
  get(key: string): YamlNode | undefined {
    const { value } = this;
    if (typeof value !== "object" || value === null || isList(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    const found = value[key];
    return found === undefined ? undefined : this.#below(key, found);
  }

  /** The members of a list; `undefined` for any other value. */
  items(): readonly YamlNode[] | undefined {
    return isList(this.value) ? this.value.map((value, index) => this.#below(index, value)) : undefined;
  }

  /** Reports every key that is not among the known ones. */
  allowKeys(known: readonly string[], where: string): void {
    for (const key of this.keys()) {
      if (known.includes(key)) continue;
      const meant = nearest(key, known);
      const hint = meant === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${meant}?`;
      this.get(key)?.report(`${JSON.stringify(key)} is not a key of ${where}. ${hint}`);
    }
  }

  #below(step: string | number, value: JsonValue): YamlNode {
    return new YamlNode({
      value,
      part: this.#part,
      path: [...this.#path, step],
      problems: this.#problems,
    });
  }
}

interface Place {
  readonly value: JsonValue;
  readonly part: YamlPart;
  readonly path: readonly (string | number)[];
  readonly problems: Problem[];
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
