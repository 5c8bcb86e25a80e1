import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type AnyNode, parse, type Program } from "acorn";
import { messageOf, type Problem } from "../../core/errors.ts";

/** A module that a file imports, under the name that the file uses. */
export interface ModuleImport {
  readonly specifier: string;
  /** The file that a relative specifier names, as a path and as a URL of the importing file's generation. */
  readonly path: string | undefined;
  readonly url: string | undefined;
  readonly line: number;
  /** What is imported by name, with the line of each. */
  readonly names: readonly { readonly name: string; readonly line: number }[];
}

/** A file of rules or of what they import, read once: what is checked is what runs. */
export interface SourceFile {
  readonly path: string;
  readonly url: string;
  /** JavaScript with every token where it stands in the file, so that lines and columns are the file's own. */
  readonly code: string;
  readonly tree: Program;
  readonly imports: readonly ModuleImport[];
}

/** Reads a file and takes its types away. `generation` marks the URLs of a later load ("" for the first). */
export function readSourceFile(path: string, generation: string): SourceFile | Problem {
  const url = pathToFileURL(path).href + generation;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { file: path, line: 0, message: `cannot be read: ${messageOf(error)}` };
  }
  try {
    const code = /\.m?ts$/.test(path) ? stripTypeScriptTypes(text) : text;
    const tree = parse(code, { ecmaVersion: "latest", sourceType: "module", locations: true });
    return { path, url, code, tree, imports: importsOf(tree, url) };
  } catch (error) {
    return { file: path, line: syntaxErrorLine(error), message: `syntax error: ${syntaxErrorText(error)}` };
  }
}

/** The node and every node below it, in the order of the text. */
export function* nodesOf(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

/** The nodes directly below a node, in the order of the text. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

/** True for `export default …` and `export { … as default }`. */
export function hasDefaultExport(tree: Program): boolean {
  return tree.body.some(
    (statement) =>
      statement.type === "ExportDefaultDeclaration" ||
      (statement.type === "ExportNamedDeclaration" &&
        statement.specifiers.some(({ exported }) => "name" in exported && exported.name === "default")),
  );
}

/** Line of a node, counted from 1. */
export function lineOf(node: AnyNode): number {
  return node.loc?.start.line ?? 0;
}

/** The URL of a file named relative to a rule file, of the same generation; `undefined` for any other name. */
export function relativeUrl(specifier: string, parentUrl: string): string | undefined {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) return undefined;
  const url = URL.parse(specifier, parentUrl);
  if (url === null) return undefined;
  url.search = new URL(parentUrl).search;
  return url.href;
}

/** The path of a rule file from its URL, whatever its generation. */
export function pathOfUrl(fileUrl: string): string {
  const url = new URL(fileUrl);
  url.search = "";
  return fileURLToPath(url);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function importsOf(tree: Program, fileUrl: string): readonly ModuleImport[] {
  const imports: ModuleImport[] = [];
  for (const node of nodesOf(tree)) {
    if (!("source" in node) || node.source?.type !== "Literal" || typeof node.source.value !== "string")
      continue;
    const names = "specifiers" in node ? node.specifiers.flatMap(importedName) : [];
    const specifier = node.source.value;
    const url = relativeUrl(specifier, fileUrl);
    const path = url === undefined ? undefined : pathOfUrl(url);
    imports.push({ specifier, path, url, line: lineOf(node), names });
  }
  return imports;
}

/** The name that a specifier asks the other module for; none for a whole namespace. */
function importedName(specifier: AnyNode): { name: string; line: number }[] {
  const line = lineOf(specifier);
  if (specifier.type === "ImportDefaultSpecifier") return [{ name: "default", line }];
  const named =
    specifier.type === "ImportSpecifier"
      ? specifier.imported
      : specifier.type === "ExportSpecifier"
        ? specifier.local
        : undefined;
  if (named === undefined) return [];
  return [{ name: named.type === "Identifier" ? named.name : String(named.value), line }];
}

/** Node puts the line in front of the stack, acorn in a property. */
function syntaxErrorLine(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ("loc" in error && typeof error.loc === "object" && error.loc !== null && "line" in error.loc) {
    return Number(error.loc.line);
  }
  return Number(/^[^\n]*:(\d+)\n/.exec(error.stack ?? "")?.[1] ?? 0);
}

function syntaxErrorText(error: unknown): string {
  const message = messageOf(error).replace(/ \(\d+:\d+\)$/, "");
  const unsupported =
    error instanceof Error && "code" in error && error.code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
  return unsupported
    ? `${message}. Rules run with their types taken away; use plain JavaScript for this.`
    : message;
}
