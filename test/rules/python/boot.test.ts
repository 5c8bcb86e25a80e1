import * as fs from "node:fs";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { PythonInterpreter } from "../../../src/rules/python/boot.ts";
import { startPython } from "./lockdown/fixtures.ts";

const MiB = 2 ** 20;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stakeout-snapshot-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("an interpreter", () => {
  let before: { readonly names: readonly PropertyKey[]; readonly functions: readonly unknown[] };
  let python: PythonInterpreter;
  beforeAll(async () => {
    before = engineView();
    python = await startPython({ memoryBytesMax: 96 * MiB });
  });

  function engineView(): typeof before {
    return { names: Reflect.ownKeys(globalThis), functions: Object.values(fs) };
  }

  test("runs Python 3.14", () => {
    expect(python.pyodide.runPython("import sys; sys.version_info[:2] == (3, 14)")).toBe(true);
  });

  test("leaves what the engine sees as it was", () => {
    expect(engineView()).toEqual(before);
  });

  test("imports the modules of the engine", () => {
    expect(python.pyodide.runPython("import stakeout_state; stakeout_state.__name__")).toBe("stakeout_state");
  });

  test("hashes text the same in every process", () => {
    const other = "import sys; [hash('a'), {'x', 'y', 'z'}].__str__()";
    expect(python.pyodide.runPython(other)).toMatch(/^\[-?\d+, \{.*\}\]$/);
    expect(python.pyodide.runPython("import os; os.environ['PYTHONHASHSEED']")).toBe("0");
  });

  test("draws random numbers", () => {
    const draw = (): string =>
      python.pyodide.runPython("import os, random; f'{os.urandom(8).hex()} {random.random()}'") as string;
    expect(draw()).not.toBe(draw());
  });

  test.each([
    "re json datetime ipaddress fnmatch difflib shlex uuid base64 urllib.parse hashlib decimal zoneinfo",
    "collections functools itertools typing dataclasses logging random string time math copy ast inspect traceback",
    "contextlib io enum operator statistics textwrap html csv hmac secrets calendar unittest.mock asyncio pathlib",
    "urllib.request http.client socket ssl threading concurrent.futures subprocess tempfile xml.etree.ElementTree",
  ])("imports %s", (names) => {
    const list = JSON.stringify(names.split(" "));
    expect(
      python.pyodide.runPython(`import importlib; [importlib.import_module(name) for name in ${list}]; True`),
    ).toBe(true);
  });

  test("takes files from the engine after it was locked down", () => {
    python.pyodide.FS.mkdirTree("/lib/rules");
    python.pyodide.FS.writeFile("/lib/rules/taken.py", new TextEncoder().encode("value = 'grüß'\n"));
    python.pyodide.FS.writeFile("/lib/rules/text.txt", "text");
    python.pyodide.runPython("import sys; sys.path.append('/lib/rules'); import taken");
    expect(python.pyodide.runPython("taken.value + open('/lib/rules/text.txt').read()")).toBe("grüßtext");
  });

  test("throws exceptions of Python as errors", () => {
    expect(() => python.pyodide.runPython("{}['missing']")).toThrow(/KeyError: 'missing'/);
    expect(python.fatal()).toBe(undefined);
  });

  test("raises MemoryError at its limit, and goes on", () => {
    const source = `
kept, answer = [], "no limit"
try:
    while len(kept) < 1000:
        kept.append(bytearray(2**20))
except MemoryError:
    answer = "MemoryError"
kept.clear()
answer`;
    expect(python.pyodide.runPython(source)).toBe("MemoryError");
    expect(python.memoryBytes()).toBeLessThanOrEqual(96 * MiB);
    expect(python.memoryBytes()).toBeGreaterThan(64 * MiB);
    expect(python.pyodide.runPython("6 * 7")).toBe(42);
  });

  test("does not share a limit or anything else with another in the same thread", async () => {
    const other = await startPython({ cacheFolder: folder });
    python.pyodide.runPython("import builtins; builtins.mine = 1");
    expect(other.pyodide.runPython("import builtins; hasattr(builtins, 'mine')")).toBe(false);
    expect(other.pyodide.runPython("len(bytearray(120 * 2**20))")).toBe(120 * MiB);
    expect(other.memoryBytes()).toBeGreaterThan(python.memoryBytes());
  });
});

describe("an interpreter that dies", () => {
  test("says so, and ends neither the process nor others", async () => {
    const python = await startPython({ cacheFolder: folder });
    const other = await startPython({ cacheFolder: folder });
    const source = "import sys\nsys.setrecursionlimit(10**8)\ndef f(): return [f() for _ in (1,)]\nf()";
    expect(python.fatal()).toBe(undefined);
    expect(() => python.pyodide.runPython(source)).toThrow(/Maximum call stack size exceeded/);
    expect(python.fatal()).toMatchObject({
      code: "LANE_FAILED",
      message: expect.stringContaining("Maximum call stack"),
    });
    expect(other.fatal()).toBe(undefined);
    expect(other.pyodide.runPython("6 * 7")).toBe(42);
  });
});

describe("in a worker thread", () => {
  test("starts twice at once", async () => {
    const url = new URL("../../../src/rules/python/boot.ts", import.meta.url).href;
    const code = `import { parentPort } from "node:worker_threads";
      const { bootPython } = await import(${JSON.stringify(url)});
      const { pyodide } = await bootPython({ memoryBytesMax: 2 ** 28, cacheFolder: undefined });
      parentPort.postMessage(pyodide.runPython("6 * 7"));`;
    const answers = [1, 2].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
            execArgv: ["--disable-warning=ExperimentalWarning"],
          });
          worker.once("message", resolve).once("error", reject);
        }),
    );
    expect(await Promise.all(answers)).toEqual([42, 42]);
  });
});

describe("with a cache folder", () => {
  test("starts from the memory that the first start left", async () => {
    const first = await startPython({ cacheFolder: folder });
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(/^python-[\d.]+-node-v[\d.]+-\w+-\w+\.snapshot$/),
    ]);
    const second = await startPython({ cacheFolder: folder });
    const draw = "import random; random.random()";
    expect(first.pyodide.runPython(draw)).not.toBe(second.pyodide.runPython(draw));
    expect(second.pyodide.runPython("import sys; 'unittest.mock' in sys.modules")).toBe(true);
    expect(second.pyodide.runPython("import json, stakeout_state; json.dumps({'a': 1})")).toBe('{"a": 1}');
    expect(() => second.pyodide.runPython("import os; os.system('true')")).toThrow(/PermissionError/);
    expect(() => second.pyodide.runPython("import js")).toThrow(/ModuleNotFoundError/);
  });

  test("starts without one where the folder cannot be written to", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const python = await startPython({ cacheFolder: file });
    expect(python.pyodide.runPython("6 * 7")).toBe(42);
  });
});
