import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { constants, createContext, runInContext } from "node:vm";

import type { PyodideAPI } from "pyodide";

import { systemClock } from "../../core/clock.ts";
import { currentEvaluation } from "../../state/evaluation.ts";
import { realmCode } from "./lockdown-realm-code.ts";

/** What may cross between the engine and Python by itself; anything else crosses as text. */
export type HostValue = string | number | boolean | bigint | null | undefined;

/** A function that Python may hold. Only Python calls it. */
export type HostFunction = (...values: readonly HostValue[]) => HostValue;

export interface StartOptions {
  readonly memoryBytesMax: number;
  /** Memory to start from. */
  readonly snapshot: Uint8Array | undefined;
  /** Whether `snapshot()` will be called. */
  readonly snapshotWanted: boolean;
}

/** An interpreter as the realm hands it out. */
export interface RealmInterpreter extends Pick<PyodideAPI, "runPython" | "pyimport" | "toPy" | "globals"> {
  readonly memoryBytes: () => number;
  readonly mkdirTree: (path: string) => void;
  readonly writeFile: (path: string, data: Uint8Array | string) => void;
  snapshot(): Uint8Array;
  /** Closes what is needed to start, but not to run rules. `builtins`: modules that can never be imported again. */
  lockDown(builtins: readonly string[]): void;
}

interface PythonRealm {
  /** `onFatal` is called once, with the error and the last lines that Python wrote, when the interpreter has died. */
  start(options: StartOptions, onFatal: (error: string, output: string) => void): Promise<RealmInterpreter>;
  /** `refused` is answered to arguments that are not plain. */
  hostFunction(call: HostFunction, refused: HostValue): HostFunction;
}

const packageFolder = dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
const packageFiles: ReadonlySet<string> = new Set(["pyodide.asm.wasm", "python_stdlib.zip"]);
let shared: PythonRealm | undefined;

/**
 * The realm of this thread that Pyodide runs in: a global object of its own with the language's own objects, no function of
 * Node, and no compiling of strings. Whatever Python gets hold of in JavaScript, it is there and not in the engine.
 */
export function pythonRealm(): PythonRealm {
  shared ??= createRealm();
  return shared;
}

/** A file of the pyodide package. */
export function readPackageFile(name: string): Buffer<ArrayBuffer> {
  return readFileSync(join(packageFolder, name));
}

function createRealm(): PythonRealm {
  const context = createContext(constants.DONT_CONTEXTIFY, {
    name: "python",
    codeGeneration: { strings: false, wasm: true },
  });
  const compile = (code: string, filename: string): unknown => runInContext(code, context, { filename });
  const host = {
    // That of the lock file of the package, of which nothing else is used: there are no packages.
    abiVersion: () => "2026_0",
    packageFile: (path: string) => {
      const name = path.replace("/pyodide/", "");
      if (!packageFiles.has(name)) throw new Error(`${name} is not part of Python`);
      return readPackageFile(name);
    },
    randomBase64: (count: number) => randomFillSync(Buffer.alloc(count)).toString("base64"),
    decode: (label: string, bytes: Uint8Array) => new TextDecoder(label).decode(bytes),
    encode: (text: string) => new TextEncoder().encode(text),
    monotonicMs: () => systemClock.monotonicMs(),
    // Python's time functions all come down to the `Date` of this realm.
    nowMs: () => currentEvaluation()?.nowMs ?? systemClock.nowMs(),
    // As soon as they are compiled, they look at the global names to find out where they are.
    loadPyodide: () => compileModule(compile, "pyodide.mjs", /export\s*\{\s*(\w+) as loadPyodide\b[^}]*\};?/),
    createModule: () => compileModule(compile, "pyodide.asm.mjs", /export default (\w+);?/),
  };
  const create = compile(realmCode, "stakeout-python-realm.js") as (given: typeof host) => PythonRealm;
  return create(host);
}

/** Compiles a module of the package as a script, because only scripts can be compiled into another realm. */
function compileModule(
  compile: (code: string, filename: string) => unknown,
  name: string,
  exported: RegExp,
): unknown {
  const text = readPackageFile(name).toString("utf8");
  const variable = exported.exec(text)?.[1];
  if (variable === undefined)
    throw new Error(`pyodide/${name} is not the version that Stakeout was made for`);
  const script = text
    .replace(exported, "")
    .replaceAll("import.meta.url", '"/pyodide/"')
    .replaceAll(/\bimport\(/g, "noImport(")
    .replace(/\/\/# sourceMappingURL=.*/, "");
  const wrapped = `(() => {"use strict"; const noImport = undefined;\n${script}\nreturn ${variable}; })()`;
  return compile(wrapped, join(packageFolder, name));
}
