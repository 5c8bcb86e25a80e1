import { readFileSync } from "node:fs";

import type { DetectionSpec, PantherContent } from "../../rules/panther/content.ts";

/** The files of Panther content that a detection depends on besides its own, so that a change of them concerns it. */
export class PythonFiles {
  readonly #content: PantherContent;
  readonly #helpers: ReadonlyMap<string, readonly string[]>;
  readonly #imports = new Map<string, ReadonlySet<string>>();

  constructor(content: PantherContent) {
    this.#content = content;
    this.#helpers = new Map(content.globals.map(({ id, file, yamlFile }) => [id, [file, yamlFile]]));
  }

  /** Its Python file, the data models of its log types, and the helpers that any of these import. */
  of({ body, manifest }: DetectionSpec): ReadonlySet<string> {
    const models = this.#content.dataModels.filter(({ logTypes }) =>
      logTypes.some((logType) => manifest.logTypes.includes(logType)),
    );
    const files = new Set(body.kind === "python" ? [body.file] : []);
    for (const { yamlFile, file } of models) for (const each of [yamlFile, file]) if (each) files.add(each);
    // A set that grows while it is walked.
    for (const file of files) for (const imported of this.#importsOf(file)) files.add(imported);
    return files;
  }

  #importsOf(file: string): ReadonlySet<string> {
    const known = this.#imports.get(file);
    if (known !== undefined) return known;
    const names = file.endsWith(".py") ? importedModules(readText(file)) : [];
    const files = new Set(names.flatMap((name) => this.#helpers.get(name) ?? []));
    this.#imports.set(file, files);
    return files;
  }
}

/** Names of the modules that lines of Python import, as far as they stand at the beginning of a line. */
function importedModules(source: string): readonly string[] {
  return [...source.matchAll(/^\s*(?:from\s+([\w.]+)\s+import\b|import\s+(.+))/gm)].flatMap(
    ([, from, list = ""]) => (from === undefined ? list.split(",").map(moduleName) : [moduleName(from)]),
  );
}

function moduleName(text: string): string {
  return /^[\w]*/.exec(text.trim())?.[0] ?? "";
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Gone since it was loaded, which is a change that gets here by itself.
    return "";
  }
}
