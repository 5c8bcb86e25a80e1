import { registerHooks } from "node:module";
import { constants, runInThisContext } from "node:vm";
import * as engine from "../../index.ts";
import { relativeUrl, type SourceFile } from "./source-file.ts";

const engines = Symbol.for("stakeout.engines");

/** Names that `import … from "stakeout"` can ask for. */
export const engineExports: ReadonlySet<string> = new Set(Object.keys(engine));

/**
 * The engine's modules that rules can import, by the name that they use. `stakeout` is a module made on the spot from the
 * instance that is running: a second instance would have its own idea of which evaluation is under way.
 */
const engineModules: Readonly<Record<string, string>> = {
  stakeout: `stakeout:engine/${shareEngine()}`,
  // Beside us, with the same ending as this file: .ts in a clone, .js where it is installed.
  "stakeout/testing": new URL(
    `../../testing/index${/\.\w+$/.exec(import.meta.url)?.[0] ?? ".js"}`,
    import.meta.url,
  ).href,
};

/** True for a name under which rules can import the engine. */
export function isEngineModule(specifier: string): boolean {
  return Object.hasOwn(engineModules, specifier);
}

/** JavaScript of every rule module of this thread, by URL. */
const modules = new Map<string, string>();
let registered = false;

/** Makes a file importable: by the other rule files, and with `importRuleModule`. */
export function addRuleModule(file: Pick<SourceFile, "url" | "code">): void {
  modules.set(file.url, file.code);
  if (!registered) registerRuleHooks();
  registered = true;
}

// Compiled apart from this file, so that it stays Node's own import() even where a test runner rewrites ours.
export const importRuleModule: (url: string) => Promise<Readonly<Record<string, unknown>>> = runInThisContext(
  "(url) => import(url)",
  { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
);

function registerRuleHooks(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (modules.has(specifier)) return { url: specifier, format: "module", shortCircuit: true };
      const { parentURL } = context;
      if (parentURL === undefined || !modules.has(parentURL)) return nextResolve(specifier, context);
      if (specifier === "stakeout") return { url: engineModules["stakeout"] ?? "", shortCircuit: true };
      const url = engineModules[specifier] ?? relativeUrl(specifier, parentURL) ?? specifier;
      return modules.has(url) ? { url, format: "module", shortCircuit: true } : nextResolve(url, context);
    },
    load(url, context, nextLoad) {
      const source = url === engineModules["stakeout"] ? engineSource(url) : modules.get(url);
      return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
    },
  });
}

/** Puts the running engine where a module made from text can get at it. Several can share a thread in tests. */
function shareEngine(): number {
  const slot = globalThis as { [engines]?: unknown[] };
  slot[engines] ??= [];
  return slot[engines].push(engine) - 1;
}

function engineSource(url: string): string {
  const index = Number(url.split("/").at(-1));
  const names = [...engineExports].join(", ");
  return `export const { ${names} } = globalThis[Symbol.for("stakeout.engines")][${index}];`;
}
