import { isBuiltin } from "node:module";

import type { Program } from "acorn";

import { readSources } from "./read-sources.ts";
import { addRuleModule, importRuleModule, isEngineModule } from "./rule-modules.ts";
import { readSourceFile, relativeUrl } from "./source-file.ts";

let looks = 0;

/**
 * True when a rule's module imports something under this name that is no function, such as a list. Runs the imported module
 * for the look. Of a package nothing is known; it is taken for a function.
 */
export async function isConstantImport(ruleFile: string, name: string): Promise<boolean> {
  const rule = readSourceFile(ruleFile, "");
  const imported = "tree" in rule ? findImport(rule.tree, name) : undefined;
  if (imported === undefined || isEngineModule(imported.specifier)) return false;
  looks += 1;
  const { files } = readSources([ruleFile], `?look=${looks}`);
  const [{ url: ruleUrl } = { url: "" }] = files.values();
  const url = relativeUrl(imported.specifier, ruleUrl) ?? imported.specifier;
  if (!files.has(url) && !isBuiltin(url)) return false;
  for (const file of files.values()) addRuleModule(file);
  const module = await importRuleModule(url);
  return imported.name === undefined || typeof module[imported.name] !== "function";
}

interface ImportedName {
  readonly specifier: string;
  /** The name that the other module gives it; `undefined` for the whole namespace. */
  readonly name: string | undefined;
}

function findImport(tree: Program, localName: string): ImportedName | undefined {
  for (const statement of tree.body) {
    if (statement.type !== "ImportDeclaration") continue;
    const found = statement.specifiers.find(({ local }) => local.name === localName);
    if (found === undefined) continue;
    const specifier = String(statement.source.value);
    if (found.type === "ImportNamespaceSpecifier") return { specifier, name: undefined };
    if (found.type === "ImportDefaultSpecifier") return { specifier, name: "default" };
    const { imported } = found;
    return { specifier, name: imported.type === "Identifier" ? imported.name : String(imported.value) };
  }
  return undefined;
}
