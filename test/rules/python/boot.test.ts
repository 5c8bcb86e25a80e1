import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { PythonInterpreter } from "../../../src/rules/python/boot.ts";
import { startPython } from "./lockdown/fixtures.ts";

const MiB = 2 ** 20;
const bootUrl = new URL("../../../src/rules/python/boot.ts", import.meta.url).href;
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
    python = await startPython({ memoryBytesMax: 96 * MiB, cacheFolder: undefined });
  }, 60_000);

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

  test("keeps sets in the same order after every start", async () => {
    const order = "str({f'member {number}' for number in range(20)})";
    const other = await startPython();
    expect(other.pyodide.runPython(order)).toBe(python.pyodide.runPython(order));
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

  test("has UTC for its local time", () => {
    const source =
      "import datetime, time; f'{datetime.datetime.fromtimestamp(0)} {time.mktime((1970, 7, 1, 0, 0, 0, 0, 0, 0))}'";
    expect(python.pyodide.runPython(source)).toBe("1970-01-01 00:00:00 15638400.0");
  });

  test("throws away what it prints, however long the line", () => {
    const source = "import sys; [sys.stdout.write('x' * 2**20) for _ in range(64)]; print(); True";
    const heapBytes = process.memoryUsage().external;
    expect(python.pyodide.runPython(source)).toBe(true);
    expect(process.memoryUsage().external - heapBytes).toBeLessThan(32 * MiB);
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
    const other = await startPython();
    python.pyodide.runPython("import builtins; builtins.mine = 1");
    expect(other.pyodide.runPython("import builtins; hasattr(builtins, 'mine')")).toBe(false);
    expect(other.pyodide.runPython("len(bytearray(120 * 2**20))")).toBe(120 * MiB);
    expect(other.memoryBytes()).toBeGreaterThan(python.memoryBytes());
  });
});

describe("an interpreter that dies", () => {
  test("says so, and ends neither the process nor others", async () => {
    const python = await startPython();
    const other = await startPython();
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

describe("in a process without permissions", () => {
  test("starts", () => {
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const code = `import { bootPython } from ${JSON.stringify(bootUrl)};
      const { pyodide } = await bootPython({ memoryBytesMax: 2 ** 28, cacheFolder: undefined });
      console.log(pyodide.runPython("6 * 7"));`;
    const flags = ["--disable-warning=ExperimentalWarning", "--permission", `--allow-fs-read=${root}`];
    const options = ["--disallow-code-generation-from-strings", "--input-type=module", "--eval", code];
    const run = spawnSync(process.execPath, [...flags, ...options], {
      encoding: "utf8",
      env: { TZ: "America/New_York" },
    });
    expect(run).toMatchObject({ stdout: "42\n", stderr: "", status: 0 });
  });
});

describe("in a worker thread", () => {
  test("starts twice at once", async () => {
    const code = `import { parentPort } from "node:worker_threads";
      const { bootPython } = await import(${JSON.stringify(bootUrl)});
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

  test("starts afresh where Python refuses the snapshot, and replaces it", async () => {
    const name = readdirSync(folder).find((file) => file.endsWith(".snapshot")) ?? "";
    const path = join(folder, name);
    const whole = fs.readFileSync(path);
    const made = whole.subarray(0, whole.indexOf("\n") + 1 + 32);
    const refused = Buffer.alloc(1024);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(refused.length));
    const hash = createHash("sha256").update(refused).digest();
    writeFileSync(path, Buffer.concat([made, length, hash, refused]));
    const python = await startPython({ cacheFolder: folder });
    expect(python.pyodide.runPython("6 * 7")).toBe(42);
    expect(python.fatal()).toBe(undefined);
    expect(fs.statSync(path).size).toBeGreaterThan(MiB);
  });

  test("starts without one where the folder cannot be written to", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const python = await startPython({ cacheFolder: file });
    expect(python.pyodide.runPython("6 * 7")).toBe(42);
  });
});
