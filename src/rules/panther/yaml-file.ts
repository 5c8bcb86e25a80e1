import { type Document, isMap, isScalar, LineCounter, parseDocument } from "yaml";

import { messageOf, type Problem } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { YamlPart } from "./content.ts";
import { type CutText, cutJsonEvents } from "./json-events.ts";
import { YamlTree } from "./yaml-tree.ts";

type YamlPath = readonly (string | number)[];

/**
 * A YAML file whose top level is a mapping, as plain values. Scalars are those of YAML 1.2: only `true` and `false` are
 * booleans, timestamps are text. Aliases and merge keys (`<<`) are resolved. `.inf` and `.nan` are `null`.
 */
export class YamlFile implements YamlPart {
  readonly file: string;
  readonly value: JsonObject;
  readonly #tree: YamlTree;
  readonly #lines: LineCounter;

  constructor(file: string, tree: YamlTree, lines: LineCounter) {
    this.file = file;
    this.value = tree.value as JsonObject;
    this.#tree = tree;
    this.#lines = lines;
  }

  lineOf(path: YamlPath): number {
    const { places } = this.#tree.find(path);
    return places.reduce<number>((line, place) => this.#lineOfNode(place) ?? line, 1);
  }

  /** What stands under a top-level key, or `undefined` where the file does not have it. */
  part(key: string): YamlPart | undefined {
    if (!Object.hasOwn(this.value, key)) return undefined;
    const value = this.value[key] ?? null;
    return { file: this.file, value, lineOf: (path) => this.lineOf([key, ...path]) };
  }

  /** JSON text of what stands at a path, with its numbers as they are written; `null` where nothing stands. */
  jsonOf(path: YamlPath): string {
    return this.#tree.jsonOf(this.#tree.find(path).node);
  }

  /** The number at a path as the file writes it. */
  numberSourceOf(path: YamlPath): string | undefined {
    const { node } = this.#tree.find(path);
    return isScalar(node) && typeof node.value === "number" ? node.source : undefined;
  }

  #lineOfNode(node: unknown): number | undefined {
    if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) {
      return undefined;
    }
    const start: unknown = node.range[0];
    return typeof start === "number" ? this.#lines.linePos(start).line : undefined;
  }
}

/**
 * Reads the text of a YAML file. What is wrong with it is added to `problems`, and `undefined` answered; `undefined` without
 * a problem where its top level is no mapping.
 */
export function readYaml(file: string, text: string, problems: Problem[]): YamlFile | undefined {
  const cut = cutJsonEvents(text);
  // Whatever goes wrong is told of the text as it is.
  const yaml = cut.events.length === 0 ? undefined : parseYaml(file, cut, []);
  return yaml ?? parseYaml(file, { text, events: [] }, problems);
}

function parseYaml(file: string, { text, events }: CutText, problems: Problem[]): YamlFile | undefined {
  const lines = new LineCounter();
  const about = (offset: number, message: string): void => {
    problems.push({ file, line: lines.linePos(offset).line, message: `YAML: ${message}` });
  };
  try {
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, resolveKnownTags: false };
    const document = parseDocument(text, options);
    const fault = firstFault(document);
    if (fault !== undefined) about(fault.offset, fault.message);
    if (fault !== undefined || !isMap(document.contents)) return undefined;
    const tree = new YamlTree(document.contents, events);
    for (const { offset, message } of tree.faults) about(offset, message);
    return tree.faults.length === 0 ? new YamlFile(file, tree, lines) : undefined;
  } catch (error) {
    // Nothing is known to throw here, but one file must never keep all others from being read.
    problems.push({ file, line: 0, message: `YAML: ${messageOf(error)}` });
    return undefined;
  }
}

/** Only the first one: what follows is mostly its consequence. */
function firstFault(
  document: Document.Parsed,
): { readonly offset: number; readonly message: string } | undefined {
  const [error] = document.errors;
  if (error !== undefined) {
    return { offset: error.pos[0], message: faultMessages[error.code] ?? error.message };
  }
  const tag = document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED");
  return tag && { offset: tag.pos[0], message: `${tag.message}; write a plain value` };
}

/** In place of messages that speak of the library itself. */
const faultMessages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document starts here; put each into a file of its own",
  RESOURCE_EXHAUSTION: "it is nested too deeply",
};
