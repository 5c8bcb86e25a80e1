import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { PyodideAPI } from "pyodide";

import { StakeoutError } from "../../core/errors.ts";
import { pythonRealm, type RealmInterpreter } from "./lockdown-realm.ts";
import { realmCode } from "./lockdown-realm-code.ts";
import { openSnapshotFile } from "./snapshot.ts";

export interface PythonOptions {
  /** Most bytes that Python's memory may grow to; beyond it Python raises `MemoryError`. */
  readonly memoryBytesMax: number;
  /** Folder for the memory snapshot that makes the next start quicker; `undefined`: none is used or written. */
  readonly cacheFolder: string | undefined;
}

/** Of Pyodide what the engine needs. Python cannot reach it; see docs/SECURITY.md for what may be handed to Python. */
export interface ConfinedPyodide extends Pick<PyodideAPI, "runPython" | "pyimport" | "toPy" | "globals"> {
  /** The files that Python sees: in memory, read-only for Python itself. */
  readonly FS: Pick<RealmInterpreter, "mkdirTree" | "writeFile">;
}

/** A Python interpreter, locked down, with the modules of `python/` on its path. */
export interface PythonInterpreter {
  readonly pyodide: ConfinedPyodide;
  /** Bytes of Python's memory now. It never shrinks. */
  memoryBytes(): number;
  /** Why the interpreter has died; `undefined` while it lives. A dead one is of no more use: start another. */
  fatal(): StakeoutError | undefined;
}

const modulesFolder: string = fileURLToPath(new URL("../../../python/", import.meta.url));
const modulesHome = "/lib/stakeout";

/** Modules that importing afresh must not bring back: bridges to JavaScript, raw memory, processes, test hooks. */
const forgottenBuiltins = [
  "_ctypes",
  "_posixsubprocess",
  "_pyodide_core",
  "_remote_debugging",
  "_signal",
  "_testbuffer",
  "_testcapi",
  "_testclinic",
  "_testclinic_limited",
  "_testinternalcapi",
  "_testlimitedcapi",
  "_xxtestfuzz",
  "faulthandler",
  "posix",
  "xxsubtype",
] as const;

/** Imported into a snapshot: what rules use most. Importing them costs half a second. */
const snapshotImports =
  "ast, asyncio, base64, collections, contextlib, copy, dataclasses, datetime, decimal, difflib, fnmatch, functools, hashlib, " +
  "inspect, io, ipaddress, itertools, json, logging, math, random, re, shlex, string, time, traceback, typing, unittest.mock, " +
  "urllib.parse, uuid, zoneinfo, stakeout_engine.main";

/**
 * Starts an interpreter in the calling thread: in 2 s, or in 0.3 s from a snapshot. Python then reaches itself, and the
 * functions that the engine hands it (`toHostFunction`).
 */
export async function bootPython({ memoryBytesMax, cacheFolder }: PythonOptions): Promise<PythonInterpreter> {
  let death: StakeoutError | undefined;
  const onFatal = (error: string, output: string): void => {
    death ??= new StakeoutError("LANE_FAILED", `The Python interpreter has died: ${error}`, {
      fields: { output },
    });
  };
  const modules = readModules();
  const file =
    cacheFolder === undefined
      ? undefined
      : openSnapshotFile(cacheFolder, [realmCode, snapshotImports, ...modules.flat()]);
  const start = async (snapshot: Uint8Array | undefined): Promise<RealmInterpreter> => {
    const snapshotWanted = file !== undefined && snapshot === undefined;
    const python = await pythonRealm().start({ memoryBytesMax, snapshot, snapshotWanted }, onFatal);
    writeModules(python, modules);
    if (snapshot === undefined) {
      python.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(modulesHome)})`);
    } else {
      // Otherwise every start from the snapshot would draw the same numbers.
      python.runPython("import random; random.seed()");
    }
    if (snapshotWanted) {
      python.runPython(`import ${snapshotImports}`);
      file.write(python.snapshot());
    }
    return python;
  };
  const startAfresh = (): Promise<RealmInterpreter> => {
    death = undefined;
    return start(undefined);
  };
  const snapshot = file?.read();
  // Starting from one can fail: where it is larger than the limit of memory, for one.
  const python = await (snapshot === undefined ? startAfresh() : start(snapshot).catch(startAfresh));
  python.lockDown(forgottenBuiltins);
  const { runPython, pyimport, toPy, globals, mkdirTree, writeFile, memoryBytes } = python;
  return {
    pyodide: { runPython, pyimport, toPy, globals, FS: { mkdirTree, writeFile } },
    memoryBytes,
    fatal: () => death,
  };
}

function writeModules(python: RealmInterpreter, modules: ReturnType<typeof readModules>): void {
  for (const [path, source] of modules) {
    python.mkdirTree(dirname(path));
    python.writeFile(path, source);
  }
}

/** The modules of `python/`, as paths in Python's files and text. */
function readModules(): readonly (readonly [path: string, source: string])[] {
  const modules: (readonly [string, string])[] = [];
  for (const entry of readdirSync(modulesFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".py")) continue;
    const path = join(entry.parentPath, entry.name);
    modules.push([join(modulesHome, relative(modulesFolder, path)), readFileSync(path, "utf8")]);
  }
  return modules.toSorted(([one], [other]) => (one < other ? -1 : 1));
}
