import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

import {
  isAlias,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
  type YAMLMap,
} from "yaml";

import { messageOf, type Problem } from "../../core/errors.ts";
import { lineOf } from "../../parsers/log-type-file.ts";
import { substitute } from "./substitute.ts";

/** Longest configuration file in bytes. */
const fileBytesMax = 128 * 1024;

/** Characters that substitution may make of it. */
const substitutedLengthMax = 16 * 1024 * 1024;

/** Problems told at once. */
const problemsMax = 100;

export type SettingPath = readonly PropertyKey[];

/** Takes what is wrong with a setting, or with the one around it that should have it. */
export type Report = (path: SettingPath, message: string) => void;

/** A configuration file as it was written, values put in. What a setting may hold is not looked at yet. */
export interface SettingsFile {
  /** Whether there is anything to look at; false after a syntax error. */
  readonly readable: boolean;
  readonly content: unknown;
  /** The texts that hold something put in by `${…}`. */
  readonly substituted: ReadonlySet<string>;
  readonly problem: Report;
  readonly warning: Report;
  /** By line; those of reading the file are in it already. */
  readonly problems: () => readonly Problem[];
  readonly warnings: () => readonly Problem[];
}

/** Reads a YAML file and replaces `${…}` in its values, after parsing: what is put in cannot become structure. */
export function readSettingsFile(file: string, env: NodeJS.ProcessEnv): SettingsFile {
  const found = new Findings(file);
  const text = readText(file, found);
  return text === undefined ? unreadable(found) : new SettingsReader(text, env, found).read();
}

/** Problems and warnings of one file, in the order of its lines. */
class Findings {
  readonly file: string;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];

  constructor(file: string) {
    this.file = file;
  }

  problem(line: number, message: string): void {
    this.#problems.push({ file: this.file, line, message });
  }

  warning(line: number, message: string): void {
    this.#warnings.push({ file: this.file, line, message });
  }

  problems(): readonly Problem[] {
    const sorted = this.#problems.toSorted((one, other) => one.line - other.line);
    if (sorted.length <= problemsMax) return sorted;
    const rest = `There are ${sorted.length - problemsMax} more problems.`;
    return [...sorted.slice(0, problemsMax), { file: this.file, line: 0, message: rest }];
  }

  warnings(): readonly Problem[] {
    return this.#warnings.toSorted((one, other) => one.line - other.line);
  }
}

function unreadable(found: Findings): SettingsFile {
  return {
    readable: false,
    content: undefined,
    substituted: new Set(),
    problem: (_, message) => found.problem(1, message),
    warning: (_, message) => found.warning(1, message),
    problems: () => found.problems(),
    warnings: () => found.warnings(),
  };
}

function readText(file: string, found: Findings): string | undefined {
  const about = (message: string): undefined => {
    found.problem(0, message);
  };
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax) return about(`The file has ${size} bytes; ${fileBytesMax} are allowed.`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return about("There is no such file; name another one with -c FILE.");
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return about("The file is not UTF-8.");
    return about(`The file cannot be read: ${messageOf(error)}.`);
  }
}

class SettingsReader {
  readonly #text: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #found: Findings;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  /** Values that could not be replaced: what else is wrong with them follows from it. */
  readonly #failed = new Set<unknown>();
  readonly #substituted = new Set<string>();
  /** A list or map as a setting's name; what stands in it must not be taken for a value. */
  #hasComplexKey = false;

  constructor(text: string, env: NodeJS.ProcessEnv, found: Findings) {
    this.#text = text;
    this.#env = env;
    this.#found = found;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error",
      merge: true,
      // No dates, sets or bytes: a value is what JSON could hold.
      resolveKnownTags: false,
      // Compared below, where 1 and "1" are the same setting.
      uniqueKeys: false,
    });
  }

  read(): SettingsFile {
    const { errors, warnings } = this.#document;
    this.#reportSyntax([...errors, ...warnings]);
    if (errors.length + warnings.length > 0) return unreadable(this.#found);
    visit(this.#document, { Map: (_, map) => this.#checkKeys(map) });
    if (this.#hasComplexKey) return unreadable(this.#found);
    this.#substituteAll();
    let content: unknown;
    try {
      content = this.#document.toJS();
    } catch (error) {
      // An alias without an anchor, or so many that the content would grow beyond all bounds.
      this.#found.problem(1, `YAML: ${messageOf(error)}`);
      return unreadable(this.#found);
    }
    return {
      ...unreadable(this.#found),
      readable: true,
      content,
      substituted: this.#substituted,
      problem: (path, message) => {
        if (!this.#isFailed(path)) this.#found.problem(this.#lineOf(path), message);
      },
      warning: (path, message) => this.#found.warning(this.#lineOf(path), message),
    };
  }

  /** One problem a line: the rest of them follows from the first. */
  #reportSyntax(errors: readonly YAMLError[]): void {
    const told = new Set<number>();
    for (const { code, pos, message } of errors.slice(0, problemsMax)) {
      const { line } = this.#lines.linePos(pos[0]);
      if (told.has(line)) continue;
      told.add(line);
      const source = this.#text.split("\n", line)[line - 1] ?? "";
      const quotes = /[{[].*\$\{/.test(source)
        ? '. Between { } and [ ] a text with ${…} needs quotes: "${NAME}"'
        : "";
      this.#found.problem(line, `YAML: ${syntaxMessages[code] ?? withoutSource(message)}${quotes}`);
    }
  }

  #checkKeys(map: YAMLMap): void {
    const names = new Set<string>();
    for (const { key } of map.items) {
      if (!isScalar(key)) {
        this.#hasComplexKey = true;
        this.#found.problem(this.#lineOfNode(map), "The name of a setting must be text.");
        continue;
      }
      const name = String(key.value);
      if (name === "<<") continue;
      const line = this.#lineOfNode(key);
      if (name === "__proto__") this.#found.problem(line, "There is no setting __proto__.");
      else if (names.has(name)) this.#found.problem(line, `${name} is given twice.`);
      names.add(name);
    }
  }

  #substituteAll(): void {
    let length = 0;
    const parts = { env: this.#env, folder: dirname(this.#found.file) };
    visit(this.#document, {
      Scalar: (key, scalar) => {
        if (key === "key" || typeof scalar.value !== "string") return undefined;
        const result = substitute(scalar.value, parts);
        if (result.kind === "failed") {
          this.#failed.add(scalar);
          const line = this.#lineOfNode(scalar);
          for (const message of result.problems) this.#found.problem(line, `Substitution: ${message}.`);
          return undefined;
        }
        scalar.value = result.value;
        const text = typeof result.value === "string" ? result.value : result.value.text;
        if (result.changed) this.#substituted.add(text);
        length += result.changed ? text.length : 0;
        if (length <= substitutedLengthMax) return undefined;
        const message = `Substitution makes more than ${substitutedLengthMax} characters of this file.`;
        this.#found.problem(this.#lineOfNode(scalar), message);
        return visit.BREAK;
      },
    });
  }

  #lineOf(path: SettingPath): number {
    return lineOf(this.#document, path, this.#lines);
  }

  #lineOfNode(node: unknown): number {
    return isNode(node) && node.range ? this.#lines.linePos(node.range[0]).line : 1;
  }

  #isFailed(path: SettingPath): boolean {
    const node = this.#document.getIn(path, true);
    return this.#failed.has(isAlias(node) ? node.resolve(this.#document) : node);
  }
}

const syntaxMessages: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  MULTIPLE_DOCS: "The file has more than one document: remove the line ---",
  RESOURCE_EXHAUSTION: "The file is nested too deeply",
  TAG_RESOLVE_FAILED: "A tag (!name) cannot be used here",
};

/** What follows a colon may be a piece of the file, and so of a secret. */
function withoutSource(message: string): string {
  return message.replace(/: .*$/s, "");
}

/** A map of settings or names, and not a list of them. */
export function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
