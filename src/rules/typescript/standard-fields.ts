import { isBuiltin } from "node:module";
import type { AnyNode } from "acorn";
import { isEngineModule } from "./rule-modules.ts";
import { nodesOf, type SourceFile } from "./source-file.ts";

/**
 * Finds out which files can name a standard field (`p_…`), themselves or through what they import. It errs on the side of
 * yes: a name that is put together while running, or code that is not at hand, may be one. Functions that list or copy
 * an event's fields need no look, because standard fields are inherited and such functions leave them out.
 */
export class StandardFieldUse {
  readonly #files: ReadonlyMap<string, SourceFile>;
  readonly #own = new Map<SourceFile, boolean>();

  /** `files`: every rule file and every file that they import, by URL. */
  constructor(files: ReadonlyMap<string, SourceFile>) {
    this.#files = files;
  }

  possibleIn(file: SourceFile): boolean {
    const reached = new Set([file]);
    for (const next of reached) {
      if (this.#ownUse(next)) return true;
      for (const { specifier, url } of next.imports) {
        const imported = this.#files.get(url ?? "");
        if (imported !== undefined) reached.add(imported);
        else if (!isBuiltin(specifier) && !isEngineModule(specifier)) return true;
      }
    }
    return false;
  }

  #ownUse(file: SourceFile): boolean {
    const known = this.#own.get(file);
    if (known !== undefined) return known;
    const own = nodesOf(file.tree).some(mayNameStandardField);
    this.#own.set(file, own);
    return own;
  }
}

const standardName = /\bp_/;

/** What reads a field by a name that nobody can see here, and what makes code from text. */
const indirect = new Set(["Reflect", "getPrototypeOf", "__proto__", "eval", "Function"]);

function mayNameStandardField(node: AnyNode): boolean {
  if (node.type === "Identifier") return standardName.test(node.name) || indirect.has(node.name);
  if (node.type === "Literal") return typeof node.value === "string" && standardName.test(node.value);
  if (node.type === "TemplateElement") return standardName.test(node.value.cooked ?? node.value.raw);
  if (node.type === "MemberExpression") return node.computed && node.property.type !== "Literal";
  if (node.type === "BinaryExpression") return node.operator === "in" && node.left.type !== "Literal";
  if (node.type === "ImportExpression") return node.source.type !== "Literal";
  return node.type === "Property" && node.computed;
}
